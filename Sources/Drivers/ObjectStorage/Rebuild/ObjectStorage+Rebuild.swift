import CairnCore
public import ObjectStores

extension ObjectStorage {
    /// Makes `_store.json`, manifest and indexes of a store again from its record files: when they are lost or damaged.
    ///
    /// What the log still has beyond the record files is written into them. Every record keeps its revision and its times. The store
    /// gets another id, so programs that have it open must open it again. Everything is checked before anything is written:
    /// files that cannot be read, records that the newest checkpoint has and that have no file any more, or an older one, two records
    /// with one unique value, references to nothing, gaps in the log. All of that
    /// is in the report, and keeps the store from being rebuilt unless ``RebuildOptions/accepted`` says otherwise.
    ///
    /// A GET for each record, and for each primary index file that is left, twice where the store may be open elsewhere; the entries of all indexes of one table are in memory, and
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

    /// What a rebuild would find: nothing is written.
    package struct RebuildRehearsal: Sendable {
        /// What it would come to, and all that is in the way of it.
        package let report: RebuildReport
        /// Whether it must be forced: nothing seems to be missing.
        package let needsForce: Bool
    }

    /// Looks what a rebuild would find. As many GETs as a rebuild that does not wait.
    /// - Throws: as ``rebuild(_:_:progress:)``.
    package static func rehearseRebuild(
        _ objects: any ObjectStore, _ options: RebuildOptions = RebuildOptions(),
        progress: (@Sendable (RebuildProgress) -> Void)? = nil
    ) async throws -> RebuildRehearsal {
        let access = StoreAccess(objects: objects)
        do {
            return try await Rebuild(access, options, .machine(), progress).rehearse()
        } catch {
            throw StoreAccess.translated(error)
        }
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
