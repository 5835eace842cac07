import CairnSchema

/// One command of the tool: what its line looks like, and what it does.
protocol Command: Sendable {
    /// Its name, arguments and options. Parser, help and completion are made from it, so they cannot disagree.
    var signature: Signature { get }

    /// Does the work.
    /// - Returns: Whether it found what it was asked to look for.
    /// - Throws: What kept it from running: `CommandError`, `StorageError`.
    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode
}

/// What the shell gets.
enum ExitCode: Int32, Sendable {
    /// Done.
    case done = 0
    /// It found what it was asked to look for: errors in a schema, stale files, no such record.
    case found = 1
    /// It could not run.
    case failed = 2
}

/// Why a command could not run, when no store is to blame.
struct CommandError: Error {
    /// The kinds of errors, as `--json` shows them.
    enum Code: String, Sendable {
        /// There is no such command.
        case command = "command.unknown"
        /// Options or arguments cannot be understood.
        case usage = "command.usage"
        /// A file or folder cannot be read or written, or is in the way.
        case file = "command.file"
        /// The person who was asked said no.
        case declined = "command.declined"
    }

    let code: Code
    let message: String
    let remedy: String?

    init(_ code: Code, _ message: String, remedy: String? = nil) {
        self.code = code
        self.message = MessageText.bounded(message)
        self.remedy = remedy.map(MessageText.bounded)
    }
}
