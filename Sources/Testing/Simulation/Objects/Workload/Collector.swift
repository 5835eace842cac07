import CairnCore
import ObjectStorage
import ObjectStores

/// Collects what the design lets be collected, by the design's own times: manifests a day after their successors, index files that no
/// kept manifest names, log records a week old that all kept manifests cover.
///
/// It is no process of the driver but a hand at the bucket, which sees the true time: so drivers must live with everything that a
/// correct collector may do, and at the worst moment.
final class Collector: Sendable {
    /// Mistakes.
    struct Mistakes: OptionSet, Sendable {
        let rawValue: Int

        init(rawValue: Int) { self.rawValue = rawValue }

        /// A manifest is kept for a day from its own creation.
        static let graceFromCreation = Self(rawValue: 1 << 0)
        /// Tombstones are removed as soon as a manifest covers them.
        static let purgesOnline = Self(rawValue: 1 << 1)
        /// Log records are removed at once, before a manifest says so.
        static let eagerLog = Self(rawValue: 1 << 2)
    }

    private struct Stored: Sendable {
        let name: String
        let bytes: [UInt8]
        let files: [String]
        let created: World.Moment
        let version: Int
        let covers: Int
        let collected: Int
    }

    private let world: World
    private let bucket: SimulatedBucket
    private let mistakes: Mistakes
    /// Hears, before commit records up to a number go, that they will.
    /// - Returns: How many microseconds the collector still takes.
    private let removal: @Sendable (Int) -> Int
    /// Manifests that were read, by name: what has a name never changes, unless the place is cleared.
    private let known = Lock<[String: Stored]>([:])
    static let name = "collector"
    private static let hour = 3_600_000_000
    private static let day = 24 * hour

    init(
        _ world: World, _ bucket: SimulatedBucket, _ mistakes: Mistakes,
        removal: @escaping @Sendable (Int) -> Int = { _ in 0 }
    ) {
        self.world = world
        self.bucket = bucket
        self.mistakes = mistakes
        self.removal = removal
    }

    /// Collects now and then, for ever.
    func start(every interval: Int) {
        world.after(interval) { [self] in
            collect()
            start(every: interval)
        }
    }

    private func collect() {
        let manifests = manifests()
        guard let newest = manifests.last else { return }
        let (kept, old) = split(manifests)
        let limit = kept.map(\.covers).min() ?? 0
        for manifest in old { remove(manifest.name, "manifest") }
        removeIndexFiles(besides: Set(kept.flatMap(\.files)))
        let announced = kept.filter { $0.created <= world.now - Collector.hour }.map(\.collected).max() ?? 0
        if logKeys().contains(where: { $0.number <= announced }) {
            world.after(removal(announced)) { [self] in removeLog(upTo: announced) }
        }
        publish(newest, limit: limit)
        if mistakes.contains(.purgesOnline) { purge(covered: newest.covers) }
    }

    private func remove(_ key: String, _ what: String) {
        world.tally.count("collected_\(what)")
        world.note { "collects \(key)" }
        bucket.change(key, nil, by: Collector.name)
    }

    // MARK: Manifests

    private func manifests() -> [Stored] {
        // One that came late from a store that was here before is none.
        let strays = StrayCheck(store: bucket.bytes("_store.json"))
        return bucket.keys.filter { $0.hasPrefix("_checkpoints/main/m") }.reversed().compactMap { key in
            guard let object = bucket.stored(key), strays?.isStray(key, object.bytes) != true else { return nil }
            if let stored = known.withLock({ $0[key] }), stored.created == object.created { return stored }
            guard let json = try? JSONValue(parsing: object.bytes) else { return nil }
            func number(_ name: String) -> Int { (try? json.int(name)) ?? 0 }
            let stored = Stored(
                name: key, bytes: object.bytes, files: Collector.files(of: json), created: object.created,
                version: number("version"), covers: number("covers"), collected: number("collected"))
            known.withLock { $0[key] = stored }
            return stored
        }
    }

    /// Those that are kept, and those that are not.
    private func split(_ manifests: [Stored]) -> (kept: [Stored], old: [Stored]) {
        var kept: [Stored] = []
        var old: [Stored] = []
        for (place, manifest) in manifests.enumerated() {
            guard place + 1 < manifests.count else {
                kept.append(manifest)
                continue
            }
            let since = mistakes.contains(.graceFromCreation) ? manifest.created : manifests[place + 1].created
            if world.now - since < Collector.day { kept.append(manifest) } else { old.append(manifest) }
        }
        return (kept, old)
    }

    /// The names of the index files that a manifest names.
    static func files(of manifest: JSONValue) -> [String] {
        guard case .array(let tables)? = manifest["tables"] else { return [] }
        var receipts: [String] = []
        if case .array(let runs)? = manifest["receipt_runs"] {
            receipts = runs.compactMap { try? $0["run"]?.text("file") }.map { "_index/main/\($0).idx" }
        }
        return receipts
            + tables.flatMap { table -> [String] in
                guard case .array(let indexes)? = table["indexes"] else { return [] }
                return indexes.flatMap { index -> [String] in
                    guard case .array(let runs)? = index["runs"] else { return [] }
                    return runs.compactMap { try? "_index/main/\($0.text("file")).idx" }
                }
            }
    }

    private func removeIndexFiles(besides kept: Set<String>) {
        for key in bucket.keys where key.hasPrefix("_index/main/") && !kept.contains(key) {
            guard let object = bucket.stored(key), world.now - object.created >= Collector.day else { continue }
            remove(key, "index_file")
        }
    }

    // MARK: The log

    /// Numbers of records that may go when a manifest has said so.
    private func publish(_ newest: Stored, limit: Int) {
        let old = logKeys().filter { key, number in
            guard number <= limit, let object = bucket.stored(key) else { return false }
            return world.now - object.created >= 7 * Collector.day
        }
        guard let last = old.map(\.number).max(), last > newest.collected else { return }
        if mistakes.contains(.eagerLog) { return removeLog(upTo: last) }
        let version = newest.version + 1
        // As text: the order of members has a meaning.
        let text = String(decoding: newest.bytes, as: UTF8.self).replacing(
            "\"version\":\(newest.version),", with: "\"version\":\(version),"
        )
        .replacing("\"collected\":\(newest.collected),", with: "\"collected\":\(last),")
        let complement = String(9_999_999_999_999_999_999 - UInt64(version))
        let name =
            "_checkpoints/main/m" + String(repeating: "0", count: max(0, 20 - complement.utf8.count)) + complement
            + ".json"
        guard bucket.stored(name) == nil else { return }
        world.note { "publishes manifest \(version): collected \(last)" }
        world.tally.count("collected_published")
        bucket.change(name, Seal.renew(on: Array(text.utf8)), by: Collector.name)
    }

    private func logKeys() -> [(key: String, number: Int)] {
        bucket.keys.compactMap { key in
            guard key.hasPrefix("_log/main/"), let number = Int(key.dropFirst(10).dropLast(5)) else { return nil }
            return (key, number)
        }
    }

    private func removeLog(upTo number: Int) {
        for (key, found) in logKeys() where found <= number { remove(key, "log_record") }
    }

    // MARK: What must not be

    private func purge(covered: Int) {
        for key in bucket.keys where key.hasPrefix("tables/") && key.contains("/objects/") {
            guard let object = bucket.stored(key), let file = try? JSONValue(parsing: object.bytes),
                file["deleted"] == .bool(true), (try? file.int("commit")).map({ $0 <= covered }) == true
            else { continue }
            remove(key, "tombstone")
        }
    }
}
