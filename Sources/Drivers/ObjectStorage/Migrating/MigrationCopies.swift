import CairnCore
import CairnSchema
import ObjectStores

/// Copies the record files of a renamed table into the folder of its new name, as of the commit that decides the migration.
///
/// Each copy is of that commit, so what may stand in the folder from before, of a table that had the name or of a migration that was cut
/// short, is of an earlier one, and is replaced or never looked at. A process that was overtaken is of an earlier one, too: its
/// copies replace none of a later.
struct MigrationCopies: Sendable {
    private let parts: EngineParts
    private let engine: Engine
    private let table: Table
    private let schema: SchemaID
    private let number: Int
    private let columns: RecordJSON

    /// How often a file is tried.
    private static let attempts = 8

    init(_ parts: EngineParts, _ engine: Engine, _ table: Table, _ schema: SchemaID, _ number: Int) {
        self.parts = parts
        self.engine = engine
        self.table = table
        self.schema = schema
        self.number = number
        columns = RecordFile.columns(of: table)
    }

    /// Writes the files of some records. A PUT for each; a GET and another PUT where something stands there.
    /// - Returns: The entries of the primary index.
    func write(_ records: [(Key, RecordImage)]) async throws -> [IndexEntry] {
        let layout = KeyLayout(keyOf: table)
        return try await records.concurrently(LogReader.width) { key, image in
            let bytes = RecordFile.encode(image, columns, key: key, schema: schema)
            try await write(ObjectNames.file(table, key), bytes, engine.attributes.attributes(of: image, table))
            return IndexEntry(
                key: layout.encode(key),
                .record(
                    revision: image.metadata.revision, commit: image.commit, digest: ComputedETag.md5(bytes) ?? []))
        }
    }

    private func write(_ name: String, _ bytes: [UInt8], _ attributes: ObjectAttributes) async throws {
        var mode = PutMode.create
        var pause = Duration.milliseconds(50)
        var problem: any Error = StorageError.timeout()
        for _ in 0..<MigrationCopies.attempts {
            let notAfter = try await parts.follower.permission()?.date?.addingTimeInterval(Committer.fence)
            do {
                if case .written = try await parts.access.write(name, bytes, mode, notAfter: notAfter, attributes) {
                    return
                }
            } catch let error as ObjectStoreError where error.isRetryable || error.mayHaveTakenEffect {
                problem = error
                try await parts.surroundings.sleep(pause)
                pause = min(pause * 2, .seconds(5))
            }
            switch try await parts.access.read(name) {
            case .absent: mode = .create
            case .found(let object):
                if object.bytes == bytes { return }
                if let commit = RecordFile.origin(of: object.bytes).commit, commit > number {
                    throw SchemaMigration.Overtaken()
                }
                mode = .ifMatch(object.etag)
            }
        }
        throw StoreAccess.translated(problem)
    }
}
