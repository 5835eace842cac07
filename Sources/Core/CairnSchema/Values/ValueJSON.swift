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

    /// Writes a value.
    package static func write(_ value: Value, to writer: inout JSONWriter) {
        switch value {
        case .null: writer.null()
        case .bool(let bool): writer.bool(bool)
        case .int(let int): writer.int(int)
        case .double(let double): writer.double(double)
        case .string(let string): writer.string(string)
        case .bytes(let bytes): writer.plain(base64(bytes))
        case .uuid(let uuid): writer.plain(uuid.text)
        case .timestamp(let timestamp): writer.timestamp(timestamp)
        case .date(let date): writer.plain(date.description)
        case .decimal(let decimal): writer.plain(decimal.description)
        case .json(let json): writer.write(json)
        case .array(let elements):
            writer.array { writer in
                for element in elements {
                    writer.element()
                    write(element, to: &writer)
                }
            }
        }
    }

    /// Reads a value of a type, which is not null.
    /// - Parameter depth: How many arrays and objects are open around it.
    /// - Throws: `JSONError`, which says what was expected and what is there.
    package static func read(
        _ scanner: inout JSONScanner, as type: ValueType, depth: Int = 0
    ) throws(JSONError) -> Value {
        let first = try scanner.peek()
        let start = scanner.offset
        switch (type, first) {
        case (.string, UInt8(ascii: "\"")): return .string(try scanner.string())
        case (.bool, UInt8(ascii: "t")), (.bool, UInt8(ascii: "f")):
            return try scanner.literal().map(Value.bool) ?? .null
        case (.int, UInt8(ascii: "-")), (.int, .some(0x30...0x39)):
            if let int = scanner.shortInteger() { return .int(int) }
            let number = try scanner.number()
            guard let int = number.int else { throw mismatch("an integer of 64 bits", number.text, start) }
            return .int(int)
        case (.double, UInt8(ascii: "-")), (.double, .some(0x30...0x39)):
            if let double = scanner.shortDouble() { return .double(double == 0 ? 0 : double) }
            let number = try scanner.number()
            guard let double = number.double else { throw mismatch("a finite double", number.text, start) }
            return .double(double == 0 ? 0 : double)
        case (.decimal, UInt8(ascii: "-")), (.decimal, .some(0x30...0x39)):
            return try parse(try scanner.number().text, type, start)
        case (.timestamp, UInt8(ascii: "\"")):
            if let time = scanner.plainString(Timestamp.init(utf8:)) { return .timestamp(time) }
            return try parse(try scanner.string(), type, start)
        case (.bytes, UInt8(ascii: "\"")), (.uuid, UInt8(ascii: "\"")), (.date, UInt8(ascii: "\"")),
            (.decimal, UInt8(ascii: "\"")):
            return try parse(try scanner.string(), type, start)
        case (.array(let element), UInt8(ascii: "[")):
            return .array(try elements(&scanner, of: element, depth: depth))
        case (.json, _): return .json(try JSONValue(&scanner, depth: depth))
        default: throw mismatch(expectation(of: type), try scanner.kind(), start)
        }
    }

    private static func elements(
        _ scanner: inout JSONScanner, of type: ValueType, depth: Int
    ) throws(JSONError) -> [Value] {
        var values: [Value] = []
        try scanner.open(.array, depth: depth)
        while try scanner.hasNext(.array, isFirst: values.isEmpty) {
            values.append(try read(&scanner, as: type, depth: depth + 1))
        }
        return values
    }

    private static func parse(_ text: String, _ type: ValueType, _ offset: Int) throws(JSONError) -> Value {
        guard let value = parse(text, as: type) else { throw mismatch(expectation(of: type), "\"\(text)\"", offset) }
        return value
    }

    private static func mismatch(_ expected: String, _ found: String, _ offset: Int) -> JSONError {
        JSONError("expected \(expected), found \(found)", at: offset)
    }

    /// Reads a value from its canonical text, as keys and command lines carry it; nil when the text is not of the type.
    package static func parse(_ text: String, as type: ValueType) -> Value? {
        switch type {
        case .string: .string(text)
        case .int: Int(text).map(Value.int)
        case .double: Double(text).flatMap { $0.isFinite ? .double($0 == 0 ? 0 : $0) : nil }
        case .bool: Bool(text).map(Value.bool)
        case .uuid: UUID(text: text).map(Value.uuid)
        case .bytes: Data(base64Encoded: text).map { Value.bytes(Array($0)) }
        case .timestamp: Timestamp(text).map(Value.timestamp)
        case .date: CalendarDate(text).map(Value.date)
        case .decimal: DecimalNumber(text).map(Value.decimal)
        case .json: (try? JSONValue(parsing: text)).map(Value.json)
        case .array: parseAll(text, as: type)
        }
    }

    /// Reads a value of a type from JSON that was read before; nil when it is not of the type.
    package static func value(_ json: JSONValue, as type: ValueType) -> Value? {
        json == .null ? .null : parseAll(json.description, as: type)
    }

    /// Reads a text that is one value and nothing else.
    private static func parseAll(_ text: String, as type: ValueType) -> Value? {
        guard var scanner = try? JSONScanner(Array(text.utf8)), let value = try? read(&scanner, as: type),
            (try? scanner.end()) != nil
        else { return nil }
        return value
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
}
