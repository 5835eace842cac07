import CairnCore
public import ObjectStores

extension ObjectStorage {
    /// Makes `_store.json`, manifest and indexes of a store again from its record files: when they are lost or damaged.
    ///
    /// What the log still has beyond the record files is written into them. Every record keeps its revision and its times. The store
    /// gets another id, so programs that have it open must open it again. Everything is checked before anything is written:
    /// files that cannot be read, two records with one unique value, references to nothing, gaps in the log. All of that
    /// is in the report, and keeps the store from being rebuilt unless ``RebuildOptions/accepted`` says otherwise.
    ///
    /// A GET for each record, twice where the store may be open elsewhere; the entries of all indexes of one table are in memory, and
    /// the index files of all.
    /// - Parameters:
    ///   - objects: The store.
    ///   - progress: Hears how far it is.
    /// - Throws: `storage.unsupported` when nothing is missing and it is not forced; `storage.not_a_store`; `storage.damaged` when
    ///   nothing tells the schema; `storage.conflict` when somebody else changes the store; `storage.unavailable`.
    public static func rebuild(
        _ objects: any ObjectStore, _ options: RebuildOptions = RebuildOptions(),
        progress: (@Sendable (RebuildProgress) -> Void)? = nil
    ) async throws -> RebuildReport {
        try await rebuild(objects, options, surroundings: .machine(), progress: progress)
    }

    /// Rebuilds with surroundings of a test's own.
    package static func rebuild(
        _ objects: any ObjectStore, _ options: RebuildOptions, surroundings: Surroundings,
        progress: (@Sendable (RebuildProgress) -> Void)? = nil
    ) async throws -> RebuildReport {
        let access = StoreAccess(objects: objects)
        guard access.capabilities.isListingOrdered else {
            throw StorageError(
                .unsupported, "\(access.capabilities.location) does not list names in order",
                remedy: "use a general purpose bucket")
        }
        do {
            return try await Rebuild(access, options, surroundings, progress).run()
        } catch {
            throw StoreAccess.translated(error)
        }
    }
}
