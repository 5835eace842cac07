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

    package init(_ severity: Severity, _ code: String, _ message: String, remedy: String?, at location: Location) {
        self.severity = severity
        self.code = code
        self.message = MessageText.bounded(message)
        self.remedy = remedy.map(MessageText.bounded)
        self.location = location
    }

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
    private var uncollected = 0
    /// Whether there are errors.
    package private(set) var hasErrors = false

    /// The most diagnostics of one file; of those beyond, the last one tells how many there are.
    package static let most = 1000

    package init(_ source: SourceText) {
        self.source = source
    }

    /// Where a byte of the file stands.
    func location(at offset: Int) -> Diagnostic.Location { source.location(at: offset) }

    /// Where a byte of what a string of the file says stands.
    func place(ofByte byte: Int, inStringAt start: Int) -> Int { source.place(ofByte: byte, inStringAt: start) }

    /// A scanner at a value of the file, which was scanned as a whole before.
    func scanner(at offset: Int) -> JSONScanner {
        JSONScanner(source.bytes, from: offset, syntax: .relaxed)
    }

    package mutating func error(
        _ code: String, at offset: Int, _ message: @autoclosure () -> String, remedy: @autoclosure () -> String? = nil
    ) {
        hasErrors = true
        add(.error, code, offset, message(), remedy())
    }

    package mutating func warning(
        _ code: String, at offset: Int, _ message: @autoclosure () -> String, remedy: @autoclosure () -> String? = nil
    ) {
        add(.warning, code, offset, message(), remedy())
    }

    /// Message and remedy are made only when they are kept: looking for a near name among many takes time.
    private mutating func add(
        _ severity: Diagnostic.Severity, _ code: String, _ offset: Int, _ message: @autoclosure () -> String,
        _ remedy: @autoclosure () -> String?
    ) {
        guard found.count < DiagnosticCollector.most else {
            uncollected += 1
            return
        }
        found.append((offset, diagnostic(severity, code, offset, message(), remedy())))
    }

    private func diagnostic(
        _ severity: Diagnostic.Severity, _ code: String, _ offset: Int, _ message: String, _ remedy: String?
    ) -> Diagnostic {
        Diagnostic(severity, code, message, remedy: remedy, at: source.location(at: offset))
    }

    /// Everything found, in file order; at one place in the order it was found.
    package var diagnostics: [Diagnostic] {
        let inOrder = found.enumerated()
            .sorted { ($0.element.offset, $0.offset) < ($1.element.offset, $1.offset) }
            .map(\.element.diagnostic)
        guard uncollected > 0 else { return inOrder }
        let rest = diagnostic(
            hasErrors ? .error : .warning, "schema.more", source.bytes.count,
            "there are \(uncollected) more mistakes; the first \(DiagnosticCollector.most) found are reported", nil)
        return inOrder + [rest]
    }
}
