import CairnCore

/// The rows of a query on a connection, read in portions.
///
/// The statement is begun at once and stays open between portions, so all rows are of the moment when the cursor was made. If
/// the connection is about to write, or to end its transaction, `detach` reads the rest into memory first: what a cursor gives
/// never depends on what was written after it was made.
final class SQLiteCursor: RowCursor, @unchecked Sendable {
    // Safety of `@unchecked Sendable`: all state is touched under the connection's lock, except by `init`.

    private let use: ConnectionUse
    private let table: Table
    /// The columns that are read; nil for all.
    private let columns: Set<Int>?
    private let sql: String
    /// The statement being read; nil when all is read, or closed.
    private var statement: SQLiteStatement?
    private var row: SQLiteRow?
    /// Whether there is a first row, until it is handed out.
    private var first: Bool?
    /// Rows read ahead, in order; `place` is the next.
    private var ahead: [Record] = []
    private var place = 0
    private var isClosed = false
    /// Runs once, when the cursor needs the connection no more.
    private let onEnd: @Sendable () -> Void

    /// Begins to read. Under the connection's lock.
    init(
        _ query: Query, _ access: SQLiteConnection.Access, in use: ConnectionUse, onEnd: @escaping @Sendable () -> Void
    ) throws {
        let compiled = try QueryCompiler.rows(query, access.statements(of: query.table).sql)
        let statement = try access.take(compiled.sql)
        statement.bind(compiled.parameters)
        // A statement takes its view of the data when it first steps; that is to be now, not when someone asks for rows. Before
        // anything is stored: a cursor that failed half-way would end under the lock that its end takes.
        first = try statement.step()
        self.use = use
        table = query.table
        columns = query.columns
        self.onEnd = onEnd
        sql = compiled.sql
        self.statement = statement
        row = SQLiteRow(table: query.table, statement: statement.handle)
    }

    /// Moves to the next row. Under the connection's lock.
    private func step(_ statement: SQLiteStatement) throws -> Bool {
        defer { first = nil }
        return try first ?? statement.step()
    }

    deinit { close() }

    func next(_ count: Int, _ body: (RowReader) throws -> Bool) async throws -> Bool {
        var ended = false
        defer { if ended { onEnd() } }
        do {
            return try use.withLock { access in
                if isClosed { throw StorageError.closed("cursor") }
                guard let statement, let row else { return try nextAhead(count, body) }
                for _ in 0..<count {
                    guard try step(statement) else {
                        end(access)
                        ended = true
                        return false
                    }
                    if try !body(row) { return true }
                }
                return true
            }
        } catch {
            close()
            throw error
        }
    }

    private func nextAhead(_ count: Int, _ body: (RowReader) throws -> Bool) throws -> Bool {
        let row = RecordRow(table: table)
        let end = place + min(count, ahead.count - place)
        while place < end {
            row.current = ahead[place].values
            row.currentMetadata = ahead[place].metadata
            place += 1
            if try !body(row) { break }
        }
        return place < ahead.count
    }

    /// Reads what is left into memory, so that the connection can go on. Under the connection's lock.
    func detach(_ access: SQLiteConnection.Access) throws {
        guard let statement, let row else { return }
        // Whatever happens, the statement must not be stepped again: after a failure it would start anew.
        defer { end(access) }
        do {
            while try step(statement) { ahead.append(try record(row)) }
        } catch {
            isClosed = true
            throw error
        }
    }

    private func record(_ row: SQLiteRow) throws -> Record {
        guard let columns else { return try Record(row: row) }
        let values = try table.columns.indices.map { columns.contains($0) ? try row.value($0) : .null }
        return Record(table, values: values, metadata: RecordMetadata())
    }

    private func end(_ access: SQLiteConnection.Access) {
        if let statement { access.give(back: statement, sql) }
        statement = nil
        row = nil
    }

    func close() {
        let wasOpen = use.connection.alone { access in
            let wasOpen = !isClosed && statement != nil
            if let access { end(access) }
            ahead = []
            isClosed = true
            return wasOpen
        }
        if wasOpen { onEnd() }
    }
}
