import CairnSchema

/// Shows what a reader of schema files found.
enum DiagnosticReport {
    /// A line for each, in the format of compilers, which editors understand.
    static func write(_ diagnostics: [Diagnostic], _ console: Console, to stream: Console.Stream) {
        for diagnostic in diagnostics {
            let style: Console.Style = diagnostic.severity == .error ? .error : .warning
            let severity = console.paint("\(diagnostic.severity.rawValue):", style, on: stream)
            let advice = diagnostic.remedy.map { "; \($0)" } ?? ""
            let message = Printable.line("\(diagnostic.message)\(advice) [\(diagnostic.code)]")
            console.write("\(Printable.line(diagnostic.location.description)): \(severity) \(message)", to: stream)
        }
    }

    /// An array with an object for each.
    static func write(_ diagnostics: [Diagnostic], _ writer: inout JSONWriter) {
        writer.objects(diagnostics) { diagnostic, writer in
            writer.member("file", .string(diagnostic.location.file))
            writer.member("line", .int(diagnostic.location.line))
            writer.member("column", .int(diagnostic.location.column))
            writer.member("severity", .string(diagnostic.severity.rawValue))
            writer.member("code", .string(diagnostic.code))
            writer.member("message", .string(diagnostic.message))
            writer.member("remedy", diagnostic.remedy.map(JSONValue.string) ?? .null)
        }
    }
}
