import CairnCore
import CairnSchema
import S3Client

/// Tells what kept a command from running.
enum ErrorReport {
    /// One line for people, or one object for programs, to the error output.
    static func write(_ error: any Error, _ console: Console, isJSON: Bool) {
        let facts = Facts(error)
        guard isJSON else {
            let prefix = console.paint("cairn:", .error, on: .errors)
            return console.report("\(prefix) \(Printable.line(facts.text))")
        }
        console.report(
            JSONText.compact { writer in
                writer.object { writer in
                    writer.member("code", .string(facts.code))
                    writer.member("message", .string(facts.message))
                    writer.member("remedy", facts.remedy.map(JSONValue.string) ?? .null)
                    for (name, value) in facts.details { writer.member(name, value) }
                }
            })
    }

    /// What the client tells a program to do, as what a person at the shell can do.
    static func remedy(_ text: String) -> String {
        for (said, meant) in remedies where text.contains(said) {
            return text.replacing(said, with: meant)
        }
        return text
    }

    private static let remedies = [
        ("allow it to be overwritten", "add --overwrite"), ("or choose anonymous access", "or add --no-sign-request"),
        (
            "delete all that is in it first, versions and unended uploads too",
            "add --force to remove all that is in it first, versions and unended uploads too"
        ),
        ("read it as a stream, and upload that", "pipe it: cat FILE | cairn s3 put - ADDRESS"),
        (", or allow it in the client's key rules", ""),
        ("open the client with the region of the bucket", "name the region of the bucket: --region REGION"),
        ("allow more time", "allow more time with --timeout SECONDS"),
    ]

    /// What is told of an error.
    private struct Facts {
        let code: String
        let message: String
        let remedy: String?
        /// More of it, for programs.
        var details: [(String, JSONValue)] = []
        /// The line for people.
        let text: String

        init(_ error: any Error) {
            switch error {
            case let error as StorageError:
                code = error.code.rawValue
                message = error.message
                remedy = error.remedy
                text = error.description
            case let error as S3Error:
                code = error.code.rawValue
                message = error.message
                let own = error.remedy.map(ErrorReport.remedy)
                remedy = own
                // The description ends with what a program could do.
                text = String(error.description.dropLast(error.remedy?.count ?? 0)) + (own ?? "")
                details = [
                    ("bucket", .string(optional: error.details.bucket)), ("key", .string(optional: error.details.key)),
                    ("status", error.details.status.map(JSONValue.int) ?? .null),
                    ("server_code", .string(optional: error.details.serverCode)),
                    ("request_id", .string(optional: error.details.requestID)),
                    ("retryable", .bool(error.isRetryable)),
                ]
            case is CancellationError:
                code = "command.interrupted"
                message = "interrupted"
                remedy = nil
                text = message
            case let error as CommandError:
                code = error.code.rawValue
                message = error.message
                remedy = error.remedy
                text = error.message + (error.remedy.map { "; \($0)" } ?? "")
            default:
                code = "command.failed"
                message = "\(error)"
                remedy = nil
                text = message
            }
        }
    }
}

extension JSONValue {
    fileprivate static func string(optional text: String?) -> JSONValue { text.map(JSONValue.string) ?? .null }
}
