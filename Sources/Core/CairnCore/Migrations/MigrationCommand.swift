package import CairnSchema

/// The command that makes a migration: a store that was closed for one names it, so that whoever finds the store closed goes on with
/// that one and not with another.
package enum MigrationCommand: Sendable, Hashable, CustomStringConvertible {
    case apply
    case start
    case complete
    case abort
    /// - Parameter before: The first migration that is taken back; nil when that is not known.
    case rollback(before: Int?)

    /// What the table is called, with a number behind it, that a schema has only while a migration is taken back.
    package static let rollbackMark = "cairn_rollback_"

    /// What follows from the schemas: which command leads from one to the other.
    package init(from: Schema, to: Schema) {
        if let table = (to.tables + from.tables).first(where: { $0.name.hasPrefix(Self.rollbackMark) }) {
            self = .rollback(before: Int(table.name.dropFirst(Self.rollbackMark.count)))
        } else if to.window != nil {
            self = .start
        } else if let window = from.window {
            self = to.id == window.old.id ? .abort : .complete
        } else {
            self = .apply
        }
    }

    /// The command that a text names in quotes, such as the reason for which a store is closed; nil where it names none.
    package init?(in text: String) {
        guard let start = text.firstRange(of: "'cairn migrate ") else { return nil }
        let words = text[start.upperBound...].prefix { $0 != "'" }.split(separator: " ")
        switch words.first {
        case "apply": self = .apply
        case "start": self = .start
        case "complete": self = .complete
        case "abort": self = .abort
        case "rollback": self = .rollback(before: words.count > 2 ? Int(words[2]) : nil)
        default: return nil
        }
    }

    /// As it is typed, without the store.
    package var description: String {
        switch self {
        case .apply: "cairn migrate apply"
        case .start: "cairn migrate start"
        case .complete: "cairn migrate complete"
        case .abort: "cairn migrate abort"
        case .rollback(let before): "cairn migrate rollback" + (before.map { " --before \($0)" } ?? "")
        }
    }

    /// Whether the other one goes on with what this one began. One that takes back may be followed by one that takes that back.
    package func isGoneOn(with other: MigrationCommand) -> Bool {
        if case (.rollback, .rollback) = (self, other) { return true }
        return self == other
    }

    /// Who uses the store once it is done, for programs that wait.
    package var whoGoesOn: String {
        switch self {
        case .apply: "start the program of the new schema once that is done"
        case .start: "open the store again once that is done: programs of both schemas use it then"
        case .complete: "open the store again once that is done, with a program of the new schema"
        case .abort: "open the store again once that is done, with a program of the old schema"
        case .rollback: "start the program of the schema of before once that is done"
        }
    }

    /// What to run where the process died that was at it.
    package var goingOn: String {
        let how =
            switch self {
            case .apply, .start: ", with the same schema file"
            case .complete, .abort, .rollback: ", as before"
            }
        return "run '\(self)' again\(how): it goes on when nothing was heard of the other one for half a minute"
    }

    /// What to run where it is not known which command was at it: those of before did not say.
    package static let unknownGoingOn =
        "run the same command again ('cairn migrate apply', 'start', 'complete', 'abort' or 'rollback'): it goes on when nothing was heard of the other one for half a minute"
}
