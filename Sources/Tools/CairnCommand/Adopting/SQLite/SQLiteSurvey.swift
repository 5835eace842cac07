import CairnCore
import CairnSchema
import SQLiteStorage

/// What a SQLite database has: its tables, and what their values are, from reading all of them once.
struct SQLiteSurvey {
    /// One table.
    struct Table {
        let table: ForeignTable
        var rows = 0
        /// Of each column, in their order.
        var facts: [ColumnFacts]

        init(_ table: ForeignTable) {
            self.table = table
            facts = table.columns.map { _ in ColumnFacts() }
        }

        /// The place of a column, by the name as SQLite compares names.
        func index(of column: String) -> Int? {
            table.columns.firstIndex { $0.name.lowercased() == column.lowercased() }
        }

        /// The type a column is proposed to have.
        func type(_ column: Int) -> ValueType { facts[column].type(declared: table.columns[column].type) }
    }

    private(set) var tables: [Table] = []
    let others: [ForeignThing]

    /// Reads everything.
    init(_ database: ForeignDatabase, _ progress: Progress) async throws {
        let contents = try database.contents()
        others = contents.others
        guard !contents.tables.isEmpty else {
            throw StorageError(
                .notAStore, "\(database.path) has no tables", remedy: "check the path; nothing was changed")
        }
        let counts = try contents.tables.map(database.count)
        var meter = RowMeter("reads", total: counts.reduce(0, +), progress)
        for table in contents.tables {
            var surveyed = Table(table)
            let rows = try database.rows(table)
            while let row = try rows.next() {
                surveyed.rows += 1
                for (column, value) in row.values.dropFirst().enumerated() { surveyed.facts[column].add(value) }
                try await meter.add(table.name)
            }
            tables.append(surveyed)
        }
    }

    func table(named name: String) -> Table? { tables.first { $0.table.name.lowercased() == name.lowercased() } }

    /// The table a foreign key refers to, when a reference of Cairn's can say the same: one column, the whole key of the other table, of the
    /// same type.
    func carried(_ reference: ForeignTable.Reference, of table: Table) -> Table? {
        guard reference.columns.count == 1, let target = self.table(named: reference.table),
            target.table.key.count == 1,
            target.table.key[0].lowercased() == reference.targets.first?.lowercased(),
            let child = table.index(of: reference.columns[0]), let parent = target.index(of: target.table.key[0]),
            target.type(parent).isOrdered, target.type(parent) != .double
        else { return nil }
        // A column of nulls is of any type.
        return table.facts[child].count == 0 || table.type(child) == target.type(parent)
            || table.facts[child].fits(target.type(parent)) ? target : nil
    }
}

/// Shows how many rows of how many are done, how fast, and how long the rest takes.
struct RowMeter {
    private let what: String
    private let total: Int
    private let progress: Progress
    private let begun = ContinuousClock.now
    private var done = 0

    /// Rows between two looks at the clock, and at what else the program has to do.
    private static let portion = 1_000

    init(_ what: String, total: Int, _ progress: Progress) {
        self.what = what
        self.total = total
        self.progress = progress
    }

    /// Counts rows.
    mutating func add(_ table: String, _ count: Int = 1) async throws {
        let before = done / RowMeter.portion
        done += count
        guard done / RowMeter.portion > before else { return }
        try Task.checkCancellation()
        await Task.yield()
        let text = text(.now)
        progress.show("\(what) \(table): \(text)")
    }

    /// `12,000 of 34,000 rows, 8,100/s, 3 s left`.
    func text(_ now: ContinuousClock.Instant) -> String {
        let seconds = (now - begun) / .seconds(1)
        var parts = ["\(done) of \(total) rows"]
        if seconds > 0.5, done > 0 {
            let rate = Double(done) / seconds
            parts.append("\(Int(rate))/s")
            if total > done { parts.append("\(Int((Double(total - done) / rate).rounded(.up))) s left") }
        }
        return parts.joined(separator: ", ")
    }
}
