import CairnCore

/// What was removed could be missed by nobody, and what is named is there. By the ages of the design; of the collector of the simulation
/// and of the driver's own alike.
extension Judge {
    private static let second = 1_000_000
    private static let hour = 3_600 * second
    private static let day = 24 * hour
    /// Stores tell times in whole seconds, so ages are found that much too large.
    private static let slack = 2 * second

    /// A manifest that was published.
    fileprivate struct Published {
        let version: Int
        let covers: Int
        let collected: Int
        let files: Set<String>
        let time: World.Moment
    }

    /// What stands in the bucket, as the changes are gone through.
    private struct Standing {
        var manifests: [String: Published] = [:]
        /// When each version was published, also of those that are gone.
        var published: [Int: World.Moment] = [:]
        /// When index files, records and parts were stored that are there.
        var stored: [String: World.Moment] = [:]
        /// Up to which number some manifest has said that records may be gone.
        var collected = 0
    }

    mutating func checkCollection() {
        var standing = Standing()
        let parts = replay.partNames
        for change in changes {
            if let bytes = change.bytes {
                add(change, bytes, &standing, parts)
            } else if change.process != Judge.hand {
                checkRemoval(of: change, standing, parts)
                if let kind = ObjectKind(change.key), kind != .recordFile { count(kind.rawValue, by: change.process) }
            }
            if change.bytes == nil {
                standing.manifests[change.key] = nil
                standing.stored[change.key] = nil
            }
        }
    }

    private mutating func add(
        _ change: SimulatedBucket.Change, _ bytes: [UInt8], _ standing: inout Standing, _ parts: [String: [String]]
    ) {
        if standing.stored[change.key] == nil { standing.stored[change.key] = change.time }
        if let missing = parts[change.key]?.first(where: { standing.stored[$0] == nil }) {
            found("I8", "\(change.key) was created by \(change.process), and its part '\(missing)' is not there")
        }
        guard change.key.hasPrefix("_checkpoints/main/m"), let manifest = try? Published(bytes, change.time) else {
            return
        }
        if manifest.collected > standing.collected {
            standing.collected = manifest.collected
            count("published", by: change.process)
        }
        standing.manifests[change.key] = manifest
        standing.published[manifest.version] = change.time
        for file in manifest.files.sorted() where standing.stored[file] == nil {
            found("I8", "manifest \(manifest.version) of \(change.process) names '\(file)', which is not there")
        }
    }

    private mutating func checkRemoval(
        of change: SimulatedBucket.Change, _ standing: Standing, _ parts: [String: [String]]
    ) {
        guard let reason = Judge.objection(to: change, standing, parts) else { return }
        found("I8", "\(change.key) was removed by \(change.process), and \(reason)")
    }

    /// Counts what is collected by processes. The collector of the simulation counts for itself.
    private mutating func count(_ what: String, by process: String) {
        guard process != Collector.name else { return }
        collected["driver_collected_\(what)", default: 0] += 1
    }

    /// Why an object must not be removed; nil when it may.
    private static func objection(
        to change: SimulatedBucket.Change, _ standing: Standing, _ parts: [String: [String]]
    ) -> String? {
        let key = change.key
        let age = change.time - (standing.stored[key] ?? change.time) + slack
        if let manifest = standing.manifests[key] {
            let successors = standing.published.filter { $0.key > manifest.version }.values
            guard let first = successors.min() else { return "it is the newest manifest" }
            return change.time - first + slack < day ? "its successor is younger than a day" : nil
        }
        if key.hasPrefix("_index/main/") {
            if let by = standing.manifests.values.first(where: { $0.files.contains(key) }) {
                return "manifest \(by.version) names it"
            }
            return age < day ? "it is younger than a day" : nil
        }
        if key.hasPrefix("_parts/") {
            if let by = parts.first(where: { $0.value.contains(key) && standing.stored[$0.key] != nil }) {
                return "'\(by.key)' has it as a part"
            }
            return age < day ? "it is younger than a day" : nil
        }
        guard key.hasPrefix("_log/main/"), let number = Int(key.dropFirst(10).dropLast(5)) else {
            // Record files are judged with the other changes of them.
            return key.hasPrefix("tables/") ? nil : "nothing may remove it"
        }
        if let open = standing.manifests.values.first(where: { $0.covers < number }) {
            return "manifest \(open.version) covers only \(open.covers)"
        }
        if age < 7 * day { return "it is younger than a week" }
        let isAnnounced = standing.manifests.values.contains {
            $0.collected >= number && change.time - $0.time + slack >= hour
        }
        return isAnnounced ? nil : "no manifest has said so for an hour"
    }
}

extension Judge.Published {
    fileprivate init(_ bytes: [UInt8], _ time: World.Moment) throws {
        let json = try JSONValue(parsing: bytes)
        self.init(
            version: try json.int("version"), covers: try json.int("covers"), collected: try json.int("collected"),
            files: Set(Collector.files(of: json)), time: time)
    }
}
