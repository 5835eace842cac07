public import CairnCore
import MemoryStorage
package import ObjectStorage
package import ObjectStores
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

    /// The driver at an address for a tool that works on a store that is there, unless the address itself asks for another mode.
    /// - Throws: as ``storage(at:)``; `storage.not_a_store` when there is nothing.
    package static func storage(forWorkingOn address: StoreURL) async throws -> any Storage {
        try await storage(at: address, for: .existing)
    }

    /// Looks whether the store at an address is as its schema says. Nothing is written, whatever the address asks for.
    /// - Throws: as ``storage(forReading:)``, but for what is wrong with the store: that is found.
    package static func surveySchema(at address: StoreURL) async throws -> SchemaSurvey {
        switch address.scheme {
        case .sqlite where address.isPersistent:
            return try await SQLiteStorage.surveySchema(address.sqliteOptions(mode: .readOnly))
        case .file, .s3:
            let opened = try await objects(at: address, writes: false)
            return try await ObjectStorage.surveySchema(opened.objects, opened.options)
        case .memory, .sqlite:
            throw StorageError(
                .notAStore, "\(address) holds nothing: it lives in the memory of the program that opens it",
                remedy: "name a store that outlives its program, such as sqlite:atlas.db or file:folder/")
        }
    }

    /// Marks the database at an address as a store of a schema, if its tables and records are what the schema makes.
    /// - Parameters:
    ///   - isRehearsal: Whether nothing is to be written.
    ///   - leaving: What looks whether the database may leave the schema it says.
    /// - Throws: `storage.unsupported` where the driver has no tables of its own; what the driver throws.
    package static func baseline(
        at address: StoreURL, _ schema: Schema, isRehearsal: Bool, leaving: @escaping BaselineLeaving
    ) async throws -> BaselineReport {
        guard address.scheme == .sqlite, address.isPersistent else {
            throw StorageError(
                .unsupported, "\(address) is no SQLite file",
                remedy:
                    "a folder or a bucket that has lost what it is is made a store again by 'cairn rebuild', one that Cairn did not make by 'cairn adopt'"
            )
        }
        return try await SQLiteStorage.baseline(
            address.sqliteOptions(mode: .existing), schema, isRehearsal: isRehearsal, leaving: leaving)
    }

    /// The objects at an address, whatever they are: for tools that make a store of them.
    /// - Parameter writes: Whether they will be written.
    /// - Throws: `storage.unsupported` for an address of no objects; `storage.not_a_store` when there is no folder or bucket.
    package static func objects(at address: StoreURL, writes: Bool) async throws -> OpenedObjects {
        let use: StoreUse = writes ? .existing : .reading
        switch address.scheme {
        case .file: return try FolderOpening(address, use).objects()
        case .s3: return try await BucketOpening(address, use).objects(writes: writes)
        case .memory, .sqlite:
            throw StorageError(
                .unsupported, "\(address) keeps no objects",
                remedy: "name a folder or a bucket: file:folder/ or s3://bucket/prefix")
        }
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

/// Objects at an address, and what the address says of a store of them.
package struct OpenedObjects: Sendable {
    package let objects: any ObjectStore
    package let options: ObjectStorageOptions
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
