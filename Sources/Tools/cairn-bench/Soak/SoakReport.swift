import Foundation

/// Shows how a soak went.
struct SoakReport {
    let store: String
    let seed: UInt64
    let samples: [SoakSample]
    let result: SoakLoad.Result
    let checks: [SoakVerdict.Check]

    var isFine: Bool { checks.allSatisfy(\.isFlat) }

    private var seconds: Double { (samples.last?.time ?? .zero) / .seconds(1) }
    private var operations: Int { result.counts.values.reduce(0, +) }
    private var largestLog: Int { samples.map(\.log).max() ?? 0 }

    var text: String {
        var lines = [
            "\(store), seed \(seed)",
            "\(SoakText.clock(.seconds(seconds))) minutes, \(operations) operations, \(Int(Double(operations) / max(seconds, 0.001))) in a second; \(result.lost) lost a race, \(result.cutShort) were cut short",
        ]
        for check in checks {
            lines.append(
                "\(check.name): \(show(check.before, check)), then \(show(check.after, check)), at most \(show(check.limit, check))\(check.isFlat ? "" : "  GREW")"
            )
        }
        if largestLog > 0 { lines.append("largest write-ahead log: \(SoakText.mebibytes(largestLog))") }
        lines.append("rows and their sum were right \(result.looks) times")
        lines.append(isFine ? "flat" : "NOT FLAT")
        return lines.joined(separator: "\n")
    }

    private func show(_ value: Int, _ check: SoakVerdict.Check) -> String {
        check.isCount ? "\(value)" : SoakText.mebibytes(value)
    }

    /// An object for programs.
    var json: String {
        let object: [String: Any] = [
            "store": store, "seed": "\(seed)", "seconds": seconds, "operations": operations, "lost": result.lost,
            "cut_short": result.cutShort, "looks": result.looks, "flat": isFine, "largest_log": largestLog,
            "counts": Dictionary(uniqueKeysWithValues: result.counts.map { ($0.key.rawValue, $0.value) }),
            "checks": checks.map {
                ["name": $0.name, "before": $0.before, "after": $0.after, "limit": $0.limit, "flat": $0.isFlat]
                    as [String: Any]
            },
            "samples": samples.map {
                [
                    "seconds": $0.time / .seconds(1), "operations": $0.operations, "resident": $0.resident,
                    "in_use": $0.inUse, "open_files": $0.openFiles, "file": $0.file, "log": $0.log,
                ] as [String: Any]
            },
        ]
        let data = try? JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted, .sortedKeys])
        return data.map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}

/// Figures as people read them.
enum SoakText {
    static func mebibytes(_ bytes: Int) -> String { String(format: "%.1f MiB", Double(bytes) / Double(1 << 20)) }

    /// Minutes and seconds.
    static func clock(_ duration: Duration) -> String {
        let seconds = Int(duration / .seconds(1))
        return String(format: "%d:%02d", seconds / 60, seconds % 60)
    }
}
