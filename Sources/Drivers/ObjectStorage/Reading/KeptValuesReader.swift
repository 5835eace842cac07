import CairnCore
import CairnSchema
import ObjectStores

/// Finds the values that the records of a table got in a migration, and that are kept beside their files.
///
/// One GET for the directory, and one for each part, of which some are held (``limit``): records that are read in the order of their keys
/// cost a GET more for each part. Those that are read in another order, out of more parts than are held, cost up to a GET more each.
final class KeptValuesReader: Sendable {
    private let access: StoreAccess
    private let kept: KeptValues
    private let pair: TablePair
    private let layout: KeyLayout
    private let state = Lock(State())
    /// Many who want the same part at once wait for the one who reads it; those who want others do not, or seldom.
    private let turnstiles = (0..<LogReader.width).map { _ in Turnstile() }
    private let directoryTurnstile = Turnstile()

    private typealias Part = [[UInt8]: [Int: Value]]

    private struct State {
        var directory: (firsts: [[UInt8]], hashes: [[UInt8]])?
        var parts = LeastRecentlyUsed<Int, Part>(limit: KeptValuesReader.limit)
    }

    /// Bytes of parts that are held, as they are stored: twice what is needed for each of those who read records at once to have another.
    static let limit = 2 * LogReader.width * KeptValuesWriter.limit

    init(_ access: StoreAccess, _ kept: KeptValues, _ pair: TablePair) {
        self.access = access
        self.kept = kept
        self.pair = pair
        layout = KeyLayout(keyOf: pair.old)
    }

    /// The values that a record of before the migration got, by the positions of the columns.
    /// - Throws: `storage.damaged` when they are not there, or are not what was kept.
    func values(of key: Key) async throws -> [Int: Value] {
        let bytes = layout.encode(key)
        if case .some(let found) = held(bytes) { return try found ?? missing(key) }
        let directory = try await directory()
        guard let place = KeptValuesReader.place(of: bytes, in: directory.firsts) else { return try missing(key) }
        return try await turnstiles[place % turnstiles.count].run {
            if case .some(let found) = held(bytes) { return try found ?? missing(key) }
            let part = try await part(place, directory.hashes[place])
            return try part[bytes] ?? missing(key)
        }
    }

    /// What is held of a record; `.some(nil)` where there is nothing of it.
    private func held(_ key: [UInt8]) -> [Int: Value]?? {
        state.withLock { state in
            guard let directory = state.directory else { return nil }
            guard let place = KeptValuesReader.place(of: key, in: directory.firsts) else { return .some(nil) }
            return state.parts.value(place).map { $0[key] }
        }
    }

    private func missing(_ key: Key) throws -> [Int: Value] {
        throw StoredObject.damaged(
            ObjectNames.directory(ofValues: kept.run, of: pair.new.name),
            "it has nothing of record \(KeyText.encode(key)), which was there when the store was migrated")
    }

    /// The last part that does not begin behind a key; nil when all do.
    private static func place(of key: [UInt8], in firsts: [[UInt8]]) -> Int? {
        var (low, high) = (0, firsts.count)
        while low < high {
            let middle = (low + high) / 2
            if KeyBytes.isLess(key, firsts[middle]) { high = middle } else { low = middle + 1 }
        }
        return low == 0 ? nil : low - 1
    }

    private func directory() async throws -> (firsts: [[UInt8]], hashes: [[UInt8]]) {
        if let directory = state.withLock({ $0.directory }) { return directory }
        return try await directoryTurnstile.run {
            if let directory = state.withLock({ $0.directory }) { return directory }
            return try await readDirectory()
        }
    }

    private func readDirectory() async throws -> (firsts: [[UInt8]], hashes: [[UInt8]]) {
        let name = ObjectNames.directory(ofValues: kept.run, of: pair.new.name)
        let found = try await object(name) { [kept] in
            try KeptValuesDirectory(decoding: $0, hash: kept.hash, name: name)
        }
        let firsts = try found.parts.map { part in
            guard let key = try? KeyText.decode(part.first, of: pair.old) else {
                throw StoredObject.damaged(name, "'\(part.first)' is no key of table '\(pair.old.name)'")
            }
            return layout.encode(key)
        }
        let directory = (firsts: firsts, hashes: found.parts.map(\.hash))
        state.withLock { $0.directory = directory }
        return directory
    }

    private func part(_ place: Int, _ hash: [UInt8]) async throws -> Part {
        let (found, size) = try await stored(place, hash)
        var part: Part = [:]
        for entry in found.entries { part[layout.encode(entry.key)] = entry.values }
        // The newest is held however large it is: its records are read one behind the other.
        state.withLock { [part, size] in $0.parts.keep(part, cost: min(size, KeptValuesReader.limit), at: place) }
        return part
    }

    /// A part, and the bytes it has where it is stored. One GET.
    private func stored(_ place: Int, _ hash: [UInt8]) async throws -> (part: KeptValuesPart, size: Int) {
        let name = ObjectNames.keptValues(kept.run, of: pair.new.name, place)
        return try await object(name) { [pair] bytes in
            (try KeptValuesPart(decoding: bytes, of: pair, hash: hash, name: name), bytes.count)
        }
    }

    private func object<Value: Sendable>(_ name: String, _ decode: ([UInt8]) throws -> Value) async throws -> Value {
        guard case .found(let object) = try await access.read(name),
            case .value(let value) = try await access.decoded(name, object, { try decode($0.bytes) })
        else { throw StoreAccess.missing(name) }
        return value
    }

    /// Reads all of them, and keeps none. A GET for the directory, and one for each part.
    /// - Returns: What is missing or is not what was kept, in the order of keys, with the names of the objects.
    func examine() async throws -> [(name: String, error: StorageError)] {
        let hashes: [[UInt8]]
        do {
            hashes = try await directory().hashes
        } catch let error as StorageError where error.code == .damaged {
            return [(ObjectNames.directory(ofValues: kept.run, of: pair.new.name), error)]
        }
        return try await Array(hashes.enumerated()).concurrently(LogReader.width) {
            [self] place, hash -> (name: String, error: StorageError)? in
            try Deadline.check()
            do {
                _ = try await stored(place, hash)
                return nil
            } catch let error as StorageError where error.code == .damaged {
                return (ObjectNames.keptValues(kept.run, of: pair.new.name, place), error)
            }
        }.compactMap { $0 }
    }

    /// Looks whether all of them are there, reading no part. A GET, and a LIST for each thousand parts.
    /// - Throws: `storage.damaged` naming the first that is missing.
    func check() async throws {
        let count = try await directory().firsts.count
        let folder = ObjectNames.keptValues(kept.run, of: pair.new.name)
        let names = Set(try await access.listed(folder).objects.map(\.key))
        for place in 0..<count {
            let name = ObjectNames.keptValues(kept.run, of: pair.new.name, place)
            if !names.contains(name) { throw StoreAccess.missing(name) }
        }
    }
}
