#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

// How generated entities encode and decode columns, so that their JSON is that of `ValueJSON`: bytes in Base64, UUIDs in
// lower case, everything else as the type itself does.

extension KeyedEncodingContainer {
    /// Encodes a column.
    public mutating func encodeColumn<Column: Encodable>(_ value: Column, forKey key: Key) throws {
        try encode(value, forKey: key)
    }

    /// Encodes bytes in Base64.
    public mutating func encodeColumn(_ value: [UInt8], forKey key: Key) throws {
        try encode(Data(value).base64EncodedString(), forKey: key)
    }

    /// Encodes bytes in Base64, nothing as null.
    public mutating func encodeColumn(_ value: [UInt8]?, forKey key: Key) throws {
        try encode(value.map { Data($0).base64EncodedString() }, forKey: key)
    }

    /// Encodes several bytes in Base64.
    public mutating func encodeColumn(_ value: [[UInt8]], forKey key: Key) throws {
        try encode(value.map { Data($0).base64EncodedString() }, forKey: key)
    }

    /// Encodes several bytes in Base64, nothing as null.
    public mutating func encodeColumn(_ value: [[UInt8]]?, forKey key: Key) throws {
        try encode(value?.map { Data($0).base64EncodedString() }, forKey: key)
    }

    /// Encodes a UUID in lower case.
    public mutating func encodeColumn(_ value: UUID, forKey key: Key) throws {
        try encode(value.text, forKey: key)
    }

    /// Encodes a UUID in lower case, nothing as null.
    public mutating func encodeColumn(_ value: UUID?, forKey key: Key) throws {
        try encode(value?.text, forKey: key)
    }

    /// Encodes UUIDs in lower case.
    public mutating func encodeColumn(_ value: [UUID], forKey key: Key) throws {
        try encode(value.map(\.text), forKey: key)
    }

    /// Encodes UUIDs in lower case, nothing as null.
    public mutating func encodeColumn(_ value: [UUID]?, forKey key: Key) throws {
        try encode(value?.map(\.text), forKey: key)
    }
}

extension KeyedDecodingContainer {
    /// Decodes a column that must be there.
    public func decodeColumn<Column: Decodable>(_ type: Column.Type, forKey key: Key) throws -> Column {
        try decode(type, forKey: key)
    }

    /// Decodes bytes from Base64.
    public func decodeColumn(_ type: [UInt8].Type, forKey key: Key) throws -> [UInt8] {
        try bytes(try decode(String.self, forKey: key), key)
    }

    /// Decodes several bytes from Base64.
    public func decodeColumn(_ type: [[UInt8]].Type, forKey key: Key) throws -> [[UInt8]] {
        try decode([String].self, forKey: key).map { try bytes($0, key) }
    }

    /// Decodes a column that may be missing or null.
    public func decodeColumnIfPresent<Column: Decodable>(_ type: Column.Type, forKey key: Key) throws -> Column? {
        try decodeIfPresent(type, forKey: key)
    }

    /// Decodes bytes from Base64 that may be missing or null.
    public func decodeColumnIfPresent(_ type: [UInt8].Type, forKey key: Key) throws -> [UInt8]? {
        try decodeIfPresent(String.self, forKey: key).map { try bytes($0, key) }
    }

    /// Decodes several bytes from Base64 that may be missing or null.
    public func decodeColumnIfPresent(_ type: [[UInt8]].Type, forKey key: Key) throws -> [[UInt8]]? {
        try decodeIfPresent([String].self, forKey: key)?.map { try bytes($0, key) }
    }

    private func bytes(_ text: String, _ key: Key) throws -> [UInt8] {
        guard let data = Data(base64Encoded: text) else {
            throw DecodingError.dataCorruptedError(forKey: key, in: self, debugDescription: "expected Base64")
        }
        return Array(data)
    }
}

/// How an identifier of one column encodes its value: as a column of the value's type does.
enum IdentifierCoding {
    static func encode<Value: ColumnValue & Encodable>(_ value: Value, to encoder: any Encoder) throws {
        switch value.columnValue {
        case .bytes(let bytes) where value is [UInt8]: try Data(bytes).base64EncodedString().encode(to: encoder)
        case .uuid(let uuid) where value is UUID: try uuid.text.encode(to: encoder)
        // The value of an identifier may be an identifier, which comes back here for its own.
        default: try value.encode(to: encoder)
        }
    }

    static func decode<Value: Decodable>(_ type: Value.Type, from decoder: any Decoder) throws -> Value {
        guard type == [UInt8].self else { return try Value(from: decoder) }
        guard let data = Data(base64Encoded: try String(from: decoder)), let value = Array(data) as? Value else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(codingPath: decoder.codingPath, debugDescription: "expected Base64"))
        }
        return value
    }
}
