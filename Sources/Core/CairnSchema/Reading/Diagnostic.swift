/// One thing a reader of schema or configuration files has to say about a file.
public struct Diagnostic: Sendable, Hashable, CustomStringConvertible {
    /// How much it matters.
    public enum Severity: String, Sendable, Hashable {
        /// The file cannot be used.
        case error
        /// The file can be used; something in it deserves a look.
        case warning
    }

    /// A place in a file.
    public struct Location: Sendable, Hashable, CustomStringConvertible {
        /// The file as it was named by whoever opened it.
        public let file: String
        /// The line, from 1.
        public let line: Int
        /// The column, from 1, in bytes.
        public let column: Int

        /// `file:line:column`.
        public var description: String { "\(file):\(line):\(column)" }
    }

    /// How much it matters.
    public let severity: Severity
    /// A stable dotted code, such as `schema.unknown_type`.
    public let code: String
    /// What is wrong.
    public let message: String
    /// What to do about it.
    public let remedy: String?
    /// Where.
    public let location: Location

    /// One line in the format of compilers, which editors and build systems understand.
    public var description: String {
        let advice = remedy.map { "; \($0)" } ?? ""
        return "\(location): \(severity.rawValue): \(message)\(advice) [\(code)]"
    }
}

/// A schema that cannot be used: every error found in it, in file order.
public struct SchemaError: Error, Sendable, CustomStringConvertible {
    /// The errors and warnings, in file order; at least one error.
    public let diagnostics: [Diagnostic]

    package init(_ diagnostics: [Diagnostic]) {
        self.diagnostics = diagnostics
    }

    /// The diagnostics, one a line.
    public var description: String { diagnostics.map(\.description).joined(separator: "\n") }
}

/// Collects what a reader finds, in any order, and gives it back in file order.
package struct DiagnosticCollector {
    private let source: SourceText
    private var found: [(offset: Int, diagnostic: Diagnostic)] = []

    package init(_ source: SourceText) {
        self.source = source
    }

    /// A scanner at a value of the file, which was scanned as a whole before.
    func scanner(at offset: Int) -> JSONScanner {
        JSONScanner(source.bytes, from: offset, syntax: .relaxed)
    }

    package var hasErrors: Bool { found.contains { $0.diagnostic.severity == .error } }

    package mutating func error(_ code: String, at offset: Int, _ message: String, remedy: String? = nil) {
        add(.error, code, offset, message, remedy)
    }

    package mutating func warning(_ code: String, at offset: Int, _ message: String, remedy: String? = nil) {
        add(.warning, code, offset, message, remedy)
    }

    private mutating func add(
        _ severity: Diagnostic.Severity, _ code: String, _ offset: Int, _ message: String, _ remedy: String?
    ) {
        let location = source.location(at: offset)
        found.append(
            (offset, Diagnostic(severity: severity, code: code, message: message, remedy: remedy, location: location)))
    }

    /// Everything found, in file order; at one place in the order it was found.
    package var diagnostics: [Diagnostic] {
        found.enumerated()
            .sorted { ($0.element.offset, $0.offset) < ($1.element.offset, $1.offset) }
            .map(\.element.diagnostic)
    }
}
