package import CairnCore
package import CairnSchema

/// A migration as it is shown before it is done: each operation with what it does and what can go wrong.
package struct MigrationPlan: Sendable {
    /// One operation.
    package struct Step: Sendable {
        package let operation: SchemaOperation
        package let findings: [Finding]
        /// What must hold of the store, beside its schema; nil when nothing can stand in the way.
        package let preCheck: String?
    }

    package let diff: SchemaDiff
    package private(set) var steps: [Step]
    /// What it costs; nil where nobody says.
    package let cost: MigrationCost?
    /// What it may cost.
    package let budget: MigrationBudget
    /// What is to be said of the whole.
    package let findings: [Finding]

    /// Plans the change of one schema into another. Nothing is read, nothing fails: what cannot be done is part of the plan.
    package init(
        from: Schema, to: Schema, cost: MigrationCost? = nil, budget: MigrationBudget = MigrationBudget()
    ) {
        let diff = SchemaDiff(from: from, to: to)
        let names = Lint.names(diff.operations, from: from, to: to)
        self.diff = diff
        self.cost = cost
        self.budget = budget
        // Programs of both schemas go on where a window opens, and where one ends nobody runs those of the other any more.
        let hasWindow = from.window != nil || to.window != nil
        steps = diff.operations.enumerated().map { place, operation in
            let isTotal = MigrationPlan.isTotal(operation, in: diff)
            let findings = Lint.findings(operation, in: to).filter { finding in
                switch finding.rule {
                case .renameTable, .renameColumn: !hasWindow
                case .tightenRules: !isTotal
                default: true
                }
            }
            return Step(
                operation: operation, findings: findings + names[place, default: []],
                preCheck: isTotal ? nil : operation.preCheck)
        }
        findings = names[nil, default: []] + [cost.flatMap { budget.finding($0, to) }].compactMap { $0 }
    }

    /// The plan without what a rule says of some operations, of which it is known that no record stands in their way.
    func leavingOut(_ rule: FindingCode, where isKnown: (SchemaOperation) -> Bool) -> MigrationPlan {
        var plan = self
        plan.steps = steps.map { step in
            guard isKnown(step.operation) else { return step }
            return Step(
                operation: step.operation, findings: step.findings.filter { $0.rule != rule }, preCheck: nil)
        }
        return plan
    }

    /// Whether an operation makes a column of others and no record can stand in its way.
    private static func isTotal(_ operation: SchemaOperation, in diff: SchemaDiff) -> Bool {
        guard operation.kind == .addConvertedColumn,
            let pair = diff.pairs.first(where: { $0.new.name == operation.table }),
            let column = operation.name.flatMap(pair.new.column(named:))
        else { return false }
        return pair.conversions[column.position]?.isTotal ?? false
    }

    /// All findings, in the order of the operations.
    package var allFindings: [Finding] { steps.flatMap(\.findings) + findings }

    /// Whether something of a level or above is to be said that nobody allowed.
    package func hasFindings(_ level: Finding.Level) -> Bool {
        allFindings.contains { $0.allowance == nil && $0.level >= level }
    }

    /// Whether there is nothing to do.
    package var isEmpty: Bool { steps.isEmpty && diff.ambiguities.isEmpty }

    /// What `apply` will do with it.
    package var verdict: Verdict {
        if !diff.ambiguities.isEmpty { return .ambiguous }
        if steps.isEmpty { return .nothing }
        return switch diff.effect {
        case .additive: .additive
        case .chosen, .verified: .possible
        case .destructive: .destructive
        case .refused: .refused
        }
    }

    /// What becomes of a plan. The texts are stable: programs read them.
    package enum Verdict: String, Sendable, Hashable {
        /// Both schemas are the same.
        case nothing
        /// It only adds: done at any time, also while a store is opened.
        case additive
        /// It can be done.
        case possible
        /// It can be done when dropping data is allowed.
        case destructive
        /// Something must be said first.
        case ambiguous
        /// This version does not do it.
        case refused
    }
}

extension SchemaOperation.Effect {
    /// The effect in a word, for people and programs.
    package var text: String {
        switch self {
        case .additive: "additive"
        case .chosen: "chosen"
        case .verified: "verified"
        case .destructive: "destructive"
        case .refused: "refused"
        }
    }
}
