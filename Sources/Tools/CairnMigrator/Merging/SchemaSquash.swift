import CairnSchema

/// Several changes that follow one another, made one: pure.
///
/// Each table and each column of the last schema is followed back to where it was in the first one. The plan that leads there at once must give every
/// record what the plans one by one give it: where it would give something else, or where that cannot be told from the schemas, the
/// reason is named and there is no plan. What records had to pass on the way, such as a bound that was tightened and relaxed again, is
/// not asked for.
package struct SchemaSquash {
    /// The plan for all of them; nil when there are conflicts.
    package private(set) var plan: MigrationPlan?
    /// Why there is none.
    package private(set) var conflicts: [MergeConflict] = []

    /// Makes one plan of several.
    /// - Parameters:
    ///   - plans: Each begins with the schema the one before it ends with.
    ///   - names: What to call them in messages.
    package init(_ plans: [MigrationPlan], names: [String]) {
        guard let first = plans.first, let last = plans.last else { return }
        var traces = SchemaTraces(first.diff.old)
        var held = first.diff.old
        for (plan, name) in zip(plans, names) {
            guard plan.diff.old.id == held.id else {
                note(
                    "\(name) begins with the schema \(plan.diff.old.id.short), and the plan before it ends with \(held.id.short): only plans that follow one another become one"
                )
                return
            }
            if let ambiguity = plan.diff.ambiguities.first { note("\(name): \(ambiguity.message)") }
            if let operation = plan.diff.operations.first(where: { $0.kind.effect == .refused }) {
                note("\(name) would \(operation), which this version does not do")
            }
            guard conflicts.isEmpty else { return }
            traces.follow(plan.diff, name)
            held = plan.diff.new
        }
        traces.settle(last.diff.new)
        for conflict in traces.conflicts { note(conflict) }
        guard conflicts.isEmpty else { return }
        let made = MigrationPlan(from: first.diff.old, to: last.diff.new.with(traces.names(last.diff.new)))
        if let ambiguity = made.diff.ambiguities.first {
            note("in one migration it is not clear: \(ambiguity.message)")
        } else if let operation = made.diff.operations.first(where: { $0.kind.effect == .refused }) {
            note("one migration would \(operation), which this version does not do")
        } else if let problem = traces.difference(from: made.diff) {
            note(problem)
        } else {
            plan = made
        }
    }

    private mutating func note(_ message: String) {
        conflicts.append(MergeConflict(first: nil, second: nil, message: message))
    }
}

/// Where the tables and columns of a schema were in an earlier one.
private struct SchemaTraces {
    /// Where a column was.
    struct ColumnTrace {
        /// Its name in the first schema; nil when it was added since.
        var origin: String?
        /// What its values are made from, in names of the first schema.
        var conversion: Conversion?
        /// As it was when it was added.
        var added: Column?
        /// The plan by which its values took another type.
        var converter: String?
        /// Whether its JSON began or ceased to be null: of a column that may be null, JSON null is none.
        var changesNull = false
    }

    struct TableTrace {
        /// Its name in the first schema; nil when it was created since, without records.
        var origin: String?
        var columns: [String: ColumnTrace]
    }

    private(set) var tables: [String: TableTrace] = [:]
    private(set) var conflicts: [String] = []
    /// Whether no change was followed yet.
    private var isAtFirst = true

    init(_ schema: Schema) {
        for table in schema.tables {
            tables[table.name] = TableTrace(
                origin: table.name,
                columns: Dictionary(
                    table.columns.map { ($0.name, ColumnTrace(origin: $0.name)) },
                    uniquingKeysWith: { first, _ in first }))
        }
    }

    // MARK: One change after the other

    /// Goes on by a change.
    mutating func follow(_ diff: SchemaDiff, _ name: String) {
        var next: [String: TableTrace] = [:]
        for pair in diff.pairs {
            guard let before = tables[pair.old.name] else { continue }
            var trace = TableTrace(origin: before.origin, columns: [:])
            for (column, source) in zip(pair.new.columns, pair.sources) {
                if let source {
                    trace.columns[column.name] = kept(pair.old.columns[source], column, before, pair.new, name)
                } else {
                    trace.columns[column.name] = added(column, pair, before, name)
                }
            }
            next[pair.new.name] = trace
        }
        for table in diff.created { next[table.name] = TableTrace(origin: nil, columns: [:]) }
        tables = next
        isAtFirst = false
    }

    private mutating func kept(
        _ old: Column, _ new: Column, _ before: TableTrace, _ table: Table, _ name: String
    ) -> ColumnTrace {
        var trace = before.columns[old.name] ?? ColumnTrace()
        if new.valueType == .json, old.isNullable != new.isNullable { trace.changesNull = true }
        guard old.valueType != new.valueType, before.origin != nil else { return trace }
        if trace.origin == nil {
            conflicts.append(
                "\(name) gives column '\(new.name)' of '\(table.name)' another type, and a plan before it has added it: its values cannot be made at once"
            )
        } else if let converter = trace.converter {
            conflicts.append(
                "\(converter) and \(name) each give column '\(new.name)' of '\(table.name)' another type: at once its values could become others"
            )
        }
        trace.converter = name
        return trace
    }

    private mutating func added(
        _ column: Column, _ pair: TablePair, _ before: TableTrace, _ name: String
    ) -> ColumnTrace {
        var trace = ColumnTrace(added: column)
        guard before.origin != nil, let conversion = pair.conversions[column.position]?.conversion else { return trace }
        if case .lookup(_, let table, _, _) = conversion.source, !isAtFirst {
            conflicts.append(
                "\(name) looks up what column '\(column.name)' of '\(pair.new.name)' gets in '\(table)', as it is then: only the first plan can do that at once"
            )
        }
        for source in conversion.columns {
            let earlier = before.columns[source]
            if earlier?.origin == nil || earlier?.converter != nil {
                conflicts.append(
                    "\(name) makes column '\(column.name)' of '\(pair.new.name)' from '\(source)', which a plan before it has made: it cannot be made at once"
                )
            } else if earlier?.changesNull == true {
                conflicts.append(
                    "\(name) makes column '\(column.name)' of '\(pair.new.name)' from '\(source)', of which a plan before it has changed whether it may be null: JSON null is a value only where it may not"
                )
            }
        }
        trace.conversion = conversion.reading { before.columns[$0]?.origin ?? $0 }
        return trace
    }

    // MARK: The end

    /// Looks whether what was added is still what it was then: records have got what was declared then.
    mutating func settle(_ schema: Schema) {
        for table in schema.tables {
            guard let trace = tables[table.name], trace.origin != nil else { continue }
            for column in table.columns {
                guard let added = trace.columns[column.name]?.added else { continue }
                let isSame =
                    added.defaultValue == column.defaultValue && added.isNullable == column.isNullable
                    && added.valueType == column.valueType
                if isSame { continue }
                conflicts.append(
                    "column '\(column.name)' of '\(table.name)' is added, and gets another default or other rules of null later: records would have something else in it"
                )
            }
        }
    }

    /// What the tables and columns of the last schema were in the first one. Its own name says of one that it is new.
    func names(_ schema: Schema) -> FormerNames {
        var names = FormerNames()
        // What is not clear in one migration is to be seen, not to be taken for said.
        names.isComplete = false
        for table in schema.tables {
            let trace = tables[table.name]
            let origin = trace?.origin ?? table.name
            if trace?.origin == nil || origin != table.name { names.tables[table.name] = origin }
            guard trace?.origin != nil else { continue }
            for column in table.columns {
                let from = trace?.columns[column.name]
                if from?.origin != column.name {
                    names.columns[table.name, default: [:]][column.name] = from?.origin ?? column.name
                }
                if let conversion = from?.conversion {
                    names.conversions[table.name, default: [:]][column.name] = conversion
                }
            }
        }
        return names
    }

    /// Where a change takes something for another than it was.
    func difference(from diff: SchemaDiff) -> String? {
        for pair in diff.pairs {
            guard let trace = tables[pair.new.name], trace.origin == pair.old.name else {
                return
                    "table '\(pair.old.name)' is dropped, and another one gets its name: in one migration they would be the same"
            }
            for (column, source) in zip(pair.new.columns, pair.sources)
            where trace.columns[column.name]?.origin != source.map({ pair.old.columns[$0].name }) {
                return
                    "column '\(column.name)' of '\(pair.new.name)' is dropped, and another one gets its name: in one migration they would be the same"
            }
        }
        let lost = diff.created.first { tables[$0.name]?.origin != nil }
        return lost.map { "table '\($0.name)' would be created, and its records would be lost" }
    }
}
