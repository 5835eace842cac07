import CairnCore

/// What SQLite is told of a table: two declarations that differ in nothing of it are the same table to SQLite.
enum TableForm {
    /// How a table must change.
    enum Change {
        /// Not at all.
        case none
        /// It gets columns that are null in every record there is.
        case columns([Column])
        /// It is made anew.
        case everything
    }

    /// How the table of a pair, once its names are settled, becomes the new one.
    static func change(_ pair: TablePair, in migration: Migration) -> Change {
        if !pair.dropped.isEmpty || migration.maker(of: pair) != nil { return .everything }
        var added: [Column] = []
        for (column, source) in zip(pair.new.columns, pair.sources) {
            guard let source else {
                guard pair.isNullWhenAdded(column.position), column.referencedTable == nil else { return .everything }
                added.append(column)
                continue
            }
            guard isSame(pair.old.columns[source], column, migration) else { return .everything }
        }
        return added.isEmpty ? .none : .columns(added)
    }

    private static func isSame(_ old: Column, _ new: Column, _ migration: Migration) -> Bool {
        let target = old.referencedTable.flatMap { name in migration.pairs.first { $0.old.name == name }?.new.name }
        let isSameReference =
            (old.referencedTable == nil) == (new.referencedTable == nil) && target == new.referencedTable
        return old.valueType == new.valueType && old.isNullable == new.isNullable && isSameReference
    }
}
