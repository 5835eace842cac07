#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Column values in JSON: records, defaults, exports.
///
/// | type | JSON |
/// |---|---|
/// | `string`, `bool` | the same |
/// | `int` | a number without fraction, exact |
/// | `double` | a number |
/// | `decimal` | text in plain notation; a number is read too, digit by digit |
/// | `uuid`, `timestamp`, `date` | their canonical text |
/// | `bytes` | Base64 (RFC 4648, with padding) |
/// | `json` | itself |
/// | `[T]` | an array |
package enum ValueJSON {
    /// The JSON of a value.
    package static func value(_ value: Value) -> JSONValue {
        switch value {
        case .null: .null
        case .bool(let bool): .bool(bool)
        case .int(let int): .int(int)
        case .double(let double): .double(double == 0 ? 0 : double)
        case .string(let string): .string(string)
        case .bytes(let bytes): .string(base64(bytes))
        case .uuid(let uuid): .string(uuid.text)
        case .timestamp(let timestamp): .string(timestamp.description)
        case .date(let date): .string(date.description)
        case .decimal(let decimal): .string(decimal.description)
        case .json(let json): json
        case .array(let elements): .array(elements.map(ValueJSON.value))
        }
    }

    /// Reads a value of a type.
    /// - Throws: `Mismatch`, which says what was expected and where.
    package static func read(_ node: JSONNode, as type: ValueType) throws(Mismatch) -> Value {
        switch (type, node.content) {
        case (.string, .string(let text)): return .string(text)
        case (.bool, .bool(let bool)): return .bool(bool)
        case (.int, .number(let number)):
            guard let int = number.int else { throw Mismatch("an integer of 64 bits", number.text, at: node) }
            return .int(int)
        case (.double, .number(let number)):
            guard let double = number.double else { throw Mismatch("a finite double", number.text, at: node) }
            return .double(double == 0 ? 0 : double)
        case (.decimal, .number(let number)): return try parse(number.text, .decimal, node)
        case (.array(let element), .array(let nodes)):
            var values: [Value] = []
            for node in nodes { values.append(try read(node, as: element)) }
            return .array(values)
        case (.json, _): return .json(try json(node))
        case (.bytes, .string(let text)), (.uuid, .string(let text)), (.timestamp, .string(let text)),
            (.date, .string(let text)), (.decimal, .string(let text)):
            return try parse(text, type, node)
        default: throw Mismatch(expectation(of: type), node.kind, at: node)
        }
    }

    /// Reads a value from its canonical text, as keys and command lines carry it; nil when the text is not of the type.
    package static func parse(_ text: String, as type: ValueType) -> Value? {
        switch type {
        case .string: .string(text)
        case .int: Int(text).map(Value.int)
        case .double: Double(text).flatMap { $0.isFinite ? .double($0 == 0 ? 0 : $0) : nil }
        case .bool: Bool(text).map(Value.bool)
        case .uuid: UUID(uuidString: text).map(Value.uuid)
        case .bytes: Data(base64Encoded: text).map { Value.bytes(Array($0)) }
        case .timestamp: Timestamp(text).map(Value.timestamp)
        case .date: CalendarDate(text).map(Value.date)
        case .decimal: DecimalNumber(text).map(Value.decimal)
        case .json: (try? JSONValue(parsing: text)).map(Value.json)
        case .array:
            (try? JSONNode.parse(Array(text.utf8), syntax: .strict)).flatMap { try? read($0, as: type) }
        }
    }

    private static func parse(_ text: String, _ type: ValueType, _ node: JSONNode) throws(Mismatch) -> Value {
        guard let value = parse(text, as: type) else { throw Mismatch(expectation(of: type), "\"\(text)\"", at: node) }
        return value
    }

    /// A node as a value of a `json` column.
    package static func json(_ node: JSONNode) throws(Mismatch) -> JSONValue {
        switch node.content {
        case .null: return .null
        case .bool(let bool): return .bool(bool)
        case .string(let text): return .string(text)
        case .number(let number):
            do { return try JSONValue(number, at: node.offset) } catch { throw Mismatch(error) }
        case .array(let nodes):
            var elements: [JSONValue] = []
            for node in nodes { elements.append(try json(node)) }
            return .array(elements)
        case .object(let nodes):
            var members: [JSONObject.Member] = []
            for node in nodes { members.append(.init(name: node.name, value: try json(node.value))) }
            let object = JSONObject(members)
            guard object.members.count == members.count else {
                throw Mismatch("each member once", "a repeated member", at: node)
            }
            return .object(object)
        }
    }

    /// What a value of a type looks like, for messages.
    package static func expectation(of type: ValueType) -> String {
        switch type {
        case .string: "a string"
        case .int: "an integer of 64 bits"
        case .double: "a finite number"
        case .bool: "true or false"
        case .uuid: "a UUID in a string"
        case .bytes: "Base64 in a string"
        case .timestamp: "a time in a string, like \"2026-11-20T15:06:01Z\""
        case .date: "a date in a string, like \"2026-11-20\""
        case .decimal: "a decimal number of at most 38 digits"
        case .json: "JSON"
        case .array(let element): "an array, each element \(expectation(of: element))"
        }
    }

    package static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    /// A JSON value that is not of the type of its column.
    package struct Mismatch: Error {
        package let message: String
        package let offset: Int

        init(_ expected: String, _ found: String, at node: JSONNode) {
            message = "expected \(expected), found \(found)"
            offset = node.offset
        }

        init(_ error: JSONError) {
            message = error.message
            offset = error.offset
        }
    }
}
