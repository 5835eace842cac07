import CairnCore
import CairnSchema
import Foundation
import ObjectStores
import Testing

@testable import ObjectStorage

/// Large stores, made quickly: index files and a manifest for all records, and files of those records only that a test reads.
enum BulkStore {
    /// Adds records to an empty table of a store that nobody has open.
    /// - Parameters:
    ///   - values: The values of a record by its place.
    ///   - hasFile: Whether the file of a record is written.
    static func fill(
        _ objects: MemoryObjectStore, _ schema: Schema, _ name: String, count: Int,
        hasFile: (Int) -> Bool = { _ in false }, _ values: (Int) -> [Value]
    ) async throws {
        let storage = try await ObjectStorage.open(objects)
        _ = try await Store.open(storage, schema: schema)
        let engine = try storage.engine()
        let table = try #require(schema.table(named: name))
        let time = Timestamp("2026-01-01T00:00:00Z") ?? .epoch
        let metadata = RecordMetadata(revision: 1, createdAt: time, updatedAt: time)
        // Records are of a commit that the manifest covers.
        if try engine.tip.view().number == 0 { try await engine.settle(1) }
        _ = try await engine.follower.follow()
        try await engine.checkpointer.checkpoint(forgetting: nil)
        let commit = try engine.tip.view().number
        var indexes = TableIndexes(table)
        for place in 0..<count {
            // It takes seconds, and others want to go on.
            if place.isMultiple(of: 500) { await Task.yield() }
            let image = RecordImage(values: values(place), metadata: metadata, commit: commit)
            let key = table.key(of: image.values ?? [])
            var digest: [UInt8] = []
            if hasFile(place) {
                let bytes = engine.parts.file(image, table, key)
                digest = ComputedETag.md5(bytes) ?? []
                try await objects.put(ObjectNames.file(table, key), bytes)
            }
            indexes.add(indexes.overlay.keyLayout.encode(key), image, digest: digest)
        }
        indexes.sort()
        let ids = IndexFiles(engine.parts)
        let written = indexes.files(store: engine.tip.storeID, name: ids.newID)
        for (id, bytes) in written.files { try await objects.put(ObjectNames.index(id), bytes) }
        let manifest = try engine.tip.view().manifest.manifest
        let isPublished = try await engine.checkpointer.amend(manifest.version, introduced: nil) { manifest in
            guard let place = manifest.tables.firstIndex(where: { $0.name == name }) else { return }
            manifest.tables[place].indexes = written.indexes
            manifest.tables[place].count = count
        }
        #expect(isPublished)
        try await storage.close()
    }
}
