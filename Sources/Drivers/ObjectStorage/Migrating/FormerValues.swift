import CairnCore
import CairnSchema
import ObjectStores

/// What a run of a migration that was cut short had made of the records of a table.
///
/// The next run of the same code goes on with it: it takes what was made of a record that has not changed since. Of the same code is a run
/// that says so (`codeVersion`), for the same store, the same schemas with the same `convert` and `renamed_from`, and the same migrations
/// before. It reads what was kept in the order of the keys, beside the table, and where something is wrong with it, it ends there.
struct FormerValues {
    private let parts: EngineParts
    private let pair: TablePair
    private let run: String
    private let count: Int
    private let layout: KeyLayout
    private var next = 0
    private var entries: ArraySlice<KeptValuesPart.Entry> = []
    /// Whether nothing of the part was compared with what the code gives.
    private var isNew = false

    /// The values of a record.
    struct Found: Sendable {
        let values: [Int: Value]
        /// Whether the record is the first that is taken of a part: it is looked whether the code gives the same.
        let isSample: Bool
    }

    /// What the names of runs of the same code begin with; nil where the code does not say which it is.
    ///
    /// Records that have not changed are the same for the same schemas and the same migrations before. What is made of them is looked at by
    /// what `convert` and `renamed_from` say, too, which are no part of a schema id.
    static func tag(of migration: Migration, _ view: View) -> String? {
        guard let version = migration.maker?.version else { return nil }
        let manifest = view.manifest.manifest
        var successions = JSONWriter()
        successions.object { TableSuccession.write(migration.pairs.map { TableSuccession($0) }, to: &$0) }
        let texts = [
            manifest.store, migration.from.id.description, migration.to.id.description,
            "\(manifest.eras.last?.end ?? 0)", String(decoding: successions.bytes, as: UTF8.self), version,
        ]
        return Hex.encode(SHA256.digest(Array(texts.joined(separator: "\u{0}").utf8)).prefix(16))
    }

    /// The run that had come furthest with the table; nil when there is none. A LIST for each thousand objects it has kept.
    /// - Parameter tag: What the names of runs of the same code begin with.
    init?(_ parts: EngineParts, _ pair: TablePair, tag: String?) async throws {
        guard let tag else { return nil }
        self.parts = parts
        self.pair = pair
        layout = KeyLayout(keyOf: pair.old)
        let prefix = "\(ObjectNames.keptValues)\(tag)-"
        var counts: [String: Int] = [:]
        for object in try await parts.access.listed(prefix).objects {
            guard let run = ObjectNames.run(ofValues: object.key),
                object.key.hasPrefix(ObjectNames.keptValues(run, of: pair.new.name)),
                object.key != ObjectNames.directory(ofValues: run, of: pair.new.name)
            else { continue }
            counts[run, default: 0] += 1
        }
        guard let furthest = counts.max(by: { ($0.value, $0.key) < ($1.value, $1.key) }) else { return nil }
        run = furthest.key
        count = furthest.value
    }

    /// What was made of a record. Asked in the order of keys.
    /// - Parameter commit: The commit that wrote the record: what was made of an earlier one is of no use.
    mutating func take(_ key: [UInt8], _ commit: Int) async throws -> Found? {
        while true {
            guard let first = entries.first else {
                guard try await read() else { return nil }
                continue
            }
            let encoded = layout.encode(first.key)
            if KeyBytes.isLess(key, encoded) { return nil }
            entries.removeFirst()
            guard encoded == key else { continue }
            guard first.commit == commit else { return nil }
            defer { isNew = false }
            return Found(values: first.values, isSample: isNew)
        }
    }

    /// - Returns: Whether there is another part.
    private mutating func read() async throws -> Bool {
        guard next < count else { return false }
        let name = ObjectNames.keptValues(run, of: pair.new.name, next)
        guard case .found(let object) = try await parts.access.read(name),
            let part = try? KeptValuesPart(decoding: object.bytes, of: pair, hash: nil, name: name),
            Utf8.equal(part.store, parts.tip.storeID)
        else {
            next = count
            return false
        }
        next += 1
        entries = part.entries[...]
        isNew = true
        return true
    }
}
