/// Compares the indexes of a table in two schemas by what they are: a name that only follows the new name of a column does not
/// count, and an index that `unique` or `references` implied may be declared now.
struct IndexComparison {
    private(set) var operations: [SchemaOperation] = []

    /// An index in terms of the new table.
    private struct Shape: Hashable {
        /// For each part the column, and whether it descends.
        let parts: [IndexPart]
        let included: Set<Int>
        let isUnique: Bool
        let condition: IndexCondition?
    }

    init(_ pair: TablePair) {
        var gone = pair.old.indexes.map { index in (index: index, shape: IndexComparison.shape(index, pair)) }
        var added: [Index] = []
        for index in pair.new.indexes {
            let shape = IndexComparison.shape(index)
            let same = gone.firstIndex { old in
                guard old.shape == shape else { return false }
                if index.origin == .declared || old.index.origin == .declared {
                    return old.index.name == index.name && old.index.origin == index.origin
                }
                return true
            }
            if let same { gone.remove(at: same) } else { added.append(index) }
        }
        for (index, _) in gone { drop(index, pair) }
        for index in added {
            add(index, pair, replacing: gone.first { $0.index.name == index.name }?.index)
        }
    }

    private static func shape(_ index: Index) -> Shape {
        Shape(
            parts: index.parts, included: Set(index.included), isUnique: index.isUnique,
            condition: index.condition)
    }

    /// The shape of an old index; nil when a column of it is gone.
    private static func shape(_ index: Index, _ pair: TablePair) -> Shape? {
        var parts: [IndexPart] = []
        for part in index.parts {
            guard let column = pair.position(ofOld: part.column) else { return nil }
            parts.append(IndexPart(column: column, isDescending: part.isDescending))
        }
        let included = index.included.compactMap(pair.position(ofOld:))
        guard included.count == index.included.count else { return nil }
        let condition = index.condition?.moved(pair.position(ofOld:))
        guard (condition == nil) == (index.condition == nil) else { return nil }
        return Shape(parts: parts, included: Set(included), isUnique: index.isUnique, condition: condition)
    }

    private mutating func drop(_ index: Index, _ pair: TablePair) {
        operations.append(
            SchemaOperation(
                index.isUnique ? .dropUniqueIndex : .dropIndex, table: pair.new.name, name: index.name,
                before: IndexComparison.text(index, pair.old)))
    }

    private mutating func add(_ index: Index, _ pair: TablePair, replacing old: Index?) {
        // Records with a null among the values don't count, so none can stand in the way.
        let isFree = index.parts.contains { part in
            pair.isNullWhenAdded(part.column)
        }
        operations.append(
            SchemaOperation(
                index.isUnique && !isFree ? .addUniqueIndex : .addIndex, table: pair.new.name, name: index.name,
                before: old.map { IndexComparison.text($0, pair.old) }, after: IndexComparison.text(index, pair.new)))
    }

    private static func text(_ index: Index, _ table: Table) -> String {
        CanonicalForm.text(of: index, in: table)
    }
}
