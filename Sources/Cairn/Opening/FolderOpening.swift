import CairnCore
import ObjectStorage
import ObjectStores

/// Opens the store in a folder.
struct FolderOpening {
    private let address: StoreURL
    private let options: ObjectStorageOptions
    private let folderOptions: FolderObjectStore.Options

    /// - Throws: `config.invalid` for a parameter that cannot be, before anything is touched.
    init(_ address: StoreURL, _ use: StoreUse) throws {
        self.address = address
        options = try address.objectOptions(mode: use.objectMode)
        folderOptions = try address.folderOptions()
    }

    func storage() async throws -> any Storage {
        if options.mode == .create { try checkPlace() } else { try checkFolder() }
        do {
            let objects = try FolderObjectStore(address.path, folderOptions)
            return try await ObjectStorage.open(objects, options)
        } catch let error as ObjectStoreError {
            throw StorageError(opening: error)
        }
    }

    /// The objects, whatever they are.
    func objects() throws -> OpenedObjects {
        try checkFolder()
        do {
            return OpenedObjects(objects: try FolderObjectStore(address.path, folderOptions), options: options)
        } catch let error as ObjectStoreError {
            throw StorageError(opening: error)
        }
    }

    private func checkFolder() throws {
        guard FolderObjectStore.exists(at: address.path) else {
            throw StorageError(
                .notAStore, "there is no folder \(address.path)",
                remedy: "check the path; it begins in the current folder unless it begins with '/'")
        }
    }

    /// Makes sure that a new store is inside of no other: whoever copies or removes the outer one would take it along.
    private func checkPlace() throws {
        guard !FolderObjectStore.exists(at: "\(address.path)/\(ObjectNames.store)"),
            let outer = FolderObjectStore.folder(above: address.path, with: ObjectNames.store)
        else { return }
        throw StorageError.inside(address.description, "file:\(outer)")
    }
}

extension StorageError {
    /// A new store would be inside of another.
    static func inside(_ place: String, _ outer: String) -> StorageError {
        StorageError(
            .configuration, "\(place) is inside of the store \(outer)",
            remedy: "choose a place that is in no store, or open that one")
    }

    /// What kept a store of objects from being opened, in the words of a storage.
    init(opening error: ObjectStoreError) {
        let code: StorageError.Code =
            switch error.code {
            case .noSuchContainer: .notAStore
            case .accessDenied: .accessDenied
            case .throttled: .throttled
            case .network, .unavailable, .outcomeUnknown: .unavailable
            case .timeout: .timeout
            case .unsupported: .unsupported
            case .invalid: .configuration
            case .full: .full
            default: .io
            }
        self.init(code, error.message, remedy: error.remedy, isRetryable: error.isRetryable)
    }
}
