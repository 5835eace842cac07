import CairnCore
import CairnSchema

/// Fills the tables of a schema with made-up records that keep all its rules: bounds, patterns, enums, keys, unique indexes, references.
struct RowMaker {
    /// The records of each table, by its position.
    private(set) var rows: [[[Value]]]
    /// Where it could not be done, and why.
    private(set) var notes: [String] = []
    private let schema: Schema
    /// The change that the records shall fit too; nil when only the schema counts.
    private let diff: SchemaDiff?
    private var random: SeededGenerator
    private var filled: Set<Int> = []

    /// - Parameters:
    ///   - count: How many records a table gets, where there are as many.
    ///   - diff: A change that no record shall stand in the way of.
    init(_ schema: Schema, count: Int, seed: UInt64, fitting diff: SchemaDiff? = nil) {
        self.schema = schema
        self.diff = diff
        random = SeededGenerator(seed: seed)
        rows = Array(repeating: [], count: schema.tables.count)
        for table in order() {
            fill(table, count)
            filled.insert(table.position)
        }
    }

    // MARK: Tables

    private func pair(_ table: Table) -> TablePair? { diff?.pairs.first { $0.old.name == table.name } }

    /// The tables, those that are referred to first, before or after the change.
    private func order() -> [Table] {
        var order: [Table] = []
        var met: Set<Int> = []
        func visit(_ table: Table) {
            guard met.insert(table.position).inserted else { return }
            for column in table.columns {
                for target in targets(of: column, in: table) { if let target { visit(target) } }
            }
            for lookup in lookups(of: table).values { visit(lookup.table) }
            order.append(table)
        }
        for table in schema.tables { visit(table) }
        return order
    }

    /// The tables that a column refers to, before and after the change; nil for one that is not there yet.
    private func targets(of column: Column, in table: Table) -> [Table?] {
        var targets: [Table?] = []
        if let name = column.referencedTable { targets.append(schema.table(named: name)) }
        if let name = later(column, in: table)?.referencedTable {
            let former = diff?.pairs.first { $0.new.name == name }?.old
            targets.append(former.flatMap { schema.table(named: $0.name) })
        }
        return targets
    }

    /// What is looked up for the records of a table, by the position of the column whose value is wanted.
    private func lookups(of table: Table) -> [Int: RowLookup] {
        var lookups: [Int: RowLookup] = [:]
        for conversion in pair(table)?.conversions.values.map({ $0 }) ?? [] {
            if let lookup = conversion.lookup, let source = conversion.sources.first {
                lookups[source.position] = lookup
            }
        }
        return lookups
    }

    /// What a column becomes.
    private func later(_ column: Column, in table: Table) -> Column? {
        guard let pair = pair(table), let place = pair.sources.firstIndex(of: column.position) else { return nil }
        return pair.new.columns[place]
    }

    /// What a new column is made from, by a column of before alone.
    private func conversion(_ column: Column, in table: Table) -> (conversion: Conversion, column: Column)? {
        guard let pair = pair(table) else { return nil }
        let found = pair.new.columns.first { pair.conversions[$0.position]?.conversion.source == .column(column.name) }
        return found.flatMap { found in pair.conversions[found.position].map { ($0.conversion, found) } }
    }

    private mutating func fill(_ table: Table, _ count: Int) {
        if let reason = reasonForNone(table) {
            notes.append("'\(table.name)' stays empty: \(reason)")
            return
        }
        var unique = uniqueColumns(of: table).map { UniqueValues(columns: $0) }
        let makers = table.columns.map {
            ValueMaker($0, later: later($0, in: table), madeFrom: conversion($0, in: table))
        }
        // What is made from several columns is only seen when it is made.
        let pair = pair(table).flatMap { $0.conversions.isEmpty ? nil : $0 }
        let migration = pair.map { RecordMigration(repeating: $0, at: .now, seed: "made up") }
        var uniqueLater = (pair?.new.indexes ?? []).filter { index in
            index.isUnique && index.parts.contains { pair?.conversions[$0.column] != nil }
        }.map { UniqueValues(columns: $0.parts.map(\.column)) }
        let check = RecordCheck(table)
        for _ in 0..<count {
            var row: [Value]?
            var later: [Value]?
            for _ in 0..<RowMaker.attempts {
                let made: [Value]
                switch makeRow(table, makers) {
                case .success(let values): made = values
                case .failure(let obstacle):
                    if rows[table.position].isEmpty { notes.append("'\(table.name)' stays empty: \(obstacle.reason)") }
                    return
                }
                guard let checked = try? check.check(made), !unique.contains(where: { $0.has(made) }) else { continue }
                if let migration {
                    let rows = rows
                    guard
                        let migrated = try? migration.migrate(
                            checked.changed ?? made, lookUp: { $0.found($1, in: rows) }),
                        (try? migration.look(at: migrated)) != nil,
                        !uniqueLater.contains(where: { $0.has(migrated) })
                    else { continue }
                    later = migrated
                }
                row = checked.changed ?? made
                break
            }
            // There are no more that differ.
            guard let row else { break }
            for place in unique.indices { unique[place].insert(row) }
            if let later { for place in uniqueLater.indices { uniqueLater[place].insert(later) } }
            rows[table.position].append(row)
        }
        if rows[table.position].isEmpty { notes.append("'\(table.name)' stays empty: no record was found that fits") }
    }

    private static let attempts = 30

    /// Why no record of a table could fit the change; nil when one can.
    private func reasonForNone(_ table: Table) -> String? {
        guard let pair = pair(table) else { return nil }
        for (column, source) in zip(pair.new.columns, pair.sources)
        where source == nil && !pair.isNullWhenAdded(column.position) {
            if column.referencedTable != nil {
                return "'\(column.name)' is new in it and refers to a record that made-up ones are none of"
            }
            if pair.conversions[column.position] != nil { continue }
            if (try? column.valueWhenMissing(in: pair.new)) == nil {
                return "'\(column.name)' is new in it, required and without a default, which only an empty table takes"
            }
        }
        return nil
    }

    /// The columns that no two records have the same values in.
    private func uniqueColumns(of table: Table) -> [[Int]] {
        var all = [table.key] + table.indexes.filter(\.isUnique).map { $0.parts.map(\.column) }
        guard let pair = pair(table) else { return all }
        for index in pair.new.indexes where index.isUnique {
            if index.parts.contains(where: { pair.conversions[$0.column] != nil }) { continue }
            let added = index.parts.filter { pair.sources[$0.column] == nil }.map { pair.new.columns[$0.column] }
            // Null differs from null, and so do new ids; any other default is the same in all records.
            if added.contains(where: { $0.isNullWhenAdded || $0.defaultValue == .uuid }) { continue }
            all.append(index.parts.compactMap { pair.sources[$0.column] })
        }
        return all
    }

    // MARK: Records

    private struct Obstacle: Error {
        let reason: String
    }

    private mutating func makeRow(_ table: Table, _ makers: [ValueMaker]) -> Result<[Value], Obstacle> {
        var row = [Value](repeating: .null, count: table.columns.count)
        // References last: one to the table itself may need the key.
        for isReference in [false, true] {
            for column in table.columns {
                let targets = targets(of: column, in: table)
                guard targets.isEmpty != isReference else { continue }
                let value =
                    isReference
                    ? reference(column, to: targets, in: table, row) : makers[column.position].make(&random)
                guard let value else { return .failure(obstacle(column, isReference: isReference)) }
                row[column.position] = value
            }
        }
        // What is looked up for a record is there, mostly.
        for (column, lookup) in lookups(of: table).sorted(by: { $0.key < $1.key })
        where targets(of: table.columns[column], in: table).isEmpty && random.chance(90) {
            let found = rows[lookup.table.position].randomElement(using: &random)?[lookup.unique.position]
            if let found, !found.isNull { row[column] = found }
        }
        return .success(row)
    }

    private func obstacle(_ column: Column, isReference: Bool) -> Obstacle {
        if isReference { return Obstacle(reason: "there is no record that '\(column.name)' could refer to") }
        let pattern = column.rules.pattern.map { ", such as the pattern \($0)" } ?? ""
        return Obstacle(reason: "no value was found that keeps all rules of '\(column.name)'\(pattern)")
    }

    /// A key of a record that is there, in all tables the column refers to; null where it may be.
    private mutating func reference(
        _ column: Column, to targets: [Table?], in table: Table, _ row: [Value]
    ) -> Value? {
        let mayBeNull = column.isNullable && later(column, in: table)?.isNullable ?? true
        if mayBeNull, random.chance(20) { return .null }
        let keys = targets.map { target -> [Value] in
            guard let target, target.key.count == 1 else { return [] }
            return rows[target.position].map { $0[target.key[0]] }
        }
        let common = keys.dropFirst().reduce(keys.first ?? []) { common, keys in
            let known = Set(keys)
            return common.filter(known.contains)
        }
        if let key = common.randomElement(using: &random) { return key }
        if mayBeNull { return .null }
        // The first record of a table that must refer to itself refers to itself.
        let isOwn = targets.allSatisfy { $0 === table } && !table.isKey(column.position)
        // A key that is a reference itself may not be made yet.
        return isOwn && !row[table.key[0]].isNull ? row[table.key[0]] : nil
    }
}

/// The values that are taken under a unique index.
private struct UniqueValues {
    let columns: [Int]
    private var taken: Set<[Value]> = []

    init(columns: [Int]) { self.columns = columns }

    /// Whether a record has values that another has; one with a null among them counts for none.
    func has(_ row: [Value]) -> Bool {
        let values = columns.map { row[$0] }
        return !values.contains(where: \.isNull) && taken.contains(values)
    }

    mutating func insert(_ row: [Value]) { taken.insert(columns.map { row[$0] }) }
}
