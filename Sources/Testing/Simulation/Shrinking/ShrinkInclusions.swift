import CairnCore

/// Leaves out relations of queries that include some, and makes the queries of the related records simpler. Relations follow when tables
/// and columns go.
enum ShrinkInclusions {
    static func simplifications(_ program: Program) -> [Shrinker.Edit] {
        program.paths.flatMap { path -> [Shrinker.Edit] in
            guard case .read(.including(let spec, let inclusions, let size), let from) = program.step(at: path) else {
                return []
            }
            return simpler(inclusions).map { inclusions in
                { program in
                    program.replacing(path) { _ in [.read(.including(spec, inclusions, pageSize: size), from: from)] }
                }
            }
        }
    }

    private static func simpler(_ inclusions: [InclusionSpec]) -> [[InclusionSpec]] {
        inclusions.indices.flatMap { place in
            var fewer = inclusions
            fewer.remove(at: place)
            return [fewer]
                + simpler(inclusions[place]).map { simpler in
                    var changed = inclusions
                    changed[place] = simpler
                    return changed
                }
        }
    }

    private static func simpler(_ inclusion: InclusionSpec) -> [InclusionSpec] {
        var found = simpler(inclusion.inner).map { InclusionSpec(kind: inclusion.kind, inner: $0) }
        if case .many(let spec, let column) = inclusion.kind {
            found += ShrinkQueries.simpler(spec).map {
                InclusionSpec(kind: .many($0, by: column), inner: inclusion.inner)
            }
        }
        return found
    }
}

extension InclusionSpec {
    /// The same relation with tables at other positions; nil when its table is gone.
    func mapTables(_ moved: (Int) -> Int?) -> InclusionSpec? {
        let inner = inner.compactMap { $0.mapTables(moved) }
        switch kind {
        case .one: return InclusionSpec(kind: kind, inner: inner)
        case .many(let spec, let column):
            return spec.mapTables(moved).map { InclusionSpec(kind: .many($0, by: column), inner: inner) }
        }
    }

    /// The same relation, of records of a table `own`, with columns of a table moved; nil when its column is gone.
    func mapColumns(_ moved: (Int) -> Int?, of table: Int, in own: Int, _ schema: SchemaPlan) -> InclusionSpec? {
        func inner(in own: Int) -> [InclusionSpec] {
            self.inner.compactMap { $0.mapColumns(moved, of: table, in: own, schema) }
        }
        switch kind {
        case .one(let column):
            guard let place = own == table ? moved(column) : column,
                schema.tables.indices.contains(own), schema.tables[own].columns.indices.contains(column),
                case .reference(let target) = schema.tables[own].columns[column].kind
            else { return nil }
            return InclusionSpec(kind: .one(column: place), inner: inner(in: target))
        case .many(let spec, let column):
            guard let place = spec.table == table ? moved(column) : column else { return nil }
            return InclusionSpec(
                kind: .many(spec.mapColumns(moved, of: table), by: place), inner: inner(in: spec.table))
        }
    }
}

extension QuerySpec {
    /// The same query with tables at other positions; nil when its own is gone.
    func mapTables(_ moved: (Int) -> Int?) -> QuerySpec? {
        guard let table = moved(table) else { return nil }
        var spec = self
        spec.table = table
        spec.condition = condition?.mapTables(moved)
        spec.order = order.compactMap { $0.mapTables(moved) }
        return spec
    }

    /// The same query with columns of a table moved.
    fileprivate func mapColumns(_ moved: (Int) -> Int?, of table: Int) -> QuerySpec {
        var spec = self
        if self.table == table { spec.condition = condition?.mapLeaves { $0.mapColumn(moved) } }
        spec.condition = spec.condition?.mapRelatedColumns(moved, of: table)
        spec.order = order.compactMap { $0.mapColumns(moved, of: table, in: self.table) }
        return spec
    }
}
