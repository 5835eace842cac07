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
        let compiled = try QueryCompiler.count(query, statements(of: query.table).sql)
        return try with(compiled.sql) { statement in
            statement.bind(compiled.parameters)
            return try statement.step() ? Int(sqlite3_column_int64(statement.handle, 0)) : 0
        }
    }

    func explain(_ query: Query) throws -> QueryPlan {
        let compiled = try QueryCompiler.rows(query, statements(of: query.table).sql)
        return try SQLitePlan(query, plan(of: compiled), compiled.sql, SQLiteStatistics(of: query.table, self)).plan
    }

    /// What SQLite says about its plan, a line each.
    func plan(of compiled: QueryCompiler.Statement) throws -> [SQLitePlan.Line] {
        try with("EXPLAIN QUERY PLAN \(compiled.sql)") { statement in
            statement.bind(compiled.parameters)
            var lines: [SQLitePlan.Line] = []
            // The lines that say how other rows are read, and those below them, by their numbers.
            var related: Set<Int64> = []
            while try statement.step() {
                guard let text = sqlite3_column_text(statement.handle, 3).map({ String(cString: $0) }) else { continue }
                let isRelated =
                    text.contains("SUBQUERY") || related.contains(sqlite3_column_int64(statement.handle, 1))
                if isRelated { related.insert(sqlite3_column_int64(statement.handle, 0)) }
                lines.append(SQLitePlan.Line(text: text, isRelated: isRelated))
            }
            return lines
        }
    }
}
