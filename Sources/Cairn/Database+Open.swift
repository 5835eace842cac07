public import CairnCore
import MemoryStorage
import SQLiteStorage

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension Database {
    /// Opens the database at an address: `memory:`, `sqlite:path`, `sqlite::memory:`.
    ///
    /// A store that holds nothing yet gets the tables. One that holds another schema is refused: nothing is changed behind
    /// your back.
    /// - Parameters:
    ///   - url: Where: see ``StoreURL``.
    ///   - options: Choices that hold for every driver.
    /// - Throws: `config.invalid` for an address that is none; `storage.schema_mismatch`; `storage.not_a_store`;
    ///   `storage.busy`; `storage.io`.
    public static func open(_ url: String, options: StoreOptions = StoreOptions()) async throws -> Self {
        try await open(on: Stores.storage(at: url), options: options)
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

/// Opens drivers by address.
public enum Stores {
    /// The driver at an address, not yet opened with a schema.
    /// - Throws: `config.invalid` for an address that is none; what the driver throws.
    public static func storage(at url: String) async throws -> any Storage {
        let address = try StoreURL(url)
        switch address.scheme {
        case .memory: return MemoryStorage()
        case .sqlite: return try await SQLiteStorage.open(address.sqliteOptions())
        }
    }

    /// The driver at an address for a tool that only looks: it makes no file and cannot write, unless the address itself
    /// asks for another mode.
    /// - Throws: as ``storage(at:)``; `storage.not_a_store` when there is nothing.
    package static func storage(forReading address: StoreURL) async throws -> any Storage {
        switch address.scheme {
        case .memory: return MemoryStorage()
        case .sqlite: return try await SQLiteStorage.open(address.sqliteOptions(mode: .readOnly))
        }
    }
}
