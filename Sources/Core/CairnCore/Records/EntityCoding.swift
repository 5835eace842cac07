import CairnSchema

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

// `Codable` of all entities, by the columns of their tables: code that is here once need not be generated and compiled for
// each table. The JSON is that of `ValueJSON`: bytes in Base64, UUIDs in lower case, everything else as its type does.

extension Entity {
    /// Decodes a record; what is missing gets its default.
    public init(from decoder: any Decoder) throws {
        let coding = try EntityCoding.of(Self.self)
        try self.init(row: coding.row(try decoder.container(keyedBy: ColumnKey.self)))
    }

    /// Encodes the columns by their names, and the metadata.
    public func encode(to encoder: any Encoder) throws {
        let coding = try EntityCoding.of(Self.self)
        var container = encoder.container(keyedBy: ColumnKey.self)
        for (column, value) in zip(coding.columns, values(count: coding.columns.count)) {
            try column.write(value, to: &container)
        }
        try container.encode(revision, forKey: .revision)
        try container.encode(createdAt, forKey: .createdAt)
        try container.encode(updatedAt, forKey: .updatedAt)
    }
}

extension Projection {
    /// Decodes its columns; what is missing gets its default.
    public init(from decoder: any Decoder) throws {
        let coding = try EntityCoding.of(_Record.self)
        try self.init(row: coding.row(Self.columnPositions, try decoder.container(keyedBy: ColumnKey.self)))
    }

    /// Encodes its columns by their names.
    public func encode(to encoder: any Encoder) throws {
        let coding = try EntityCoding.of(_Record.self)
        var container = encoder.container(keyedBy: ColumnKey.self)
        for (column, value) in zip(Self.columnPositions, values()) {
            try coding.columns[column].write(value, to: &container)
        }
    }
}

/// The name of a column, or of what Cairn keeps beside the columns, as the key of a coder.
private struct ColumnKey: CodingKey {
    static let revision = ColumnKey(stringValue: "_revision")
    static let createdAt = ColumnKey(stringValue: "_created_at")
    static let updatedAt = ColumnKey(stringValue: "_updated_at")

    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

/// How the records of one table are encoded and decoded.
private final class EntityCoding: Sendable {
    let table: Table
    let columns: [CodedColumn]

    private init(_ table: Table) {
        self.table = table
        columns = table.columns.map { CodedColumn($0, in: table) }
    }

    /// Every type that was encoded or decoded so far: reading a schema takes a thousand times as long as looking here.
    private static let known = Lock<[ObjectIdentifier: EntityCoding]>([:])

    /// - Throws: ``SchemaError`` when the generated file was edited.
    static func of<Item: Entity>(_ type: Item.Type) throws -> EntityCoding {
        if let coding = known.withLock({ $0[ObjectIdentifier(type)] }) { return coding }
        let schema = try type.database.schema
        known.withLock { known in
            for entity in type.database.entities where entity.tablePosition < schema.tables.count {
                known[ObjectIdentifier(entity)] = EntityCoding(schema.tables[entity.tablePosition])
            }
        }
        guard let coding = known.withLock({ $0[ObjectIdentifier(type)] }) else {
            throw StorageError(
                .schemaMismatch, "the generated code of \(type.database) does not name the record type \(type)",
                remedy: "generate it again; generated files are not edited")
        }
        return coding
    }

    func row(_ container: KeyedDecodingContainer<ColumnKey>) throws -> RecordRow {
        let values = try columns.map { try $0.read(container) }
        let metadata = RecordMetadata(
            revision: try container.decodeIfPresent(Int.self, forKey: .revision) ?? 0,
            createdAt: try container.decodeIfPresent(Timestamp.self, forKey: .createdAt) ?? .epoch,
            updatedAt: try container.decodeIfPresent(Timestamp.self, forKey: .updatedAt) ?? .epoch)
        return RecordRow(table: table, values: values, metadata: metadata)
    }

    /// Some columns of a row; the others are null, and nobody asks for them.
    func row(_ positions: [Int], _ container: KeyedDecodingContainer<ColumnKey>) throws -> RecordRow {
        var values = [Value](repeating: .null, count: columns.count)
        for position in positions { values[position] = try columns[position].read(container) }
        return RecordRow(table: table, values: values)
    }
}

/// How one column is encoded and decoded. A class, because copying a structure of this size for each value is dear.
private final class CodedColumn: Sendable {
    private let key: ColumnKey
    private let type: ValueType
    private let isNullable: Bool
    /// What a record gets that does not say; nil when it must say.
    private let missing: DefaultValue?
    /// The values of an enum; nil for other columns.
    private let cases: Set<Value>?

    init(_ column: Column, in table: Table) {
        key = ColumnKey(stringValue: column.name)
        type = column.valueType
        isNullable = column.isNullable
        missing = column.defaultValue ?? (try? column.valueWhenMissing(in: table)).map(DefaultValue.literal)
        if case .enumeration(let values) = column.type {
            cases = Set(values.map(Value.string))
        } else {
            cases = nil
        }
    }

    func write(_ value: Value, to container: inout KeyedEncodingContainer<ColumnKey>) throws {
        switch value {
        // Coders are faster with values they know.
        case .null: try container.encodeNil(forKey: key)
        case .bool(let bool): try container.encode(bool, forKey: key)
        case .int(let int): try container.encode(int, forKey: key)
        case .double(let double): try container.encode(double, forKey: key)
        case .string(let string): try container.encode(string, forKey: key)
        default: try container.encode(CodedValue(value: value), forKey: key)
        }
    }

    func read(_ container: KeyedDecodingContainer<ColumnKey>) throws -> Value {
        var source = MemberSource(container: container, key: key, mayBeMissing: missing != nil)
        guard let value = try type.read(from: &source) else {
            // A nullable column that is present and null stays null; only a missing one gets the default.
            return isNullable && container.contains(key) ? .null : missing?.make(for: type) ?? .null
        }
        if let cases, !cases.contains(value) { throw source.mismatch("one of the values of the enum") }
        return value
    }
}

// MARK: Values

/// A value as coders write it.
private struct CodedValue: Encodable {
    let value: Value

    func encode(to encoder: any Encoder) throws {
        switch value {
        case .null:
            var container = encoder.singleValueContainer()
            try container.encodeNil()
        case .bool(let bool): try bool.encode(to: encoder)
        case .int(let int): try int.encode(to: encoder)
        case .double(let double): try double.encode(to: encoder)
        case .string(let string): try string.encode(to: encoder)
        case .bytes(let bytes): try ValueJSON.base64(bytes).encode(to: encoder)
        case .uuid(let uuid): try uuid.text.encode(to: encoder)
        case .timestamp(let timestamp): try timestamp.encode(to: encoder)
        case .date(let date): try date.encode(to: encoder)
        case .decimal(let decimal): try decimal.encode(to: encoder)
        case .json(let json): try json.encode(to: encoder)
        case .array(let elements): try elements.map(CodedValue.init).encode(to: encoder)
        }
    }
}

/// Where a value is decoded from. Nil: it is missing or null, where that may be.
private protocol CodedSource {
    mutating func take<Taken: Decodable>(_ type: Taken.Type) throws -> Taken?
    // Coders are faster with types they know.
    mutating func bool() throws -> Bool?
    mutating func int() throws -> Int?
    mutating func double() throws -> Double?
    mutating func string() throws -> String?
    mutating func list() throws -> (any UnkeyedDecodingContainer)?
    /// The error that what was there is something else.
    func mismatch(_ expected: String) -> DecodingError
}

extension ValueType {
    fileprivate func read(from source: inout some CodedSource) throws -> Value? {
        switch self {
        case .string: return try source.string().map(Value.string)
        case .int: return try source.int().map(Value.int)
        case .double: return try source.double().map(Value.double)
        case .bool: return try source.bool().map(Value.bool)
        case .uuid: return try source.take(UUID.self).map(Value.uuid)
        case .bytes:
            guard let text = try source.string() else { return nil }
            guard let data = Data(base64Encoded: text) else { throw source.mismatch("Base64") }
            return .bytes(Array(data))
        case .timestamp: return try source.take(Timestamp.self).map(Value.timestamp)
        case .date: return try source.take(CalendarDate.self).map(Value.date)
        case .decimal: return try source.take(DecimalNumber.self).map { .decimal($0) }
        case .json: return try source.take(JSONValue.self).map(Value.json)
        case .array(let element):
            guard let list = try source.list() else { return nil }
            var elements = ElementSource(container: list)
            var values: [Value] = []
            while !elements.container.isAtEnd, let value = try element.read(from: &elements) { values.append(value) }
            return .array(values)
        }
    }
}

/// A member of an object.
private struct MemberSource: CodedSource {
    let container: KeyedDecodingContainer<ColumnKey>
    let key: ColumnKey
    let mayBeMissing: Bool

    func take<Taken: Decodable>(_ type: Taken.Type) throws -> Taken? {
        mayBeMissing ? try container.decodeIfPresent(type, forKey: key) : try container.decode(type, forKey: key)
    }
    func bool() throws -> Bool? {
        mayBeMissing
            ? try container.decodeIfPresent(Bool.self, forKey: key) : try container.decode(Bool.self, forKey: key)
    }
    func int() throws -> Int? {
        mayBeMissing
            ? try container.decodeIfPresent(Int.self, forKey: key) : try container.decode(Int.self, forKey: key)
    }
    func double() throws -> Double? {
        mayBeMissing
            ? try container.decodeIfPresent(Double.self, forKey: key) : try container.decode(Double.self, forKey: key)
    }
    func string() throws -> String? {
        mayBeMissing
            ? try container.decodeIfPresent(String.self, forKey: key) : try container.decode(String.self, forKey: key)
    }
    func list() throws -> (any UnkeyedDecodingContainer)? {
        if mayBeMissing, try !container.contains(key) || container.decodeNil(forKey: key) { return nil }
        return try container.nestedUnkeyedContainer(forKey: key)
    }
    func mismatch(_ expected: String) -> DecodingError {
        .dataCorruptedError(forKey: key, in: container, debugDescription: "expected \(expected)")
    }
}

/// The elements of an array, one after the other; none may be null.
private struct ElementSource: CodedSource {
    var container: any UnkeyedDecodingContainer

    mutating func take<Taken: Decodable>(_ type: Taken.Type) throws -> Taken? { try container.decode(type) }
    mutating func bool() throws -> Bool? { try container.decode(Bool.self) }
    mutating func int() throws -> Int? { try container.decode(Int.self) }
    mutating func double() throws -> Double? { try container.decode(Double.self) }
    mutating func string() throws -> String? { try container.decode(String.self) }
    mutating func list() throws -> (any UnkeyedDecodingContainer)? { try container.nestedUnkeyedContainer() }
    func mismatch(_ expected: String) -> DecodingError {
        .dataCorruptedError(in: container, debugDescription: "expected \(expected)")
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
