import CairnCore
import CairnSchema

@testable import CairnCommand

/// Which errors reading may throw: ours, with a message that can be shown.
enum Expected {
    /// What `body` gives; nil when it threw an error that is ours.
    /// - Throws: ``FuzzFailure`` for any other error, and for one of ours that is not as it should be.
    static func result<Result>(_ body: () throws -> Result) throws -> Result? {
        do {
            return try body()
        } catch {
            try check(error)
            return nil
        }
    }

    /// As ``result(_:)-(()throws->Result)``.
    static func result<Result>(_ body: () async throws -> Result) async throws -> Result? {
        do {
            return try await body()
        } catch {
            try check(error)
            return nil
        }
    }

    /// Checks an error.
    static func check(_ error: any Error) throws {
        switch error {
        case let error as StorageError:
            try hold(error.code.rawValue.contains("."), "an error without a code: \(error)")
            try check(error.message)
            try error.remedy.map(check)
        case let error as CommandError:
            try check(error.message)
            try error.remedy.map(check)
        case let error as JSONError:
            try check(error.message)
            try hold(error.offset >= 0, "an error before the beginning: \(error)")
        case let error as SchemaError:
            try hold(error.diagnostics.contains { $0.severity == .error }, "a schema error without an error")
            try check(error.diagnostics)
        default: throw error
        }
    }

    /// Checks what a reader of a file has to say.
    static func check(_ diagnostics: [Diagnostic]) throws {
        try hold(diagnostics.count <= 1001, "\(diagnostics.count) diagnostics")
        for diagnostic in diagnostics {
            try check(diagnostic.message)
            try diagnostic.remedy.map(check)
            try hold(diagnostic.location.line > 0 && diagnostic.location.column > 0, "no place: \(diagnostic)")
        }
    }

    private static func check(_ message: String) throws {
        try hold(!message.isEmpty, "an empty message")
        try hold(message.utf8.count <= 5000, "a message of \(message.utf8.count) bytes: \(message.prefix(80))")
    }
}
