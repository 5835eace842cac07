import CairnCore
import CairnSchema

/// What the readers of stored objects have in common.
extension JSONScanner {
    /// Walks an object; `body` consumes each member's value.
    mutating func forEachMember(depth: Int, _ body: (String, inout JSONScanner) throws -> Void) throws {
        try open(.object, depth: depth)
        var isFirst = true
        while try hasNext(.object, isFirst: isFirst) {
            isFirst = false
            let name = try string()
            try expect(UInt8(ascii: ":"), "':' after the name of a member")
            try body(name, &self)
        }
    }

    /// Walks an array; `body` consumes each element.
    mutating func forEachElement(depth: Int, _ body: (inout JSONScanner) throws -> Void) throws {
        try open(.array, depth: depth)
        var isFirst = true
        while try hasNext(.array, isFirst: isFirst) {
            isFirst = false
            try body(&self)
        }
    }

    /// Consumes an array whose elements `read` consumes.
    mutating func list<Element>(depth: Int, _ read: (inout JSONScanner) throws -> Element) throws -> [Element] {
        var elements: [Element] = []
        try forEachElement(depth: depth) { elements.append(try read(&$0)) }
        return elements
    }

    /// Consumes any value. Numbers may be larger than Cairn reads, and members may repeat: it is of no concern to us.
    mutating func skipValue(depth: Int) throws {
        switch try peek() {
        case UInt8(ascii: "{"): try forEachMember(depth: depth) { try $1.skipValue(depth: depth + 1) }
        case UInt8(ascii: "["): try forEachElement(depth: depth) { try $0.skipValue(depth: depth + 1) }
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "-"), .some(0x30...0x39): _ = try number()
        default: _ = try literal()
        }
    }

    // MARK: Values of members

    /// Consumes an integer.
    mutating func int(_ member: String, in range: ClosedRange<Int>) throws -> Int {
        _ = try peek()
        let value: Int
        if let short = shortInteger() {
            value = short
        } else {
            guard case .int(let long) = try self.value(of: member, as: .int) else {
                throw Damage("'\(member)' is no number")
            }
            value = long
        }
        guard range.contains(value) else {
            let bound =
                range.upperBound == .max ? "at least \(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
            throw Damage("'\(member)' is \(value), and must be \(bound)")
        }
        return value
    }

    /// Consumes a text.
    mutating func text(_ member: String) throws -> String {
        guard try peek() == UInt8(ascii: "\"") else {
            throw Damage("'\(member)' must be a string, found \(try kind()) (at byte \(offset))")
        }
        return try string()
    }

    /// Consumes a text that is not empty.
    mutating func name(_ member: String) throws -> String {
        let text = try text(member)
        if text.isEmpty { throw Damage("'\(member)' is empty") }
        return text
    }

    /// Consumes a time in RFC 3339.
    mutating func time(_ member: String) throws -> Timestamp {
        _ = try peek()
        if let time = plainString(Timestamp.init(utf8:)) { return time }
        guard case .timestamp(let time) = try value(of: member, as: .timestamp) else {
            throw Damage("'\(member)' is no time")
        }
        return time
    }

    /// Consumes `true` or `false`.
    mutating func flag(_ member: String) throws -> Bool {
        guard case .bool(let flag) = try value(of: member, as: .bool) else { throw Damage("'\(member)' is no boolean") }
        return flag
    }

    /// Consumes bytes as hexadecimal digits.
    mutating func hex(_ member: String) throws -> [UInt8] {
        let text = try text(member)
        guard let bytes = Hex.decode(text) else {
            throw Damage("'\(member)' must be hexadecimal digits, found \"\(text)\"")
        }
        return bytes
    }

    /// Consumes a SHA-256 as hexadecimal digits.
    mutating func hash(_ member: String) throws -> [UInt8] {
        let bytes = try hex(member)
        guard bytes.count == 32 else { throw Damage("'\(member)' must be a hash of 32 bytes, and has \(bytes.count)") }
        return bytes
    }

    /// Consumes the id of a schema.
    mutating func schemaID(_ member: String) throws -> SchemaID {
        let text = try text(member)
        guard let id = SchemaID(text) else { throw Damage("'\(member)' must be the id of a schema, found \"\(text)\"") }
        return id
    }

    /// Consumes the commit group: there is but one.
    mutating func group() throws {
        let group = try text("group")
        guard group == "main" else { throw Damage("it is of the group '\(group)', and there is only 'main'") }
    }

    /// Consumes a value of a column, as it stands in an object beside the record files.
    /// - Parameter isHidden: Whether it is kept out of errors, though the column does not say so itself.
    mutating func value(of column: Column, in table: Table, isHidden: Bool = false, depth: Int) throws -> Value {
        // A column of JSON that must not be null has the null of JSON.
        if column.isNullable, try peek() == UInt8(ascii: "n") {
            _ = try literal()
            return .null
        }
        do {
            return try ValueJSON.read(&self, as: column.valueType, depth: depth)
        } catch {
            // What was found may be the value itself.
            let problem =
                isHidden || column.isSensitive
                ? "expected \(ValueJSON.expectation(of: column.valueType)) (at byte \(error.offset))"
                : error.description
            throw StorageError.invalid(table, column, problem)
        }
    }

    private mutating func value(of member: String, as type: ValueType) throws -> Value {
        do {
            return try ValueJSON.read(&self, as: type)
        } catch {
            throw Damage("'\(member)': \(error)")
        }
    }
}

extension Optional {
    /// Keeps the value of a member.
    /// - Throws: ``Damage`` when there was one before.
    mutating func set(_ value: Wrapped, _ member: String) throws {
        guard self == nil else { throw Damage("'\(member)' is given twice") }
        self = value
    }

    /// The value of a member.
    /// - Throws: ``Damage`` when there was none.
    func needed(_ member: String) throws -> Wrapped {
        guard let self else { throw Damage("'\(member)' is missing") }
        return self
    }
}
