import Cairn
import CairnCore
import CairnSchema
import SQLiteStorage

/// Takes the rows of a SQLite database that Cairn did not make into a new store, by a schema.
///
/// Columns are found by their names in lower snake case. The database is only read. Every row is checked before any is written: by the types
/// of the columns, by the rules of the schema, and by what it refers to.
struct SQLiteAdoption {
    let database: ForeignDatabase
    let survey: SQLiteSurvey
    let schema: Schema
    let progress: Progress

    /// A row that does not fit.
    struct Problem: Sendable, Hashable {
        let table: String
        /// The key of the row, or its number.
        let row: String
        let column: String?
        let message: String
    }

    /// What was found.
    struct Report {
        /// Rows of each table of the schema, in its order.
        var tables: [(name: String, rows: Int)] = []
        var problems: [Problem] = []
        /// How many problems there are, also beyond those that are kept.
        var problemCount = 0
        var notes: [String] = []

        mutating func add(_ problem: Problem) {
            problemCount += 1
            if problems.count < Report.limit { problems.append(problem) }
        }

        /// Problems that are named one by one.
        private static let limit = 1_000
    }

    /// A table of the schema, and where its values come from.
    private struct Plan {
        let table: Table
        let source: SQLiteSurvey.Table
        /// For each column of the schema: its place in the row and how it becomes a value; nil for one that the database has not.
        let columns: [(place: Int, conversion: ForeignConversion)?]

        var refersToItself: Bool { table.references.contains { $0.target == table.position } }
    }

    /// Operations of a batch, and bytes, about.
    private static let batchRows = 5_000
    private static let batchBytes = 8 << 20

    // MARK: Checking

    /// Checks every row. Nothing is written.
    func check() async throws -> Report {
        var report = Report()
        let plans = try self.plans(&report)
        let checks = BatchCheck(schema)
        var meter = RowMeter("checks", total: survey.tables.reduce(0) { $0 + $1.rows }, progress)
        for plan in plans {
            var rows = 0
            let source = try database.rows(plan.source.table)
            while let row = try source.next() {
                if self.record(row, plan, checks, &report) != nil { rows += 1 }
                try await meter.add(plan.source.table.name)
            }
            try checkReferences(plan, &report)
            report.tables.append((plan.table.name, rows))
        }
        return report
    }

    /// What stands where, and what is left out.
    private func plans(_ report: inout Report) throws -> [Plan] {
        for surveyed in survey.tables where schema.table(named: Naming.snakeCase(surveyed.table.name) ?? "") == nil {
            report.notes.append("table '\(surveyed.table.name)' is none of the schema, and is left out")
        }
        return try schema.referredFirst.map { table in
            guard let source = survey.tables.first(where: { named($0.table.name, table.name) }) else {
                throw CommandError(
                    .file, "\(database.path) has no table '\(table.name)', which the schema has",
                    remedy: "take it out of the schema while adopting: "
                        + NearestName.hintOrList(table.name, among: survey.tables.map(\.table.name)))
            }
            return try plan(table, source, &report)
        }
    }

    private func named(_ name: String, _ wanted: String) -> Bool { Utf8.equal(Naming.snakeCase(name) ?? "", wanted) }

    private func plan(_ table: Table, _ source: SQLiteSurvey.Table, _ report: inout Report) throws -> Plan {
        var used: Set<Int> = []
        let columns = try table.columns.map { column -> (place: Int, conversion: ForeignConversion)? in
            if let place = source.table.columns.firstIndex(where: { named($0.name, column.name) }) {
                used.insert(place)
                // Behind the number of the row.
                return (place + 1, source.facts[place].conversion(to: column.valueType))
            }
            if table.key == [column.position], source.table.rowNumber != nil, column.valueType == .int {
                return (0, ForeignConversion(type: .int))
            }
            guard column.defaultValue != nil || column.isNullable else {
                throw CommandError(
                    .file, "table '\(source.table.name)' has no column '\(column.name)', which may not be null",
                    remedy: "make it null, or give it a default: "
                        + NearestName.hintOrList(column.name, among: source.table.columns.map(\.name)))
            }
            report.notes.append("table '\(table.name)': column '\(column.name)' is new")
            return nil
        }
        for (place, column) in source.table.columns.enumerated() where !used.contains(place) {
            report.notes.append(
                "table '\(table.name)': column '\(column.name)' is none of the schema, and is left out")
        }
        return Plan(table: table, source: source, columns: columns)
    }

    /// The values of a row; nil, and problems, when they cannot be a record.
    private func record(
        _ row: ForeignRow, _ plan: Plan, _ checks: BatchCheck, _ report: inout Report
    ) -> [Value]? {
        var isFine = true
        let values = plan.table.columns.map { column -> Value in
            guard let (place, conversion) = plan.columns[column.position] else {
                return column.defaultValue?.make(for: column.valueType) ?? .null
            }
            guard let value = conversion.value(row.values[place]) else {
                isFine = false
                report.add(
                    problem(
                        row, plan, column.name, "\(SQLiteAdoption.words(row.values[place])) is no \(column.valueType)"))
                return .null
            }
            return value
        }
        guard isFine else { return nil }
        do {
            var operations: [WriteOperation] = [.insert(plan.table, values)]
            _ = try checks.check(&operations)
            if case .insert(_, let stored) = operations[0] { return stored }
            return values
        } catch let error as StorageError {
            report.add(problem(row, plan, error.details.column, error.message))
        } catch {
            report.add(problem(row, plan, nil, "\(error)"))
        }
        return nil
    }

    private func problem(_ row: ForeignRow, _ plan: Plan, _ column: String?, _ message: String) -> Problem {
        let table = plan.source.table
        let keys = table.key.compactMap { plan.source.index(of: $0) }.map { SQLiteAdoption.words(row.values[$0 + 1]) }
        let number = row.values[0].int.map { "row \($0)" }
        return Problem(
            table: table.name, row: keys.isEmpty ? number ?? "a row" : keys.joined(separator: ", "), column: column,
            message: message)
    }

    /// A value for a message: short, and what kind it is.
    private static func words(_ value: ForeignValue) -> String {
        switch value {
        case .null: "null"
        case .int(let int): "\(int)"
        case .real(let real): "\(real)"
        case .text(let text): "'\(text.prefix(60))\(text.count > 60 ? "…" : "")'"
        case .blob(let bytes): "a blob of \(bytes.count) bytes"
        case .brokenText: "a text that is not Unicode"
        }
    }

    private func checkReferences(_ plan: Plan, _ report: inout Report) throws {
        for reference in plan.source.table.references {
            guard survey.carried(reference, of: plan.source) != nil,
                let column = plan.table.columns.first(where: { named(reference.columns[0], $0.name) }),
                plan.table.references.contains(where: { $0.column == column.position })
            else { continue }
            let rows = try database.dangling(plan.source.table, reference)
            while let row = try rows.next() {
                let place = plan.source.index(of: reference.columns[0]).map { $0 + 1 } ?? 0
                report.add(
                    problem(
                        row, plan, column.name,
                        "\(SQLiteAdoption.words(row.values[place])) is in no row of '\(reference.table)'"))
            }
        }
    }

    // MARK: Writing

    /// Writes all rows into an empty store. They were checked.
    ///
    /// Rows that refer to rows which come later are written without that first, and changed at the end.
    /// - Throws: what the store throws; it has a part of the rows then.
    func write(into store: Store) async throws {
        var ignored = Report()
        let plans = try self.plans(&ignored)
        let checks = BatchCheck(store.schema)
        let waiting = try plans.map { try self.waiting($0, plans) }
        var meter = RowMeter("writes", total: plans.reduce(0) { $0 + $1.source.rows }, progress)
        var late: [WriteOperation] = []
        for (plan, columns) in zip(plans, waiting) {
            var batch: [WriteOperation] = []
            var bytes = 0
            let isOneBatch = plan.refersToItself && plan.source.rows <= SQLiteAdoption.batchRows
            let rows = try database.rows(plan.source.table)
            while let row = try rows.next() {
                guard let values = record(row, plan, checks, &ignored) else { continue }
                var first = values
                for column in columns { first[column] = .null }
                if first != values { late.append(.upsert(plan.table, values)) }
                batch.append(.insert(plan.table, first))
                bytes += row.values.reduce(0) { $0 + SQLiteAdoption.size($1) }
                let isFull = batch.count >= SQLiteAdoption.batchRows || bytes >= SQLiteAdoption.batchBytes
                if isFull, !isOneBatch {
                    _ = try await store.session.write(batch)
                    try await meter.add(plan.table.name, batch.count)
                    (batch, bytes) = ([], 0)
                }
            }
            if !batch.isEmpty { _ = try await store.session.write(batch) }
            try await meter.add(plan.table.name, batch.count)
        }
        for start in stride(from: 0, to: late.count, by: SQLiteAdoption.batchRows) {
            _ = try await store.session.write(
                Array(late[start..<min(start + SQLiteAdoption.batchRows, late.count)]))
        }
        try await checkCounts(store)
    }

    /// The columns of a table that refer to what is written later.
    /// - Throws: `command.file` when one of them may not be null.
    private func waiting(_ plan: Plan, _ plans: [Plan]) throws -> [Int] {
        let before = plans.prefix { $0.table !== plan.table }.map(\.table.position)
        let isSmall = plan.source.rows <= SQLiteAdoption.batchRows
        let columns = plan.table.references.filter { reference in
            reference.target == plan.table.position ? !isSmall : !before.contains(reference.target)
        }.map(\.column)
        for column in columns where !plan.table.columns[column].isNullable {
            throw CommandError(
                .file,
                "column '\(plan.table.columns[column].name)' of table '\(plan.table.name)' refers to rows that are written later, and may not be null",
                remedy: "make it null in the schema while adopting")
        }
        return columns
    }

    private func checkCounts(_ store: Store) async throws {
        for surveyed in survey.tables {
            guard let table = schema.tables.first(where: { named(surveyed.table.name, $0.name) }) else { continue }
            let count = try await store.records(table.name).count()
            guard count == surveyed.rows else {
                throw StorageError(
                    .damaged,
                    "the store has \(count) records of '\(table.name)', and the database \(surveyed.rows) rows",
                    remedy: "somebody else writes to the store: adopt into another one")
            }
        }
    }

    private static func size(_ value: ForeignValue) -> Int {
        switch value {
        case .text(let text): 16 + text.utf8.count
        case .blob(let bytes): 16 + bytes.count
        default: 16
        }
    }
}
