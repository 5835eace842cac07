public import CairnSchema

/// Reads and writes records of one table as JSON: what `JSONEncoder` and `JSONDecoder` do with them, several times faster.
///
/// ```swift
/// let codec = atlas.cities.jsonCodec
/// let bytes = codec.encode(paris)             // {"id":2988507,"name":"Paris",…,"_revision":1,…}
/// let city = try codec.decode(bytes)
/// ```
///
/// Exact both ways: integers have all 64 bits, strings every byte, doubles the shortest text that reads back the same,
/// decimals every digit, in text. The same record always gives the same bytes: columns in the order of the schema, then
/// `_revision`, `_created_at` and `_updated_at`, no white space. Bytes are Base64, UUIDs in lower case, times RFC 3339 in UTC.
///
/// Make one and keep it: it holds what it found out about the table.
public struct JSONRecordCodec<Item: Entity>: Sendable {
    private let json: RecordJSON

    /// A codec for the records of the table that `Item` was generated from.
    public init(_ table: Table) {
        json = RecordJSON(table)
    }

    /// The JSON of a record, in UTF-8.
    public func encode(_ item: Item) -> [UInt8] {
        written(item).bytes
    }

    /// Appends the JSON of a record, in UTF-8.
    public func encode(_ item: Item, to bytes: inout [UInt8]) {
        written(item).withBytes { bytes.append(contentsOf: $0) }
    }

    private func written(_ item: Item) -> JSONWriter {
        var writer = JSONWriter(capacity: json.typicalLength)
        let metadata = RecordMetadata(
            revision: item.revision, createdAt: item.createdAt, updatedAt: item.updatedAt)
        json.write(item.values(count: json.table.columns.count), metadata, to: &writer)
        return writer
    }

    /// Reads the JSON of a record (RFC 8259): members in any order; one that is missing gets the default of its column.
    ///
    /// Types and enums are checked here; bounds, lengths and references when the record is written to a store.
    /// - Throws: `storage.invalid`, naming the column that is missing, unknown, given twice or of another type, and the place
    ///   of text that is not JSON.
    public func decode(_ bytes: [UInt8]) throws -> Item {
        try Item(row: row(bytes))
    }

    private func row(_ bytes: [UInt8]) throws -> RecordRow {
        do {
            var scanner = try JSONScanner(bytes)
            let (values, metadata) = try json.read(&scanner)
            try scanner.end()
            return RecordRow(table: json.table, values: values, metadata: metadata)
        } catch let error as JSONError {
            throw StorageError(.invalid, "a record of table '\(json.table.name)' is no JSON object: \(error)")
        }
    }
}

extension ReadableRepository {
    /// Reads and writes the records of this table as JSON. Keep it where many are.
    public var jsonCodec: JSONRecordCodec<Item> { JSONRecordCodec(table) }
}
