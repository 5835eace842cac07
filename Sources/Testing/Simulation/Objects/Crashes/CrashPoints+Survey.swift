import CairnCore

/// What there must be among the crash points: a crash that never comes proves nothing.
extension CrashPoints {
    /// Points there are at least.
    package static let fewest = 2_000

    /// The kinds of effects at which points lie: what is written, and what is removed.
    package static let kinds: [String] = [
        "log_record", "part", "record_file", "index_file", "manifest", "manifest_that_says_collected",
        "removal_of_log_record", "removal_of_part", "removal_of_index_file", "removal_of_manifest",
    ]

    /// All points, and what was seen while they were counted.
    package struct Survey: Sendable {
        package internal(set) var points: [Point] = []
        /// The kinds of effects that there are.
        var kinds: Set<String> = []
        /// The promises that were broken though nobody was killed.
        var violations: [Violation] = []

        /// What should be otherwise, in words; empty when the points are as they must be.
        package var shortcomings: [String] {
            var found = violations.prefix(5).map { "a promise is broken though nobody is killed: \($0)" }
            if points.count < CrashPoints.fewest {
                found.append("there are \(points.count) crash points, and there must be \(CrashPoints.fewest)")
            }
            let missing = CrashPoints.kinds.filter { !kinds.contains($0) }
            if !missing.isEmpty { found.append("no crash point lies at \(missing.joined(separator: ", "))") }
            return found
        }
    }

    /// Which kind of effect a request has; nil: one that needs no point.
    static func kind(of request: SimulatedRequest) -> String? {
        guard let kind = ObjectKind(request.key) else { return nil }
        switch request.action {
        case .put(let bytes, _, _):
            return kind == .manifest && saysCollected(bytes) ? "manifest_that_says_collected" : kind.rawValue
        case .delete, .deleteAll: return "removal_of_\(kind.rawValue)"
        case .get, .head, .list, .copy: return nil
        }
    }

    /// Whether a manifest says of any record that it may be gone.
    private static func saysCollected(_ manifest: [UInt8]) -> Bool {
        ((try? JSONValue(parsing: manifest).int("collected")) ?? 0) > 0
    }
}
