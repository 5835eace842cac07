import CairnSchema

/// Reads rows that are in memory as values. One reader serves many rows: set `values` and `metadata` for each.
package final class RecordRow: RowReader {
    // Checking at run time that nobody writes while another reads would cost a third of reading a column. A reader belongs to
    // the call it is handed to, and none of its methods calls out while it reads.
    @exclusivity(unchecked) package var current: [Value]
    @exclusivity(unchecked) package var currentMetadata: RecordMetadata

    package init(table: Table, values: [Value] = [], metadata: RecordMetadata = RecordMetadata()) {
        current = values
        currentMetadata = metadata
        super.init(table: table)
    }

    package override var revision: Int { currentMetadata.revision }
    package override var createdAt: Timestamp { currentMetadata.createdAt }
    package override var updatedAt: Timestamp { currentMetadata.updatedAt }

    package override func isNull(_ column: Int) throws -> Bool { current[column].isNull }
    package override func value(_ column: Int) throws -> Value { current[column] }
    package override func values() throws -> [Value] { current }

    package override func string(_ column: Int) throws -> String {
        guard case .string(let value) = current[column] else { throw mismatch(column) }
        return value
    }
    package override func int(_ column: Int) throws -> Int {
        guard case .int(let value) = current[column] else { throw mismatch(column) }
        return value
    }
    package override func double(_ column: Int) throws -> Double {
        guard case .double(let value) = current[column] else { throw mismatch(column) }
        return value
    }
    package override func bool(_ column: Int) throws -> Bool {
        guard case .bool(let value) = current[column] else { throw mismatch(column) }
        return value
    }
    package override func uuid(_ column: Int) throws -> UUID {
        guard case .uuid(let value) = current[column] else { throw mismatch(column) }
        return value
    }
    package override func bytes(_ column: Int) throws -> [UInt8] {
        guard case .bytes(let value) = current[column] else { throw mismatch(column) }
        return value
    }
    package override func timestamp(_ column: Int) throws -> Timestamp {
        guard case .timestamp(let value) = current[column] else { throw mismatch(column) }
        return value
    }
    package override func date(_ column: Int) throws -> CalendarDate {
        guard case .date(let value) = current[column] else { throw mismatch(column) }
        return value
    }
    package override func decimal(_ column: Int) throws -> DecimalNumber {
        guard case .decimal(let value) = current[column] else { throw mismatch(column) }
        return value
    }
    package override func json(_ column: Int) throws -> JSONValue {
        guard case .json(let value) = current[column] else { throw mismatch(column) }
        return value
    }
    package override func elements(_ column: Int) throws -> [Value] {
        guard case .array(let value) = current[column] else { throw mismatch(column) }
        return value
    }
}
