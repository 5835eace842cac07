public import CairnCore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension Database {
    /// Opens the database at an address: `memory:`, `sqlite:path`, `file:folder/`, `s3://bucket/prefix?region=…`.
    ///
    /// A store that holds nothing yet gets the tables. One that holds another schema is refused: nothing is changed behind
    /// your back.
    /// - Parameters:
    ///   - url: Where: see ``StoreURL``.
    ///   - options: Choices that hold for every driver.
    /// - Throws: `config.invalid` for an address that is none, and for a new store inside of another; `storage.schema_mismatch`;
    ///   `storage.not_a_store`; `storage.busy`; `storage.io`; on a bucket also `storage.unsupported` when its server cannot keep
    ///   writers apart, `storage.access_denied`, `storage.throttled`, `storage.unavailable`.
    public static func open(_ url: String, options: StoreOptions = StoreOptions()) async throws -> Self {
        let address = try StoreURL(url)
        let options = try address.storeOptions(options)
        return try await open(on: Stores.storage(at: address, for: .writing), options: options)
    }

    /// Opens the database of an environment in `cairn.json`.
    ///
    /// `CAIRN_URL` overrides the file, which need not exist then; without `environment`, `CAIRN_ENV` names it.
    /// - Throws: as ``open(_:options:)``; `config.invalid` when the file or the environment is missing or wrong.
    public static func open(
        environment: String? = nil, configuration: String = "cairn.json", options: StoreOptions = StoreOptions()
    ) async throws -> Self {
        let url =
            try Configuration.override(ProcessInfo.processInfo.environment)
            ?? Configuration(file: configuration).url(environment: environment)
        return try await open(url, options: options)
    }
}
