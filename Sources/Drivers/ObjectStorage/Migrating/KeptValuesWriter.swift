import CairnCore
import CairnSchema
import ObjectStores

/// Keeps the values that the records of a table get in a migration, while they are made: a part whenever there is enough for one.
///
/// Nobody reads what it writes before a commit names it. What a run that ends early leaves is read by the next one of the same code
/// (``FormerValues``), and collected after a day.
struct KeptValuesWriter {
    private let parts: EngineParts
    /// In the new schema.
    private let table: Table
    private let run: String
    private var part: KeptValuesPart
    private var directory: KeptValuesDirectory
    private var bytes = 0

    /// Bytes of a part, roughly: a reader of one record reads a part.
    static let limit = 256 << 10
    /// Records of a part, roughly: those a run that is killed makes again.
    static let records = 4000

    init(_ parts: EngineParts, _ table: Table, run: String) {
        self.parts = parts
        self.table = table
        self.run = run
        part = KeptValuesPart(store: parts.tip.storeID)
        directory = KeptValuesDirectory(store: parts.tip.storeID)
    }

    /// Adds what a record gets. Records come in the order of their keys.
    /// - Parameter commit: The one that wrote the record.
    mutating func add(_ key: Key, _ commit: Int, _ values: [Int: Value]) {
        part.entries.append(KeptValuesPart.Entry(key: key, commit: commit, values: values))
        bytes += 64 + ValueSize.bytes(Array(values.values))
    }

    /// Stores what is held, when that is enough for a part. To be called after each record, so that a part is no larger than that and one
    /// record.
    /// - Throws: `storage.limit` for a part that no reader would take.
    mutating func spill() async throws {
        if bytes >= KeptValuesWriter.limit || part.entries.count >= KeptValuesWriter.records { try await store() }
    }

    /// Stores the rest, and the directory.
    /// - Returns: Where all of it is; nil when there was no record.
    /// - Throws: as ``spill()``.
    mutating func finish() async throws -> KeptValues? {
        try await store()
        if directory.parts.isEmpty { return nil }
        let encoded = directory.encoded
        try await create(ObjectNames.directory(ofValues: run, of: table.name), encoded)
        return KeptValues(run: run, hash: SHA256.digest(encoded))
    }

    private mutating func store() async throws {
        guard let first = part.entries.first else { return }
        let encoded = part.encoded(table)
        guard encoded.count <= JSONLimits.bytes else {
            var details = StorageError.Details()
            details.table = table.name
            details.id = KeyText.encode(first.key)
            throw StorageError(
                .limit,
                "what the migration makes of records of table '\(table.name)', from record \(KeyText.encode(first.key)) on, takes \(encoded.count) bytes, and an object that Cairn reads has at most \(JSONLimits.bytes)",
                remedy: "make less of a record; nothing was changed", details: details)
        }
        try await create(ObjectNames.keptValues(run, of: table.name, directory.parts.count), encoded)
        directory.parts.append(.init(first: KeyText.encode(first.key), hash: SHA256.digest(encoded)))
        part.entries = []
        bytes = 0
    }

    private func create(_ name: String, _ bytes: [UInt8]) async throws {
        let notAfter = try await parts.follower.permission()?.date?.addingTimeInterval(Committer.fence)
        switch try await parts.access.create(name, bytes, notAfter: notAfter, parts.surroundings) {
        case .created: return
        case .taken: throw StoredObject.damaged(name, "it was there before the run that makes it")
        case .expired: throw StoreAccess.translated(ExpiredClaim())
        }
    }
}
