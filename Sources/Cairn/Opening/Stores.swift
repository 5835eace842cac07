public import CairnCore
import MemoryStorage
import ObjectStorage
import SQLiteStorage

/// Opens drivers by address.
public enum Stores {
    /// The driver at an address, not yet opened with a schema.
    /// - Throws: `config.invalid` for an address that is none; what the driver throws.
    public static func storage(at url: String) async throws -> any Storage {
        try await storage(at: StoreURL(url), for: .writing)
    }

    /// The driver at an address for a tool that only looks: it makes no file, asks nothing of a server but what it reads, and cannot
    /// write, unless the address itself asks for another mode.
    /// - Throws: as ``storage(at:)``; `storage.not_a_store` when there is nothing.
    package static func storage(forReading address: StoreURL) async throws -> any Storage {
        try await storage(at: address, for: .reading)
    }

    /// The driver at an address.
    /// - Parameter use: What it is for, where the address does not say.
    static func storage(at address: StoreURL, for use: StoreUse) async throws -> any Storage {
        switch address.scheme {
        case .memory: return MemoryStorage()
        case .sqlite: return try await SQLiteStorage.open(address.sqliteOptions(mode: use.sqliteMode))
        case .file: return try await FolderOpening(address, use).storage()
        case .s3: return try await BucketOpening(address, use).storage()
        }
    }
}

/// What a store is opened for.
enum StoreUse {
    /// Reading and writing; made if there is none.
    case writing
    /// Reading and writing what is there.
    case existing
    /// Reading what is there.
    case reading

    var sqliteMode: SQLiteOptions.Mode {
        switch self {
        case .writing: .create
        case .existing: .existing
        case .reading: .readOnly
        }
    }

    var objectMode: ObjectStorageOptions.Mode {
        switch self {
        case .writing: .create
        case .existing: .existing
        case .reading: .readOnly
        }
    }
}
