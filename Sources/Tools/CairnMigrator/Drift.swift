package import CairnCore
package import CairnSchema

/// Whether a store is what its schema says, and has the schema that is wanted.
///
/// A driver tells what it found in the store (``SchemaSurvey``). What follows from the schemas alone is found here: that a migration is
/// being taken back, and how the store would come to the schema that is wanted. Nothing is read.
package struct Drift: Sendable {
    package let survey: SchemaSurvey
    /// The schema that is wanted; nil when any will do.
    package let wanted: Schema?
    /// All that was found: first in the store, then of its schema.
    package let findings: [DriftFinding]

    /// - Parameters:
    ///   - wanted: The schema the store shall have; nil when any will do.
    ///   - file: What the file of that schema is called in commands.
    package init(_ survey: SchemaSurvey, to wanted: Schema? = nil, file: String = "FILE") {
        self.survey = survey
        self.wanted = wanted
        var findings = survey.findings
        if let held = survey.held {
            if Rollback.isUnderWay(held) {
                // Where a store stands between two schemas no other way leads on than those two.
                findings.append(Drift.rollback(held, survey.history))
            } else if let wanted, wanted.id != held.id, let window = held.window {
                // Programs of either open it.
                if wanted.id != window.old.id, wanted.id != window.new.id {
                    findings.append(DriftFinding(.noPath, Drift.object, Migration.isOpen(window)))
                }
            } else if let wanted, wanted.id != held.id {
                findings += Drift.path(MigrationPlan(from: held, to: wanted), survey.check, file)
            }
        }
        self.findings = findings
    }

    /// What findings of the whole schema are about.
    private static let object = "schema"

    /// What is said of a store that stands between two schemas.
    package static func rollback(_ held: Schema, _ history: [PastMigration]) -> DriftFinding {
        do {
            try Rollback.checkLeaving(held, history)
        } catch let error as StorageError {
            return DriftFinding(.partlyApplied, object, error)
        } catch {
            // It throws nothing else; what follows says as much as is known.
        }
        return DriftFinding(
            .partlyApplied, object,
            "a migration is being taken back: the store has the schema \(held.id.short), which is between two, and does not remember which",
            remedy: "restore the store from a backup")
    }

    /// How a store comes to the schema that is wanted, or why it does not.
    private static func path(
        _ plan: MigrationPlan, _ check: (Migration) throws -> Void, _ file: String
    ) -> [DriftFinding] {
        let (held, wanted) = (plan.diff.old, plan.diff.new)
        switch plan.verdict {
        case .nothing: return []
        case .ambiguous:
            return plan.diff.ambiguities.map { ambiguity in
                DriftFinding(
                    .noPath, ambiguity.table.map { "table '\($0)'" } ?? object, ambiguity.message,
                    remedy: ambiguity.fixes.joined(separator: "; "))
            }
        case .refused:
            return plan.diff.operations.filter { $0.kind.effect == .refused }.map { operation in
                DriftFinding(
                    .noPath, operation.table.map { "table '\($0)'" } ?? object,
                    "this version cannot \(operation)",
                    remedy: MigrationAdvice.recipe(operation) ?? "make a new store and copy the records")
            }
        case .additive, .possible, .destructive:
            do {
                try check(Migration(from: held, to: wanted, allowsDestructive: true))
            } catch let error as StorageError {
                return [DriftFinding(.noPath, object, error)]
            } catch {
                return [DriftFinding(.noPath, object, "\(error)", remedy: "look at 'cairn migrate plan'")]
            }
            let allowing = plan.verdict == .destructive ? " --allow-destructive" : ""
            return [
                DriftFinding(
                    .behind, object,
                    "the store has the schema \(held.id.short), and \(wanted.id.short) is wanted: \(plan.steps.count) operations, \(plan.verdict.rawValue)",
                    remedy:
                        "'cairn migrate apply --to \(file)\(allowing)' makes them, with '--dry-run' it looks what stands in the way"
                )
            ]
        }
    }
}
