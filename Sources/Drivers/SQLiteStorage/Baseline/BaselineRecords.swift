import CSQLite
import CairnCore

/// Reads the records of tables that Cairn may not have written, and checks that it could have.
///
/// A `STRICT` table has numbers where numbers are declared, and no more: what SQLite does not know of a schema (times, decimals, JSON,
/// bounds, lists of values) is looked at here, and whether each value stands in the form that Cairn compares and sorts by.
struct BaselineRecords {
    private let access: SQLiteConnection.Access
    private let schema: Schema
    /// Records that were read.
    private(set) var count = 0
    /// What does not fit: a finding for each record, up to ``limit``.
    private(set) var findings: [DriftFinding] = []

    /// So many findings say that it is another schema.
    static let limit = 100

    init(_ access: SQLiteConnection.Access, _ schema: Schema) {
        self.access = access
        self.schema = schema
    }

    /// Checks all records of all tables.
    mutating func check() throws {
        for table in schema.tables where findings.count < BaselineRecords.limit { try check(table) }
        if findings.isEmpty { try checkReferences() }
    }

    private mutating func check(_ table: Table) throws {
        let rules = RecordCheck(table)
        let again = same(table)
        let (access, limit) = (access, BaselineRecords.limit)
        var (count, findings) = (count, findings)
        try access.with(TableSQL(table).selectAll) { reading in
            let row = SQLiteRow(table: table, statement: reading.handle)
            while findings.count < limit, try reading.step() {
                count += 1
                do {
                    let values = try row.values()
                    let stored = try rules.check(values).changed ?? values
                    guard row.revision > 0 else {
                        throw StorageError.damaged(table, "its revision is \(row.revision), and they begin with 1")
                    }
                    for (place, name) in TableSQL.systemNames.enumerated().dropFirst() {
                        let time = sqlite3_column_int64(reading.handle, Int32(table.columns.count + place))
                        guard Timestamp(microseconds: Int64(time)) == nil else { continue }
                        throw StorageError.damaged(
                            table,
                            "its \(name) is \(time), and no time in microseconds from 1970 in the years 1 to 9999")
                    }
                    let key = table.key.map { stored[$0] }
                    let different = try access.with(again, stored + key) { statement -> Int? in
                        // A key in another form is found under no key.
                        guard try statement.step() else { return table.key.first }
                        return stored.indices.first { sqlite3_column_int64(statement.handle, Int32($0)) == 0 }
                    }
                    if let different {
                        throw StorageError.damaged(
                            table, column: table.columns[different], "it is not in the form in which Cairn writes it")
                    }
                } catch let error as StorageError {
                    let key = (try? row.key()).map(KeyText.encode)
                    findings.append(
                        DriftFinding(
                            .changedByHand, "\(key.map { "record \($0)" } ?? "a record") of '\(table.name)'",
                            error.message, remedy: "change the record, or the schema, so that it fits"))
                }
            }
        }
        (self.count, self.findings) = (count, findings)
    }

    /// Whether each value of a record is as Cairn writes it: the values come first, then the key.
    private func same(_ table: Table) -> String {
        let sql = TableSQL(table)
        let key = table.key.map { "\(sql.columns[$0]) = ?" }.joined(separator: " AND ")
        let values = sql.columns.map { "\($0) IS ?" }.joined(separator: ", ")
        return "SELECT \(values) FROM \(sql.name) WHERE \(key)"
    }

    /// Looks for references to nothing, which SQLite does not check in a file that was written without.
    private mutating func checkReferences() throws {
        let broken = try access.texts(
            "SELECT \"table\", \"parent\", count(*) FROM pragma_foreign_key_check GROUP BY 1, 2 ORDER BY 1, 2")
        findings += broken.map { row in
            DriftFinding(
                .changedByHand, "table '\(row[0])'",
                "\(row[2]) of its references to '\(row[1])' point to no record",
                remedy:
                    "insert the records they refer to, or change them: PRAGMA foreign_key_check(\(TableSQL.quoted(row[0]))) lists them"
            )
        }
    }
}
