import CairnCore
import CairnSchema

/// What an index keeps beside its entries, so that a query that needs no other columns reads no record: the metadata of the record
/// and the included columns, as a JSON array.
struct IncludedColumns: Sendable {
    private let table: Table
    private let columns: [Int]

    init(_ index: Index, of table: Table) {
        self.table = table
        // By name: two programs of one schema may declare them in another order.
        columns = index.included.sorted { Utf8.isLess(table.columns[$0].name, table.columns[$1].name) }
    }

    /// Nothing for an index that includes no columns.
    func encode(_ values: [Value], _ metadata: RecordMetadata) -> [UInt8] {
        if columns.isEmpty { return [] }
        var writer = JSONWriter(capacity: 64 + 24 * columns.count)
        writer.array { writer in
            for number in [
                metadata.revision, Int(metadata.createdAt.microseconds), Int(metadata.updatedAt.microseconds),
            ] {
                writer.element()
                writer.int(number)
            }
            for column in columns {
                writer.element()
                ValueJSON.write(values[column], to: &writer)
            }
        }
        return writer.bytes
    }

    /// Fills in the included columns.
    /// - Returns: The metadata of the record.
    /// - Throws: `storage.damaged`.
    func decode(_ bytes: [UInt8], into values: inout [Value]) throws -> RecordMetadata {
        do {
            var scanner = try JSONScanner(bytes)
            try scanner.open(.array, depth: 0)
            var numbers: [Int] = []
            for place in 0..<3 {
                guard try scanner.hasNext(.array, isFirst: place == 0), let number = try scanner.number().int else {
                    throw damage("it has no metadata")
                }
                numbers.append(number)
            }
            for column in columns {
                guard try scanner.hasNext(.array, isFirst: false) else { throw damage("it is too short") }
                values[column] = try value(&scanner, table.columns[column])
            }
            guard try !scanner.hasNext(.array, isFirst: false),
                let created = Timestamp(microseconds: Int64(numbers[1])),
                let updated = Timestamp(microseconds: Int64(numbers[2]))
            else { throw damage("it is no entry") }
            return RecordMetadata(
                revision: try Revisions.checked(numbers[0], of: table), createdAt: created, updatedAt: updated)
        } catch let error as JSONError {
            throw damage("\(error)")
        }
    }

    private func value(_ scanner: inout JSONScanner, _ column: Column) throws -> Value {
        if try scanner.peek() == UInt8(ascii: "n"), column.isNullable || column.valueType != .json {
            _ = try scanner.literal()
            return .null
        }
        do {
            return try ValueJSON.read(&scanner, as: column.valueType, depth: 1)
        } catch {
            throw damage("column '\(column.name)': \(error)")
        }
    }

    private func damage(_ reason: String) -> StorageError {
        StorageError.damaged(table, "an entry of an index is not what Cairn wrote: \(reason)")
    }
}
