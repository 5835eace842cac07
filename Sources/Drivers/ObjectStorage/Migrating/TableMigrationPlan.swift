import CairnCore
import CairnSchema

/// What must be made for one table of a new schema: pure, by the schemas alone.
struct TableMigrationPlan: Sendable {
    let isRenamed: Bool
    /// For each index of the new table, the position of the old one whose entries are the same; nil where it is built.
    let sources: [Int?]
    /// Whether each record is looked at by the rules of the new table.
    let looksAtRecords: Bool
    /// Whether records get values that only this process can make.
    let makesValues: Bool
    /// Whether all records are read.
    let readsRecords: Bool
    /// Whether something is made of all records but values: what was looked at and kept by an earlier run is read all the same.
    let needsRecords: Bool
    /// Indexes that are unique, and were not.
    let newlyUnique: [Int]

    /// Whether what records get is kept beside their files.
    var keepsValues: Bool { makesValues && !isRenamed }

    /// Indexes that are built, by position.
    var built: [Int] { sources.indices.filter { sources[$0] == nil } }

    init(_ pair: TablePair, in migration: Migration) {
        isRenamed = !Utf8.equal(pair.old.name, pair.new.name)
        let old = pair.old.indexes.map { Shape($0, of: pair.old, columns: TableMigrationPlan.positions(pair)) }
        let sources = pair.new.indexes.map { index in
            let wanted = Shape(index, of: pair.new, columns: Array(pair.new.columns.indices))
            return old.firstIndex { $0 != nil && $0 == wanted }
        }
        self.sources = sources
        makesValues = migration.maker(of: pair) != nil || !pair.lookups.isEmpty
        looksAtRecords = makesValues || RecordMigration.hasRules(pair, in: migration)
        needsRecords = isRenamed || !pair.dropped.isEmpty || sources.contains { $0 == nil }
        readsRecords = needsRecords || looksAtRecords
        newlyUnique = pair.new.indexes.indices.filter { place in
            guard pair.new.indexes[place].isUnique else { return false }
            return sources[place].map { !pair.old.indexes[$0].isUnique } ?? true
        }
    }

    /// For each column of the old table, its position in the new one; nil where it is gone.
    private static func positions(_ pair: TablePair) -> [Int?] {
        var positions = [Int?](repeating: nil, count: pair.old.columns.count)
        for (place, source) in pair.sources.enumerated() {
            if let source { positions[source] = place }
        }
        return positions
    }

    /// What decides the bytes of the entries of an index, in terms of the new table.
    private struct Shape: Equatable {
        struct Part: Equatable {
            let column: Int
            let type: ValueType
            let isNullable: Bool
            let isDescending: Bool
        }

        let parts: [Part]
        let condition: IndexCondition?
        /// In the order in which they are stored.
        let included: [Int]
        let types: [ValueType]

        /// - Parameter columns: The position of each column in the new table.
        init?(_ index: Index, of table: Table, columns: [Int?]) {
            var parts: [Part] = []
            for part in KeyLayout(index, of: table).parts {
                guard let column = columns[part.column] else { return nil }
                parts.append(
                    Part(
                        column: column, type: part.type, isNullable: part.isNullable, isDescending: part.isDescending))
            }
            let stored = index.included.sorted { Utf8.isLess(table.columns[$0].name, table.columns[$1].name) }
            let included = stored.compactMap { columns[$0] }
            guard included.count == stored.count else { return nil }
            condition = index.condition?.moved { columns[$0] }
            guard (condition == nil) == (index.condition == nil) else { return nil }
            self.parts = parts
            self.included = included
            types = stored.map { table.columns[$0].valueType }
        }
    }
}

extension Migration {
    /// How many records are read, given how many each table of the old schema has.
    func recordsToRead(_ count: (Table) -> Int) -> Int {
        let changed = pairs.filter { TableMigrationPlan($0, in: self).readsRecords }.map(\.old)
        return (changed + diff.dropped).reduce(0) { $0 + count($1) }
    }

    /// How many records are looked up for others, at most.
    func recordsToLookUp(_ count: (Table) -> Int) -> Int {
        pairs.reduce(0) { sum, pair in
            sum + pair.lookups.values.reduce(0) { $0 + min(count(pair.old), count($1.table)) }
        }
    }

    /// How many objects with values are written, roughly.
    func valuesToWrite(_ count: (Table) -> Int) -> Int {
        pairs.filter { TableMigrationPlan($0, in: self).keepsValues }.reduce(0) { sum, pair in
            sum + (count(pair.old) == 0 ? 0 : 2 + count(pair.old) / (KeptValuesWriter.records / 4))
        }
    }

    /// How many record files are written.
    func filesToWrite(_ count: (Table) -> Int) -> Int {
        pairs.filter { !Utf8.equal($0.old.name, $0.new.name) }.reduce(0) { $0 + count($1.old) }
    }
}
