import CairnCore
import CairnMigrator
import CairnSchema
import Foundation
import MemoryStorage
import ObjectStorage
import ObjectStores
import S3Client
import SQLiteStorage
import Testing

/// The drivers that change schemas.
enum Driver: String, CaseIterable {
    case memory
    case sqlite
    case folder
    case ministack

    /// Those there are: the S3 server only where `Tests/run --all` has started it.
    static var allCases: [Driver] { [.memory, .sqlite, .folder] + (MiniStack.address == nil ? [] : [.ministack]) }

    /// Whether its stores remember their migrations, and what these dropped.
    var remembersMigrations: Bool { self != .memory }
}

/// The S3 server that `Tests/run --all` starts, which ends with the tests, and all that is in it.
enum MiniStack {
    /// `http://ACCESS:SECRET@127.0.0.1:PORT`.
    static let address = ProcessInfo.processInfo.environment["CAIRN_TEST_S3_MINISTACK"].flatMap {
        $0.isEmpty ? nil : URLComponents(string: $0)
    }

    private static let bucket = Task {
        let address = try #require(MiniStack.address)
        let endpoint = try S3Endpoint("http://\(address.host ?? ""):\(address.port ?? 80)")
        let credentials = Credentials(accessKey: address.user ?? "", secretKey: address.password ?? "")
        let client = try S3Client(
            S3ClientOptions(endpoint: endpoint, region: "us-east-1", credentials: .explicit(credentials)))
        let bucket = try await client.createBucket("cairn-migrations-\(UUID().uuidString.lowercased())")
        _ = try await S3ObjectStore.open(bucket, prefix: "probe")
        return bucket
    }

    /// A place of its own.
    static func objects(_ prefix: String) async throws -> any ObjectStore {
        try S3ObjectStore(await bucket.value, prefix: prefix)
    }
}

/// A store that can be left and opened again, as a program that ends and one of a new schema that starts.
final class Place {
    private let driver: Driver
    private let path: String
    /// What programs that use objects take for the time.
    var clock: @Sendable () -> Timestamp = { .now }

    init(_ driver: Driver) {
        self.driver = driver
        path = FileManager.default.temporaryDirectory.appending(path: "cairn-migration-\(UUID().uuidString)")
            .path(percentEncoded: false)
    }

    deinit {
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
    }

    /// Whether what was left is as its schema says; nil where nobody says.
    func survey() async throws -> SchemaSurvey? {
        switch driver {
        case .memory: nil
        case .sqlite: try await SQLiteStorage.surveySchema(SQLiteOptions(.file(path)))
        case .folder: try await ObjectStorage.surveySchema(folder())
        case .ministack: try await ObjectStorage.surveySchema(bucket())
        }
    }

    /// Marks the SQLite file that was left as a store of a schema, as the command does.
    func baseline(_ schema: Schema) async throws {
        _ = try await SQLiteStorage.baseline(SQLiteOptions(.file(path)), schema, leaving: Rollback.checkLeaving)
    }

    /// The driver, on what was left.
    func storage() async throws -> any Storage {
        switch driver {
        case .memory:
            FileManager.default.fileExists(atPath: path) ? try MemoryStorage(contentsOf: path) : MemoryStorage()
        case .sqlite: try await SQLiteStorage.open(SQLiteOptions(.file(path), synchronous: .normal))
        case .folder: try await ObjectStorage.open(folder(), surroundings: .machine(now: clock))
        case .ministack: try await ObjectStorage.open(bucket(), surroundings: .machine(now: clock))
        }
    }

    private func bucket() async throws -> any ObjectStore {
        try await MiniStack.objects(String(path.split(separator: "/").last ?? "place"))
    }

    /// Nothing here outlives the machine: hundreds of cases that wait for its disk would keep each other from being in time.
    private func folder() throws -> FolderObjectStore {
        var options = FolderObjectStore.Options()
        options.isDurable = false
        return try FolderObjectStore(path, options)
    }

    /// Ends the use of a driver.
    func leave(_ storage: any Storage) async throws {
        if case let memory as MemoryStorage = storage { try await memory.save(to: path) }
        try await storage.close()
    }

    /// Lends the store, opened with a schema.
    func with<Result>(
        _ schema: Schema, _ options: StoreOptions = StoreOptions(), _ body: (Store) async throws -> Result
    ) async throws -> Result {
        let storage = try await storage()
        let store = try await Store.open(storage, schema: schema, options: options)
        let result = try await body(store)
        try await leave(storage)
        return result
    }

    /// Migrates what was left.
    func migrate(to schema: Schema, allowsDestructive: Bool = false) async throws {
        let storage = try await storage()
        let held = try #require(try await storage.schema())
        do {
            let migration = try Migration(from: held, to: schema, allowsDestructive: allowsDestructive)
            try await storage.apply(.migrate(migration))
        } catch {
            try await leave(storage)
            throw error
        }
        try await leave(storage)
    }
}

/// The records of a store as JSON: for each table its records in the order of their keys.
typealias Content = [String: [JSONValue]]

extension Store {
    /// Everything in the store.
    func content() async throws -> Content {
        var content: Content = [:]
        for table in schema.tables {
            let json = RecordJSON(table)
            content[table.name] = try await records(table.name).all().map { record in
                var writer = JSONWriter()
                json.writeFields(record.values, to: &writer)
                return try JSONValue(parsing: writer.text)
            }
        }
        return content
    }

    /// Inserts records, of all tables in one batch.
    func insert(_ content: Content) async throws {
        var operations: [WriteOperation] = []
        for (name, records) in content {
            let table = try self.records(name).table
            for record in records {
                var scanner = try JSONScanner(Array(record.description.utf8))
                operations.append(.insert(table, try RecordJSON(table).readFields(&scanner)))
            }
        }
        _ = try await session.write(operations)
    }

    /// Writes every record once more as it is: what does not fit the schema is refused.
    func rewrite() async throws {
        var operations: [WriteOperation] = []
        for table in schema.tables {
            operations += try await records(table.name).all().map { .update(table, $0.values, expecting: $0.revision) }
        }
        _ = try await session.write(operations)
    }
}

/// A schema file around the text of its tables.
func database(_ tables: String...) -> String {
    "{ \"database\": \"d\", \"tables\": { \(tables.joined(separator: ", ")) } }"
}

/// The text of a table. Columns are `name type` with `;` between them; the type is a name or JSON.
func table(
    _ columns: String, name: String = "t", key: String = "id", indexes: String = "", renamedFrom: String? = nil
) -> String {
    let texts = "id int; \(columns)".split(separator: ";").map { text -> String in
        let parts = text.split(separator: " ", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
        return "\"\(parts[0])\": \(parts[1].hasPrefix("{") ? parts[1] : "\"\(parts[1])\"")"
    }
    let from = renamedFrom.map { ", \"renamed_from\": \"\($0)\"" } ?? ""
    let keys = key.split(separator: ",").map { "\"\($0)\"" }.joined(separator: ", ")
    return
        "\"\(name)\": { \"columns\": { \(texts.joined(separator: ", ")) }, \"key\": [\(keys)], \"indexes\": { \(indexes) }\(from) }"
}

/// Fails the test unless `body` throws a storage error of a code; gives it back.
@discardableResult
func expectError(
    _ code: StorageError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async throws -> StorageError {
    let error = await #expect(throws: StorageError.self, sourceLocation: sourceLocation) { try await body() }
    let found = try #require(error, sourceLocation: sourceLocation)
    #expect(found.code == code, "\(found)", sourceLocation: sourceLocation)
    return found
}
