package import CairnSchema

/// Two changes that begin with one schema, made one: pure.
///
/// They commute when neither touches what the other changes: then the order does not matter, and the merged change leads from the common
/// schema to one that has both. Nothing is decided between two that do not: the conflict is named. A rename touches all of its table or column,
/// because the other change speaks of the old name. What both do alike is no conflict.
package struct SchemaMerge {
    /// The merged plan; nil when there are conflicts.
    package private(set) var plan: MigrationPlan?
    /// Why there is none.
    package private(set) var conflicts: [MergeConflict] = []

    /// Merges two plans.
    /// - Parameter names: What to call them in messages.
    package init(_ first: MigrationPlan, _ second: MigrationPlan, names: (String, String) = ("the first", "the second"))
    {
        let merger = Merger(first.diff, second.diff, names)
        let outcome = merger.merge()
        plan = outcome.plan
        conflicts = outcome.conflicts
    }

    /// Makes the plan what is left of it where the first of both was applied already. It must do what the second says and nothing else: a
    /// `renamed_from` that meant nothing in the common schema could mean a column that the first has made.
    package mutating func takeOff(_ first: MigrationPlan, leaving second: MigrationPlan) {
        guard let merged = plan else { return }
        let rest = MigrationPlan(from: first.diff.new, to: merged.diff.new)
        let merger = Merger(first.diff, second.diff, ("", ""))
        let wanted = Set(second.diff.operations)
        let strange = rest.diff.operations.first { !wanted.contains($0) && !merger.isImplied($0) }
        let problem = rest.diff.ambiguities.first?.message ?? strange.map { "it would \($0), which neither plan says" }
        plan = problem == nil ? rest : nil
        if let problem {
            conflicts = [
                MergeConflict(
                    first: nil, second: nil,
                    message: "what is left cannot be told from the two schemas: \(problem); plan it anew from the store"
                )
            ]
        }
    }
}

/// Why two changes do not commute.
package struct MergeConflict: Sendable, Hashable {
    /// The operation of the first plan; nil when no single one is to blame.
    package let first: SchemaOperation?
    /// The operation of the second.
    package let second: SchemaOperation?
    /// What is in the way.
    package let message: String
}

private struct Merger {
    let first: SchemaDiff
    let second: SchemaDiff
    let names: (String, String)

    init(_ first: SchemaDiff, _ second: SchemaDiff, _ names: (String, String)) {
        self.first = first
        self.second = second
        self.names = names
    }

    func merge() -> (plan: MigrationPlan?, conflicts: [MergeConflict]) {
        guard first.old.id == second.old.id else {
            let message =
                "\(names.0) begins with the schema \(first.old.id.short) and \(names.1) with \(second.old.id.short): only changes of one schema are merged"
            return (nil, [conflict(message)])
        }
        if let ambiguity = (first.ambiguities + second.ambiguities).first {
            return (nil, [conflict(ambiguity.message)])
        }
        let agreed = Set(first.operations).intersection(second.operations).filter(isSame)
        let conflicts = conflicts(besides: agreed)
        guard conflicts.isEmpty else { return (nil, conflicts) }
        return union()
    }

    private func conflict(
        _ message: String, _ first: SchemaOperation? = nil, _ second: SchemaOperation? = nil
    ) -> MergeConflict {
        MergeConflict(first: first, second: second, message: message)
    }

    /// Whether an operation that both have is the same in both: creating a table does not say which.
    private func isSame(_ operation: SchemaOperation) -> Bool {
        guard operation.kind == .createTable else { return true }
        func table(_ diff: SchemaDiff) -> JSONValue? {
            diff.new.canonicalValue["tables"].flatMap { $0[operation.table ?? ""] }
        }
        return table(first) == table(second)
    }

    private func conflicts(besides agreed: Set<SchemaOperation>) -> [MergeConflict] {
        func parts(_ diff: SchemaDiff) -> [(SchemaOperation, TouchedParts)] {
            diff.operations.filter { !agreed.contains($0) }.map { ($0, TouchedParts($0, in: diff)) }
        }
        let others = parts(second)
        return parts(first).flatMap { operation, touched in
            others.filter { touched.meets($0.1) }.map { other, _ in
                conflict(
                    "\(names.0) would \(operation), and \(names.1) would \(other): they do not commute", operation,
                    other)
            }
        }
    }

    // MARK: The union

    /// What both changes lead to, and a plan for it.
    private func union() -> (plan: MigrationPlan?, conflicts: [MergeConflict]) {
        var merged = ThreeWayMerge()
        // What one side renamed the other has not touched: there it is gone under the old name and new under the new one.
        let value = merged.merge(
            first.old.annotatedValue, first.new.annotatedValue, second.new.annotatedValue, at: [])
        if let path = merged.conflicts.first {
            let place = path.map { "'\($0)'" }.joined(separator: ", ")
            return (nil, [conflict("both change \(place), each to something else")])
        }
        let schema: Schema
        do throws(SchemaError) {
            schema = try Schema(stored: (value ?? .null).description, file: "merged")
        } catch {
            let message = error.diagnostics.first { $0.severity == .error }?.message ?? "it has errors"
            return (nil, [conflict("what both lead to is no schema: \(message)")])
        }
        let plan = MigrationPlan(from: first.old, to: schema)
        if let conflict = check(plan) { return (nil, [conflict]) }
        return (plan, [])
    }

    /// Whether the merged change does what both do, and nothing else: seen from what it does, not from how it was made.
    private func check(_ plan: MigrationPlan) -> MergeConflict? {
        if let ambiguity = plan.diff.ambiguities.first {
            return conflict(
                "together they could be a rename: \(ambiguity.message) Apply one of them first, and plan the other from there",
                operation(first, about: ambiguity), operation(second, about: ambiguity))
        }
        if let name = plan.allFindings.first(where: { $0.rule == .name }) { return conflict(name.message) }
        let wanted = Set(first.operations).union(second.operations)
        let made = Set(plan.diff.operations)
        if let missing = (first.operations + second.operations).first(where: { !made.contains($0) && !isImplied($0) }) {
            return conflict("together they would no longer \(missing)", missing)
        }
        if let added = plan.diff.operations.first(where: { !wanted.contains($0) && !isImplied($0) }) {
            return conflict("together they would also \(added), which neither does alone")
        }
        return nil
    }

    /// Whether an operation is about the index that a reference gets when no other begins with its column: which of them there are
    /// follows from what both declare.
    fileprivate func isImplied(_ operation: SchemaOperation) -> Bool {
        guard operation.kind == .addIndex || operation.kind == .dropIndex else { return false }
        return [first, second].contains { diff in
            let tables =
                [diff.new.table(named: operation.table ?? "")]
                + diff.pairs.filter { $0.new.name == operation.table }.map(\.old)
            return tables.contains { $0?.index(named: operation.name ?? "")?.origin == .reference }
        }
    }

    private func operation(_ diff: SchemaDiff, about ambiguity: SchemaAmbiguity) -> SchemaOperation? {
        let names = [ambiguity.old, ambiguity.new]
        return diff.operations.first { operation in
            if let table = ambiguity.table {
                return operation.table == table && names.contains(operation.name ?? "")
                    && [.dropColumn, .addColumn, .addRequiredColumn, .addConvertedColumn].contains(operation.kind)
            }
            return names.contains(operation.table ?? "") && [.dropTable, .createTable].contains(operation.kind)
        }
    }
}
