import CairnCore
import ObjectStores

extension RecordReader {
    /// Fails when a view is so old that a missing file says nothing about it.
    ///
    /// A purge removes the files of records that every manifest which stands shows as deleted. So if the manifest of a view stands,
    /// *after* the file was found missing, no purge has removed it. One request.
    /// - Throws: `storage.snapshot_expired`.
    func checkKept(_ view: View) async throws {
        let name = ObjectNames.manifest(view.manifest.manifest.version)
        do {
            _ = try await log.access.objects.get(name, range: .closed(0...0))
        } catch let error as ObjectStoreError {
            guard error.code == .notFound else { throw StoreAccess.translated(error) }
            throw StorageError(
                .snapshotExpired, "the store no longer keeps how it was at commit \(view.number)",
                remedy: "begin a new snapshot or transaction", isRetryable: true)
        }
    }
}
