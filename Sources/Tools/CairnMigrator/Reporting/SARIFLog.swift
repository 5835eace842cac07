package import CairnSchema

/// What was found, in the form in which code hosts and editors take it: SARIF 2.1.0 (OASIS, Static Analysis Results Interchange
/// Format).
///
/// What is allowed stands in it as a suppressed result, with its reason. The section numbers below are those of the standard.
package struct SARIFLog: Sendable {
    /// A kind of finding.
    package struct Rule: Sendable, Hashable {
        package let id: String
        /// What it is about, where the code alone does not say.
        package let title: String?

        package init(id: String, title: String? = nil) {
            self.id = id
            self.title = title
        }
    }

    /// One finding.
    package struct Result: Sendable {
        package let rule: Rule
        package let level: Finding.Level
        package let message: String
        /// The file it is about.
        package let file: String
        /// Where in it; nil for the file as a whole.
        package var location: Diagnostic.Location?
        /// What allows it.
        package var allowance: Allowance?

        package init(rule: Rule, level: Finding.Level, message: String, file: String) {
            self.rule = rule
            self.level = level
            self.message = message
            self.file = file
        }
    }

    private let version: String
    /// The files, for columns: SARIF counts in characters, and the reader of schema files in bytes.
    private let sources: [String: Source]
    private var results: [Result] = []

    /// - Parameters:
    ///   - version: The version of the tool.
    ///   - sources: The files that results point into, by name.
    package init(version: String, sources: [String: [UInt8]]) {
        self.version = version
        self.sources = sources.mapValues(Source.init)
    }

    package mutating func add(_ result: Result) { results.append(result) }

    // MARK: Text

    /// The log as JSON.
    package var text: String {
        var rules: [Rule] = []
        for result in results where !rules.contains(result.rule) { rules.append(result.rule) }
        let run: JSONValue = [
            "tool": ["driver": ["name": "cairn", "version": .string(version), "rules": .array(rules.map(value))]],
            // §3.14.17: what a column counts.
            "columnKind": "utf16CodeUnits",
            "results": .array(results.map { value($0, rules) }),
        ]
        let log: JSONValue = [
            "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
            "version": "2.1.0", "runs": [run],
        ]
        var writer = JSONWriter(indent: 2)
        writer.write(log)
        return writer.text
    }

    private func value(_ rule: Rule) -> JSONValue {
        guard let title = rule.title else { return ["id": .string(rule.id)] }
        return ["id": .string(rule.id), "shortDescription": ["text": .string(title)]]
    }

    private func value(_ result: Result, _ rules: [Rule]) -> JSONValue {
        // §3.27.23: where one result says whether it is suppressed, all do.
        let suppressions: [JSONValue] =
            result.allowance.map { allowance in
                [
                    [
                        "kind": "inSource", "status": "accepted", "justification": .string(allowance.reason),
                        "location": location(allowance.location.file, allowance.location),
                    ]
                ]
            } ?? []
        return [
            "ruleId": .string(result.rule.id), "ruleIndex": .int(rules.firstIndex(of: result.rule) ?? 0),
            "level": .string(result.level.rawValue), "message": ["text": .string(result.message)],
            "locations": [location(result.file, result.location)], "suppressions": .array(suppressions),
        ]
    }

    private func location(_ file: String, _ place: Diagnostic.Location?) -> JSONValue {
        let artifact: JSONValue = ["uri": .string(SARIFLog.uri(file))]
        guard let place else { return ["physicalLocation": ["artifactLocation": artifact]] }
        let region: JSONValue = ["startLine": .int(place.line), "startColumn": .int(column(of: place))]
        return ["physicalLocation": ["artifactLocation": artifact, "region": region]]
    }

    /// The column in UTF-16 code units, from 1.
    private func column(of place: Diagnostic.Location) -> Int {
        sources[place.file]?.column(of: place) ?? place.column
    }

    /// A file, and where its lines begin.
    private struct Source {
        let bytes: [UInt8]
        let lineStarts: [Int]

        init(_ bytes: [UInt8]) {
            self.bytes = bytes
            lineStarts = [0] + bytes.indices.lazy.filter { bytes[$0] == 0x0A }.map { $0 + 1 }
        }

        func column(of place: Diagnostic.Location) -> Int? {
            guard lineStarts.indices.contains(place.line - 1) else { return nil }
            let before = bytes[lineStarts[place.line - 1]...].prefix(place.column - 1)
            return String(decoding: before, as: UTF8.self).utf16.count + 1
        }
    }

    /// A path as a URI reference (RFC 3986): everything but what stands for itself is escaped.
    private static func uri(_ path: String) -> String {
        var text = path.hasPrefix("/") ? "file://" : ""
        for byte in path.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: "/"):
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default: text += "%" + Hex.encode([byte]).uppercased()
            }
        }
        return text
    }
}

extension SARIFLog {
    /// Adds what is to be said of a plan, about the file that its new schema was read from.
    package mutating func add(_ plan: MigrationPlan, file: String) {
        let places = plan.diff.new.notes.places
        for ambiguity in plan.diff.ambiguities {
            var result = Result(
                rule: Rule(id: "AM101", title: "an add and a drop that could be a rename"), level: .error,
                message: ([ambiguity.message] + ambiguity.fixes).joined(separator: "; "), file: file)
            result.location = places[ambiguity.table.map { .column(ambiguity.new, of: $0) } ?? .table(ambiguity.new)]
            add(result)
        }
        for step in plan.steps {
            for finding in step.findings { add(finding, "\(step.operation): ", file, places) }
        }
        for finding in plan.findings { add(finding, "", file, places) }
    }

    private mutating func add(
        _ finding: Finding, _ prefix: String, _ file: String, _ places: [Declaration: Diagnostic.Location]
    ) {
        let recipe = finding.recipe.map { "; \($0)" } ?? ""
        var result = Result(
            rule: Rule(id: finding.code, title: finding.rule.title), level: finding.level,
            message: prefix + finding.message + recipe, file: file)
        result.location = finding.place.flatMap { places[$0] }
        result.allowance = finding.allowance
        add(result)
    }

    /// Adds what a reader of schema files found.
    package mutating func add(_ diagnostic: Diagnostic) {
        let advice = diagnostic.remedy.map { "; \($0)" } ?? ""
        var result = Result(
            rule: Rule(id: diagnostic.code), level: diagnostic.severity == .error ? .error : .warning,
            message: diagnostic.message + advice, file: diagnostic.location.file)
        result.location = diagnostic.location
        add(result)
    }
}
