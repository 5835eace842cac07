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
        return try plan(of: compiled, query).plan
    }

    /// What SQLite says about its plan for a query.
    func plan(of compiled: QueryCompiler.Statement, _ query: Query) throws -> SQLitePlan {
        let lines = try lines(of: compiled)
        return try SQLitePlan(query, lines, compiled.sql) { try SQLiteStatistics(of: $0, self) }
    }

    /// What SQLite says about its plan: the lines at the top, with those below them.
    private func lines(of compiled: QueryCompiler.Statement) throws -> [SQLitePlan.Line] {
        try with("EXPLAIN QUERY PLAN \(compiled.sql)") { statement in
            statement.bind(compiled.parameters)
            var texts: [(id: Int64, parent: Int64, text: String)] = []
            while try statement.step() {
                guard let text = sqlite3_column_text(statement.handle, 3).map({ String(cString: $0) }) else { continue }
                texts.append(
                    (sqlite3_column_int64(statement.handle, 0), sqlite3_column_int64(statement.handle, 1), text))
            }
            func lines(below parent: Int64) -> [SQLitePlan.Line] {
                texts.filter { $0.parent == parent }.map { line in
                    // Those at the top are below 0, which is no line.
                    SQLitePlan.Line(text: line.text, below: line.id == parent ? [] : lines(below: line.id))
                }
            }
            return lines(below: 0)
        }
    }
}
