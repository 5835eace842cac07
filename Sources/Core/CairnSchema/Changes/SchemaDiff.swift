/// What makes one schema of another: pure, and the same for every driver.
///
/// The identity of tables and columns is settled first (`NamePairing`), then what each of them declares is compared. Whatever
/// makes the ids of two schemas differ is an operation here, if only one that is refused: a difference that nobody saw would be
/// stored as the new schema without anybody having looked at the data.
package struct SchemaDiff: Sendable {
    package let old: Schema
    package let new: Schema
    /// The tables that are in both.
    package private(set) var pairs: [TablePair] = []
    /// Tables that only the new schema has.
    package private(set) var created: [Table] = []
    /// Tables that only the old schema has.
    package private(set) var dropped: [Table] = []
    /// The operations, in the order of their kinds.
    package private(set) var operations: [SchemaOperation] = []
    /// What must be said before anything is done.
    package private(set) var ambiguities: [SchemaAmbiguity] = []

    package init(from old: Schema, to new: Schema) {
        self.old = old
        self.new = new
        pairTables()
        findAmbiguousTables()
        compareDatabases()
        compareWindows()
        for pair in pairs {
            let comparison = TableComparison(pair, names: TableNames(pairs))
            operations += comparison.operations
        }
        let order = Dictionary(
            uniqueKeysWithValues: SchemaOperation.Kind.allCases.enumerated().map { ($0.element, $0.offset) })
        // Of one kind they stay in the order of the tables.
        operations = operations.enumerated().sorted { left, right in
            let kinds = (order[left.element.kind] ?? 0, order[right.element.kind] ?? 0)
            return kinds.0 != kinds.1 ? kinds.0 < kinds.1 : left.offset < right.offset
        }.map(\.element)
        if operations.isEmpty, old.id != new.id {
            operations = [
                SchemaOperation(.changeOption, name: "schema", before: old.id.short, after: new.id.short)
            ]
        }
    }

    /// The worst that the operations do.
    package var effect: SchemaOperation.Effect { operations.map(\.kind.effect).max() ?? .additive }

    // MARK: Tables

    private mutating func pairTables() {
        let pairing = NamePairing(
            old: old.tables.map(\.name), new: new.tables.map { .init(name: $0.name, renamedFrom: $0.renamedFrom) },
            isSettled: new.notes.namesAreSettled)
        ambiguities += pairing.conflicts.map {
            SchemaAmbiguity(table: nil, old: $0.from, new: $0.name, isDeclared: true)
        }
        for (table, source) in zip(new.tables, pairing.sources) {
            guard let source, let oldTable = old.table(named: source) else {
                created.append(table)
                operations.append(SchemaOperation(.createTable, table: table.name))
                continue
            }
            if source != table.name {
                operations.append(SchemaOperation(.renameTable, table: table.name, before: source))
            }
            pairs.append(pair(oldTable, table))
        }
        dropped = pairing.dropped.compactMap(old.table(named:))
        operations += dropped.map { SchemaOperation(.dropTable, table: $0.name) }
    }

    private mutating func pair(_ old: Table, _ new: Table) -> TablePair {
        let isSettled = self.new.notes.namesAreSettled
        let pairing = NamePairing(
            old: old.columns.map(\.name), new: new.columns.map { .init(name: $0.name, renamedFrom: $0.renamedFrom) },
            isSettled: isSettled)
        ambiguities += pairing.conflicts.map {
            SchemaAmbiguity(table: new.name, old: $0.from, new: $0.name, isDeclared: true)
        }
        ambiguities += zip(new.columns, pairing.sources).compactMap { column, source in
            isSettled ? nil : SchemaDiff.conversionInPlace(column, of: new, source.flatMap(old.column(named:)))
        }
        let dropped = pairing.dropped.compactMap { old.column(named: $0) }
        let added = zip(new.columns, pairing.sources).filter { $0.1 == nil }.map(\.0)
        var conversions: [Int: ColumnConversion] = [:]
        for column in added {
            if let conversion = column.conversion {
                do {
                    conversions[column.position] = try ColumnConversion(
                        conversion, of: old, in: self.old, for: column)
                } catch {
                    ambiguities.append(
                        SchemaAmbiguity(
                            table: new.name, old: conversion.columns.joined(separator: ", "), new: column.name,
                            isDeclared: true, mistake: error))
                }
            }
            // Its own name says that it was called nothing else.
            if isSettled || column.renamedFrom == column.name { continue }
            for gone in dropped where gone.valueType == column.valueType {
                // What it is made from it is not.
                if column.conversion?.columns.contains(where: { Utf8.equal($0, gone.name) }) ?? false { continue }
                ambiguities.append(
                    SchemaAmbiguity(table: new.name, old: gone.name, new: column.name, isDeclared: false))
            }
        }
        return TablePair(
            old: old, new: new, sources: pairing.sources.map { $0.flatMap { old.column(named: $0)?.position } },
            dropped: dropped.map(\.position), conversions: conversions)
    }

    /// A column that says it is new and made from others, though the store has it. Of the same type it is one that was made before.
    private static func conversionInPlace(_ column: Column, of table: Table, _ old: Column?) -> SchemaAmbiguity? {
        func isEnum(_ column: Column) -> Bool { if case .enumeration = column.type { true } else { false } }
        guard let old, column.conversion != nil, column.renamedFrom == column.name, old.name == column.name,
            old.valueType != column.valueType || isEnum(old) != isEnum(column)
        else { return nil }
        var ambiguity = SchemaAmbiguity(table: table.name, old: old.name, new: column.name, isDeclared: true)
        ambiguity.isInPlace = true
        return ambiguity
    }

    /// A dropped and a created table that share half of the columns of the smaller one could be the same.
    private mutating func findAmbiguousTables() {
        if new.notes.namesAreSettled { return }
        for table in created where table.renamedFrom != table.name {
            for gone in dropped {
                let shared = gone.columns.filter { column in
                    table.column(named: column.name)?.valueType == column.valueType
                }
                guard 2 * shared.count >= min(gone.columns.count, table.columns.count) else { continue }
                ambiguities.append(
                    SchemaAmbiguity(table: nil, old: gone.name, new: table.name, isDeclared: false))
            }
        }
    }

    /// Windows of which both schemas have the same change nothing.
    private mutating func compareWindows() {
        func note(_ kind: SchemaOperation.Kind, _ window: SchemaWindow?) {
            guard let window else { return }
            operations.append(SchemaOperation(kind, before: window.old.id.short, after: window.new.id.short))
        }
        if old.window == nil, new.window == nil { return }
        if let window = old.window, window.isSame(new.window) { return }
        note(.closeWindow, old.window)
        note(.openWindow, new.window)
    }

    private mutating func compareDatabases() {
        if old.database != new.database {
            operations.append(
                SchemaOperation(.changeOption, name: "database", before: old.database, after: new.database))
        }
    }
}

/// The new names of old tables.
struct TableNames {
    private let names: [String: String]

    init(_ pairs: [TablePair]) {
        names = Dictionary(pairs.map { ($0.old.name, $0.new.name) }, uniquingKeysWith: { first, _ in first })
    }

    /// What an old table is called in the new schema; nil when it is gone.
    func new(_ old: String) -> String? { names[old] }
}
