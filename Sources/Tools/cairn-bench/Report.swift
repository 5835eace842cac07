import Foundation

/// Shows measurements.
struct Report {
    let measurements: [Measurement]

    /// A table for people.
    var table: String {
        let head = ["suite", "work", "Cairn us", "base us", "ratio", "cpu ratio", "limit", ""]
        let lines = measurements.map { measurement in
            [
                measurement.suite, measurement.name, number(measurement.cairn.wall), number(measurement.baseline.wall),
                number(measurement.ratio), number(measurement.cpuRatio), measurement.limit.map(number) ?? "",
                measurement.isWithinLimit ? "" : "OVER",
            ]
        }
        let widths = head.indices.map { column in ([head] + lines).map { $0[column].count }.max() ?? 0 }
        return ([head] + lines).map { line in
            line.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - line[column].count)
                return column < 2 ? line[column] + padding : padding + line[column]
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    private func number(_ value: Double) -> String { String(format: "%.2f", value) }

    /// An array for programs.
    var json: String {
        let entries: [[String: Any]] = measurements.map { measurement in
            var entry: [String: Any] = [
                "suite": measurement.suite, "name": measurement.name, "unit": "us per \(measurement.unit)",
                "value": measurement.cairn.wall, "baseline": measurement.baseline.wall, "ratio": measurement.ratio,
                "cpu_value": measurement.cairn.cpu, "cpu_baseline": measurement.baseline.cpu,
                "cpu_ratio": measurement.cpuRatio,
            ]
            if let limit = measurement.limit { entry["limit"] = limit }
            return entry
        }
        let data = try? JSONSerialization.data(withJSONObject: entries, options: [.prettyPrinted, .sortedKeys])
        return data.map { String(decoding: $0, as: UTF8.self) } ?? "[]"
    }

    /// The measurements over their limit.
    var overLimit: [Measurement] { measurements.filter { !$0.isWithinLimit } }
}
