/// A JSON value as a column of type `json` holds it.
///
/// Integers are exact to 64 bits and stay integers; a number with a fraction or an exponent is the nearest double.
/// Objects are sets of members: their order means nothing, and they are kept sorted by the bytes of their names.
/// Equality and hashing compare strings by bytes.
public enum JSONValue: Sendable, Hashable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number without fraction and exponent.
    case int(Int)
    /// Any other number; finite.
    case double(Double)
    /// Text.
    case string(String)
    /// A list.
    case array([JSONValue])
    /// Members by name.
    case object(JSONObject)

    /// Reads one JSON document (RFC 8259, no comments).
    /// - Throws: `JSONError` for anything else: a repeated member, an integer beyond 64 bits, a number beyond a double,
    ///   nesting past 128.
    public init(parsing text: String) throws(JSONError) {
        try self.init(parsing: Array(text.utf8))
    }

    /// Reads one JSON document from UTF-8 bytes.
    /// - Throws: `JSONError` as ``init(parsing:)-(String)`` does.
    public init(parsing bytes: [UInt8]) throws(JSONError) {
        var scanner = try JSONScanner(bytes)
        self = try JSONValue(&scanner, depth: 0)
        try scanner.end()
    }

    package init(_ scanner: inout JSONScanner, depth: Int) throws(JSONError) {
        switch try scanner.peek() {
        case UInt8(ascii: "{"):
            var members: [JSONObject.Member] = []
            let start = scanner.offset
            try scanner.eachMember(depth: depth) { (name, _, scanner) throws(JSONError) in
                members.append(.init(name: name, value: try JSONValue(&scanner, depth: depth + 1)))
            }
            let count = members.count
            let object = JSONObject(members)
            guard object.members.count == count else {
                throw JSONError("this object repeats a member", at: start)
            }
            self = .object(object)
        case UInt8(ascii: "["):
            var elements: [JSONValue] = []
            try scanner.eachElement(depth: depth) { (scanner) throws(JSONError) in
                elements.append(try JSONValue(&scanner, depth: depth + 1))
            }
            self = .array(elements)
        case UInt8(ascii: "\""):
            self = .string(try scanner.string())
        case UInt8(ascii: "-"), .some(0x30...0x39):
            let start = scanner.offset
            if let int = scanner.shortInteger() {
                self = .int(int)
            } else {
                self = try JSONValue(scanner.number(), at: start)
            }
        default:
            self = try scanner.literal().map(JSONValue.bool) ?? .null
        }
    }

    package init(_ number: JSONNumber, at offset: Int) throws(JSONError) {
        if number.isInteger {
            guard let int = number.int else {
                throw JSONError("the integer \(number.text) does not fit in 64 bits", at: offset)
            }
            self = .int(int)
        } else {
            guard let double = number.double else {
                throw JSONError("the number \(number.text) is too large for a double", at: offset)
            }
            self = .double(double)
        }
    }

    /// The value of a member; nil when this is not an object or has no such member.
    public subscript(name: String) -> JSONValue? {
        guard case .object(let object) = self else { return nil }
        return object[name]
    }

    /// The element at `index`; nil when this is not an array or is shorter.
    public subscript(index: Int) -> JSONValue? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    public static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.int(let left), .int(let right)): left == right
        case (.double(let left), .double(let right)): left == right
        case (.string(let left), .string(let right)): Utf8.equal(left, right)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }

    public func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .bool(let bool): hasher.combine(bool)
        case .int(let int): hasher.combine(int)
        case .double(let double): hasher.combine(double)
        case .string(let string): Utf8.hash(string, into: &hasher)
        case .array(let elements): hasher.combine(elements)
        case .object(let object): hasher.combine(object)
        }
    }
}

/// The members of a JSON object, sorted by the UTF-8 bytes of their names, each name once.
public struct JSONObject: Sendable, Hashable {
    /// One member.
    public struct Member: Sendable, Hashable {
        /// Its name.
        public let name: String
        /// Its value.
        public var value: JSONValue

        /// Makes a member.
        public init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }

        public static func == (left: Member, right: Member) -> Bool {
            Utf8.equal(left.name, right.name) && left.value == right.value
        }

        public func hash(into hasher: inout Hasher) {
            Utf8.hash(name, into: &hasher)
            hasher.combine(value)
        }
    }

    /// The members, in the order of their names.
    public private(set) var members: [Member]

    /// Makes an object. Of members with the same name the last one stays.
    public init(_ members: [Member]) {
        var sorted: [Member] = []
        sorted.reserveCapacity(members.count)
        // A stable sort by name keeps the last of equal names last.
        let order = members.indices.sorted { left, right in
            Utf8.equal(members[left].name, members[right].name)
                ? left < right : Utf8.isLess(members[left].name, members[right].name)
        }
        for index in order {
            if let last = sorted.last, Utf8.equal(last.name, members[index].name) { sorted.removeLast() }
            sorted.append(members[index])
        }
        self.members = sorted
    }

    /// The value of a member; setting nil removes it.
    public subscript(name: String) -> JSONValue? {
        get {
            let place = place(of: name)
            return place.isPresent ? members[place.index].value : nil
        }
        set {
            let place = place(of: name)
            switch (newValue, place.isPresent) {
            case (let value?, true): members[place.index].value = value
            case (let value?, false): members.insert(Member(name: name, value: value), at: place.index)
            case (nil, true): members.remove(at: place.index)
            case (nil, false): break
            }
        }
    }

    private func place(of name: String) -> (index: Int, isPresent: Bool) {
        var low = 0
        var high = members.count
        while low < high {
            let middle = (low + high) / 2
            if Utf8.isLess(members[middle].name, name) { low = middle + 1 } else { high = middle }
        }
        return (low, low < members.count && Utf8.equal(members[low].name, name))
    }
}

// Not by `nil`: a value that may be missing is `JSONValue?`, and `== nil` must ask whether it is.
extension JSONValue: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int) { self = .int(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
    public init(stringLiteral value: String) { self = .string(value) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(JSONObject(elements.map { JSONObject.Member(name: $0.0, value: $0.1) }))
    }
}

extension JSONValue: CustomStringConvertible {
    /// The canonical text: no spaces, members sorted, doubles with a fraction or an exponent.
    public var description: String {
        var writer = JSONWriter()
        writer.write(self)
        return writer.text
    }
}
