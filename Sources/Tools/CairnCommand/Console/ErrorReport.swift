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
                }
            })
    }

    /// What is told of an error.
    private struct Facts {
        let code: String
        let message: String
        let remedy: String?
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
                remedy = error.remedy
                text = error.description
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
