public import CairnCore

extension Store {
    /// Opens the store at an address with a schema that was read at run time; creates its tables in one that holds nothing yet.
    /// - Throws: as `Database.open(_:options:)`.
    public static func open(
        _ url: String, schema: Schema, options: StoreOptions = StoreOptions()
    ) async throws -> Store {
        let address = try StoreURL(url)
        let options = try address.storeOptions(options)
        return try await opened(Stores.storage(at: address, for: .writing)) {
            try await open($0, schema: schema, options: options)
        }
    }

    /// Opens the store at an address by the schema it holds itself: for tools, and to copy an old store into a new one.
    ///
    /// It makes no file: an address without a store is an error.
    /// - Throws: `config.invalid` for an address that is none; `storage.not_a_store` when there is no store, or it holds no
    ///   tables yet.
    public static func open(existing url: String, options: StoreOptions = StoreOptions()) async throws -> Store {
        let address = try StoreURL(url)
        let options = try address.storeOptions(options)
        let storage = try await Stores.storage(at: address, for: .existing)
        return try await opened(storage) { try await open(existing: $0, options: options) }
    }

    /// Opens a store on a driver that nobody else knows, and closes that if it cannot be.
    private static func opened(
        _ storage: any Storage, _ open: (any Storage) async throws -> Store
    ) async throws -> Store {
        do {
            return try await open(storage)
        } catch {
            // The first error is the one to tell.
            try? await storage.close()
            throw error
        }
    }
}
