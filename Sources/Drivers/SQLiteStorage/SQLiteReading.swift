import CSQLite
import CairnCore

/// Reads on one connection.
extension SQLiteConnection.Access {
    func get(_ table: Table, _ key: Key, _ body: (RowReader) throws -> Void) throws -> Bool {
        let (statement, row) = try statements(of: table).select(handle)
        statement.beginBinding()
        statement.add(key.first, at: 1)
        for (index, value) in key.rest.enumerated() { statement.add(value, at: Int32(index + 2)) }
        statement.endBinding()
        defer { statement.reset() }
        guard try statement.step() else { return false }
        try body(row)
        return true
    }

    /// Reads several keys. To be of one moment, the connection must be in a transaction.
    func get(_ table: Table, _ keys: [Key], _ body: (Int, RowReader) throws -> Void) throws {
        let (statement, row) = try statements(of: table).select(handle)
        for (index, key) in keys.enumerated() {
            statement.bind(key.values)
            defer { statement.reset() }
            if try statement.step() { try body(index, row) }
        }
    }

    func count(_ query: Query) throws -> Int {
        let compiled = QueryCompiler.count(query, statements(of: query.table).sql)
        return try with(compiled.sql) { statement in
            statement.bind(compiled.parameters)
            return try statement.step() ? Int(sqlite3_column_int64(statement.handle, 0)) : 0
        }
    }

    func explain(_ query: Query) throws -> QueryPlan {
        let compiled = QueryCompiler.rows(query, statements(of: query.table).sql)
        return SQLitePlan(query, try plan(of: compiled), compiled.sql).plan
    }

    /// What SQLite says about its plan, a line each.
    func plan(of compiled: QueryCompiler.Statement) throws -> [String] {
        try with("EXPLAIN QUERY PLAN \(compiled.sql)") { statement in
            statement.bind(compiled.parameters)
            var lines: [String] = []
            while try statement.step() {
                if let text = sqlite3_column_text(statement.handle, 3) { lines.append(String(cString: text)) }
            }
            return lines
        }
    }
}
