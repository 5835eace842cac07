import CairnCore
import CairnSchema

/// Findings of a store, as commands show them.
enum DriftFindings {
    /// Each in three lines: its class and what it is about, what was found, what to do.
    static func lines(_ findings: [DriftFinding], _ address: String, _ console: Console) -> [String] {
        findings.flatMap { finding in
            let name = finding.class.rawValue.replacing("_", with: " ")
            return [
                "\(console.paint("\(name):", .error)) \(Printable.line(finding.object))",
                "  \(Printable.line(finding.message))",
                "  \(Printable.line(ExistingStore.remedy(finding.remedy, for: address)))",
            ]
        }
    }

    /// A finding as members of an object.
    static func members(_ finding: DriftFinding, _ address: String) -> [(String, JSONValue)] {
        [
            ("class", .string(finding.class.rawValue)), ("object", .string(finding.object)),
            ("message", .string(finding.message)),
            ("remedy", .string(ExistingStore.remedy(finding.remedy, for: address))),
        ]
    }

    /// Findings as an array.
    static func json(_ findings: [DriftFinding], _ address: String) -> JSONValue {
        .array(
            findings.map { finding in
                .object(JSONObject(members(finding, address).map { .init(name: $0.0, value: $0.1) }))
            })
    }
}
