import CairnCore
import CairnSchema
import ObjectStores

@testable import ObjectStorage

/// What the log of a store says that its records are, commit by commit from the first one on: what everything else in the store is
/// compared with.
struct LogReplay {
    private(set) var count = 0
    /// The newest image of every record there ever was, by the name of its file.
    private var images: [String: (table: Table, key: Key, image: RecordImage)] = [:]
    private let schema: Schema
    private let objects: any ObjectStore

    /// A store whose objects are not what its log says.
    struct Wrong: Error, CustomStringConvertible {
        let description: String
    }

    /// Reads a whole log, and checks that each record follows the one before.
    init(_ objects: any ObjectStore, _ schema: Schema) async throws {
        self.objects = objects
        self.schema = schema
        let store = try StoreFileJSON.decode(try await objects.bytes(ObjectNames.store)).id
        var previous = CommitRecord.noHash
        var commits: Set<String> = []
        for name in try await objects.keys(prefix: ObjectNames.log) {
            count += 1
            guard ObjectNames.record(count) == name else {
                throw Wrong(description: "\(name) stands where \(count) is due")
            }
            let bytes = try await objects.bytes(name)
            let record = try await read(bytes, name)
            guard record.store == store, record.previous == previous, record.number == count else {
                throw Wrong(description: "commit \(count) does not follow the one before")
            }
            guard commits.insert(record.commit).inserted else {
                throw Wrong(description: "commit \(count) stands there twice")
            }
            try apply(record)
            previous = SHA256.digest(bytes)
        }
    }

    private func read(_ bytes: [UInt8], _ name: String) async throws -> CommitRecord {
        var reading = try CommitRecordJSON.Reading(bytes, name: name) { _ in schema }
        if !reading.parts.isEmpty {
            var parts: [[UInt8]] = []
            for part in reading.parts { parts.append(try await objects.bytes(part)) }
            try reading.add(parts) { _ in schema }
        }
        return reading.record
    }

    private mutating func apply(_ record: CommitRecord) throws {
        for transaction in record.transactions {
            for operation in transaction.operations {
                let name = ObjectNames.file(operation.table, operation.key)
                let before = images[name]?.image
                guard operation.before == before else {
                    throw Wrong(
                        description:
                            "commit \(count) changes \(name) from \(String(describing: operation.before)), and it was \(String(describing: before))"
                    )
                }
                guard operation.after.commit == count,
                    operation.after.metadata.revision > before?.metadata.revision ?? 0
                else { throw Wrong(description: "commit \(count) makes \(name) to \(operation.after)") }
                images[name] = (operation.table, operation.key, operation.after)
            }
        }
    }

    /// Fails unless the record files are, byte for byte, what the log says. For a store at rest, whose files were all written.
    func checkFiles() async throws {
        let names = try await objects.keys(prefix: ObjectNames.tables).filter { !$0.hasSuffix("/_metadata.json") }
        let wanted = Set(images.keys)
        guard Set(names) == wanted else {
            throw Wrong(
                description: "files too many: \(Set(names).subtracting(wanted)); missing: \(wanted.subtracting(names))")
        }
        for (name, record) in images {
            let bytes = RecordFile.encode(record.image, of: record.table, key: record.key, schema: schema.id)
            let found = try await objects.bytes(name)
            guard found == bytes else {
                throw Wrong(
                    description:
                        "\(name) is\n\(String(decoding: found, as: UTF8.self))\nand must be\n\(String(decoding: bytes, as: UTF8.self))"
                )
            }
        }
    }
}

/// Brings a store to rest: writes the record files that others left to do, and finds nothing wrong with any.
/// - Parameter commit: Commits something.
func settle(_ storage: ObjectStorage, _ objects: any ObjectStore, _ schema: Schema, commit: () async throws -> Void)
    async throws
{
    // What somebody else has left is carried by the first manifest, and written with the second one.
    for _ in 0..<2 {
        try await commit()
        _ = try await storage.maintain()
    }
    try await storage.flush()
    try await LogReplay(objects, schema).checkFiles()
    let examination = try await storage.examine()
    guard examination.findings.isEmpty else { throw LogReplay.Wrong(description: "\(examination.findings)") }
}
