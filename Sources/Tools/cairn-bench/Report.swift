import Foundation

/// Shows measurements.
struct Report {
    let measurements: [Measurement]

    /// A table for people.
    var table: String {
        let head = ["suite", "work", "unit", "Cairn", "baseline", "ratio", "cpu ratio", "limit", ""]
        let lines = measurements.map { measurement in
            [
                measurement.suite, measurement.name, measurement.unit, number(measurement.cairn.wall),
                number(measurement.baseline?.wall), number(measurement.ratio), number(measurement.cpuRatio),
                number(measurement.limit), measurement.isWithinLimit ? "" : "OVER",
            ]
        }
        let widths = head.indices.map { column in ([head] + lines).map { $0[column].count }.max() ?? 0 }
        return ([head] + lines).map { line in
            line.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - line[column].count)
                return column < 3 ? line[column] + padding : padding + line[column]
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    private func number(_ value: Double?) -> String { value.map { String(format: "%.2f", $0) } ?? "" }

    /// An array for programs.
    var json: String {
        let entries: [[String: Any]] = measurements.map { measurement in
            var entry: [String: Any] = [
                "suite": measurement.suite, "name": measurement.name, "unit": measurement.unit,
                "value": measurement.cairn.wall, "cpu_value": measurement.cairn.cpu,
            ]
            entry["baseline"] = measurement.baseline?.wall
            entry["cpu_baseline"] = measurement.baseline?.cpu
            entry["ratio"] = measurement.ratio
            entry["cpu_ratio"] = measurement.cpuRatio
            entry["limit"] = measurement.limit
            return entry
        }
        let data = try? JSONSerialization.data(withJSONObject: entries, options: [.prettyPrinted, .sortedKeys])
        return data.map { String(decoding: $0, as: UTF8.self) } ?? "[]"
    }

    /// Prints all, and names what is over its limit.
    /// - Returns: Whether all is within its limit, or nobody asked.
    func show(isJSON: Bool, isCheck: Bool) -> Bool {
        print(isJSON ? json : table)
        guard isCheck else { return true }
        let overLimit = measurements.filter { !$0.isWithinLimit }
        for measurement in overLimit {
            let text = "over the limit: \(measurement.suite) \(measurement.name), \(measurement.unit)\n"
            FileHandle.standardError.write(Data(text.utf8))
        }
        return overLimit.isEmpty
    }
}
