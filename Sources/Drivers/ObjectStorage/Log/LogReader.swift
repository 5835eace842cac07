import CairnCore
import CairnSchema
import ObjectStores

#if canImport(FoundationEssentials)
    import struct FoundationEssentials.Date
#else
    import struct Foundation.Date
#endif

/// Reads commit records, manifests and schemas, and checks that they belong to the store.
final class LogReader: Sendable {
    /// A commit record that was read.
    struct Found: Sendable {
        let record: CommitRecord
        /// The bytes at its number, without its parts.
        let bytes: [UInt8]
        /// How many bytes it is with its parts.
        let size: Int
        /// The store's time of the answer.
        var date: Date?
    }

    /// What stands at a number.
    enum Reading: Sendable {
        case found(Found)
        /// Nothing, as of a moment of the store's clock.
        case absent(Date?)
    }

    let access: StoreAccess
    /// The schema of the program: its tables have the positions that everything is looked up by.
    let schema: Schema
    /// The store whose log it is; nil: what is there is taken whosesoever it is.
    let owner: Ownership?
    /// The stray behind the end of the log that was passed over last.
    let passed = Lock<PassedStray?>(nil)

    /// - Parameter store: The id of the store whose log it is.
    init(_ access: StoreAccess, _ schema: Schema, of store: String?) {
        self.access = access
        self.schema = schema
        owner = store.map { Ownership(access: access, store: $0) }
    }

    /// Reads at a time.
    static let width = 32

    // MARK: Commit records

    /// Reads the record of a number, whosesoever it is: a store that was rebuilt has records of before, under another id. For what is
    /// behind the end of the log, see ``next(_:after:)``. One GET, and one for each of its parts.
    /// - Parameter most: How many bytes it is taken for.
    /// - Throws: ``CommitTooLarge`` for one that has parts and is larger.
    func read(_ number: Int, most: Int = .max) async throws -> Reading {
        let name = ObjectNames.record(number)
        switch try await access.read(name) {
        case .absent(let date): return .absent(date)
        case .found(let object):
            // What is gone by the second look was collected, and its parts with it, while it was read.
            let decoded = try await access.decoded(name, object) { object in
                var found = try await decode(object.bytes, number, most: most)
                found.date = object.serverDate
                return found
            }
            switch decoded {
            case .value(let found): return .found(found)
            case .absent(let date): return .absent(date)
            }
        }
    }

    /// Reads the records of several numbers that follow one another, side by side.
    /// - Returns: As many of them as are there: others may have been collected by now.
    /// - Throws: `storage.damaged` for a number that is not there, and should be.
    func read(_ numbers: [Int]) async throws -> [Found] {
        let standings = try await numbers.concurrently(LogReader.width) { [self] in try await standing($0) }
        let found = standings.prefix { $0.isFound }.compactMap { if case .found(let found) = $0 { found } else { nil } }
        guard found.count < numbers.count else { return found }
        let number = numbers[found.count]
        if case .stray = standings[found.count] {
            // Unless somebody has just replaced it and gone on.
            if standings[found.count...].contains(where: \.isFound), case .stray = try await standing(number) {
                throw LogReader.gap("commit record \(number) is of another store, and there are later ones")
            }
            return found
        }
        guard try await isCollected(number) else {
            throw LogReader.gap("commit record \(number) is missing, and there are later ones")
        }
        return found
    }

    /// The records of several numbers that follow one another, as many of them as are there and can be read. One GET for each.
    func glance(_ numbers: [Int]) async -> [Found] {
        let found = try? await numbers.concurrently(LogReader.width) { [self] number -> Found? in
            guard case .found(let found)? = try? await standing(number) else { return nil }
            return found
        }
        return found?.prefix { $0 != nil }.compactMap(\.self) ?? []
    }

    /// Whether the record of a number may be gone because nothing needs it any more. One LIST and one GET.
    func isCollected(_ number: Int) async throws -> Bool {
        try await newestManifest().manifest.collected >= number
    }

    /// The remedy for a log that is not whole.
    static let mending =
        "restore the log from a backup, or run cairn rebuild, which makes the store again from its record files; cairn doctor says what that would accept"

    static func gap(_ message: String) -> StorageError {
        StorageError(
            .damaged, message,
            remedy: LogReader.mending)
    }

    /// The record that bytes at a number are, with its parts.
    func decode(_ bytes: [UInt8], _ number: Int, most: Int = .max) async throws -> Found {
        let name = ObjectNames.record(number)
        var size = bytes.count
        var reading = try CommitRecordJSON.Reading(bytes, name: name, schema: resolve)
        if !reading.parts.isEmpty {
            let whole = size + reading.partBytes
            if whole > most { throw CommitTooLarge(bytes: whole) }
            let parts = try await parts(&reading)
            size += parts.reduce(0) { $0 + $1.count }
        }
        let record = reading.record
        guard record.number == number else {
            throw StorageError(
                .damaged, "the object '\(name)' holds commit record \(record.number)",
                remedy: "somebody moved objects of the store: restore the log from a backup")
        }
        return Found(record: record, bytes: bytes, size: size)
    }

    /// Reads the parts of a record into it. One GET for each; those that are not what the record says are asked for once more.
    private func parts(_ reading: inout CommitRecordJSON.Reading) async throws -> [[UInt8]] {
        let (access, names) = (access, reading.parts)
        let parts = try await names.concurrently(LogReader.width) { try await access.bytes($0) }
        var whole = reading
        do {
            try whole.add(parts, schema: resolve)
            reading = whole
            return parts
        } catch let error as StorageError where error.code == .damaged {
            let again = try await names.concurrently(LogReader.width) { try await access.bytes($0) }
            if again == parts { throw error }
            try reading.add(again, schema: resolve)
            return again
        }
    }

    /// The numbers of the records behind a number. One LIST for each thousand. Those at the end may be strays.
    /// - Throws: `storage.damaged` when one is missing and later ones are there.
    func numbers(after number: Int) async throws -> [Int] {
        var numbers: [Int] = []
        let names = try await access.names(ObjectNames.log, after: ObjectNames.record(number), limit: .max)
        let all = names.compactMap { ObjectNames.number(ofRecord: $0) }
        for (place, found) in all.enumerated() {
            let next = number + numbers.count + 1
            if found == next {
                numbers.append(found)
                continue
            }
            // Records are written one after the other: a gap that is still there when it is looked at was made by somebody.
            guard case .absent = try await access.read(ObjectNames.record(next)) else { break }
            // By a collector, when we come very late: the next proof finds the manifest that says so.
            if try await isCollected(next) { break }
            // A store that was here before may have been far ahead.
            guard let own = try await firstOwn(of: Array(all[place...])) else { break }
            // It may have taken the place of a stray since, when the one that was missing had come.
            guard case .absent = try await access.read(ObjectNames.record(next)), try await !isCollected(next)
            else { break }
            throw LogReader.gap("commit record \(next) is missing, and record \(own) is there")
        }
        return numbers
    }

    private func resolve(_ id: SchemaID) throws -> Schema {
        guard id == schema.id else {
            throw StorageError.otherSchema(id, than: schema)
        }
        return schema
    }

    // MARK: Manifests

    /// The newest manifest, and a moment of the store's clock when it was that. One LIST and one GET.
    /// - Throws: `storage.damaged` when there is none.
    func newestManifest() async throws -> (manifest: Manifest, date: Date?) {
        let newest = try await access.newestManifest(of: owner) { [self] object, name in
            let manifest = try ManifestJSON.decode(object.bytes, name: name, schema: resolve)
            try owner?.check(manifest.store, name)
            return manifest
        }
        guard let newest else {
            throw StorageError(
                .damaged, "the store has no manifest: its objects '\(ObjectNames.checkpoints)…' are gone",
                remedy: "run cairn rebuild, which makes log and indexes again from the record files")
        }
        return (newest.value, newest.date)
    }

    /// The name of the newest manifest, whosesoever it is, and a moment of the store's clock when it was that; nil when there is none. One LIST.
    static func newestManifestName(_ access: StoreAccess) async throws -> (name: String, date: Date?)? {
        let listed = try await access.listed(ObjectNames.checkpoints, limit: 1)
        return listed.objects.first.map { ($0.key, listed.date) }
    }

    // MARK: The store

    /// The id in `_store.json`. One GET.
    func storeID() async throws -> String { try await access.storeID() }
}

extension Array where Element: Sendable {
    /// The results of `body` for all elements, in their order, at most `width` at a time. The first error ends it.
    func concurrently<Result: Sendable>(
        _ width: Int, _ body: @escaping @Sendable (Element) async throws -> Result
    ) async throws -> [Result] {
        if count == 1 { return [try await body(self[0])] }
        return try await withThrowingTaskGroup(of: (Int, Result).self) { group in
            var results = [Result?](repeating: nil, count: count)
            var next = 0
            func start() {
                guard next < count else { return }
                let (index, element) = (next, self[next])
                next += 1
                group.addTask { (index, try await body(element)) }
            }
            for _ in 0..<Swift.min(width, count) { start() }
            while let (index, result) = try await group.next() {
                results[index] = result
                start()
            }
            return results.compactMap { $0 }
        }
    }
}
