import CairnCore
import CairnMigrator
import CairnSchema

/// What is taken back, as it is shown.
struct RollbackView {
    private let rollback: Rollback
    private let number: Int
    private let views: [MigrationView]
    /// What came back.
    var restored: [RestoredTable] = []
    /// What became of it.
    var outcome = MigrationView.Outcome.planned

    init(_ rollback: Rollback, number: Int, allowsDestructive: Bool) {
        self.rollback = rollback
        self.number = number
        views = rollback.undoings.map {
            MigrationView(
                $0.plan, allowsDestructive: allowsDestructive || $0.isUnderWay, isFlagged: allowsDestructive)
        }
    }

    /// Whether it would be done.
    var isPossible: Bool { views.allSatisfy(\.isPossible) }

    func text(_ console: Console) -> String {
        var lines: [String] = []
        for (undoing, view) in zip(rollback.undoings, views) {
            let under = undoing.isUnderWay ? ", which is under way" : ""
            lines.append("migration \(undoing.past.number) of \(undoing.past.time) is taken back\(under):")
            lines.append(view.steps(console))
        }
        for table in restored {
            let what =
                table.columns.isEmpty
                ? "are there again" : "have \(table.columns.joined(separator: ", ")) again"
            let deleted = table.deleted == 0 ? "" : ", \(table.deleted) were deleted since"
            lines.append("table '\(table.table)': \(table.records) records \(what)\(deleted)")
            for lost in table.lost {
                lines.append("\(console.paint("warning:", .warning)) stays away: \(Printable.line(lost))")
            }
        }
        for migration in rollback.left {
            let tables = migration.kept.map { "'\($0)'" }.joined(separator: ", ")
            lines.append(
                "\(console.paint("warning:", .warning)) what migration \(migration.number) dropped of \(tables) was not put back, as the schema came back in another way; it is kept aside for 30 days: in tables of a SQLite file that begin with _cairn_kept_\(migration.number)_, under _trash/ in a folder or a bucket"
            )
        }
        let columns = rollback.undoings.flatMap(\.columnsOfOtherNotation)
        if !columns.isEmpty {
            lines.append(
                "\(console.paint("warning:", .warning)) the texts of \(Printable.line(columns.joined(separator: ", "))) come back in the notation of their values: what was 3.50 is 3.5, and capital letters of a UUID are small"
            )
        }
        lines.append(verdict)
        return lines.joined(separator: "\n")
    }

    private var verdict: String {
        if rollback.undoings.isEmpty {
            return "Nothing to do: the store has the schema it had before migration \(number)."
        }
        switch outcome {
        case .applied:
            let but = rollback.undoings.allSatisfy(\.columnsOfOtherNotation.isEmpty) ? "" : ", but for that notation"
            return "Done: the store is as it was before migration \(number)\(but)."
        case .rehearsed: return "Nothing stands in the way of the first step. Nothing was changed."
        case .planned:
            return views.allSatisfy { $0.isPossible }
                ? "It can be done, unless a record stands in its way."
                : "It is not done: data that came since would go ('--allow-destructive'), or it cannot be taken back."
        }
    }

    var json: String {
        JSONText.pretty { writer in
            writer.object { writer in
                writer.member("before", .int(number))
                writer.member("possible", .bool(isPossible))
                writer.member("outcome", .string(outcome.rawValue))
                writer.member("not_put_back", .array(rollback.left.map { .int($0.number) }))
                writer.members("migrations", rollback.undoings) { undoing, writer in
                    writer.member("number", .int(undoing.past.number))
                    writer.member("from", .string(undoing.past.to.id.description))
                    writer.member("to", .string(undoing.past.from.id.description))
                    writer.member("under_way", .bool(undoing.isUnderWay))
                    writer.member(
                        "steps", .array(undoing.plan.steps.map { .string($0.operation.description) }))
                }
                writer.member(
                    "other_notation",
                    .array(rollback.undoings.flatMap(\.columnsOfOtherNotation).map(JSONValue.string)))
                writer.members("restored", restored) { table, writer in
                    writer.member("table", .string(table.table))
                    writer.member("columns", .array(table.columns.map(JSONValue.string)))
                    writer.member("records", .int(table.records))
                    writer.member("deleted", .int(table.deleted))
                    writer.member("lost", .array(table.lost.map(JSONValue.string)))
                }
            }
        }
    }
}
