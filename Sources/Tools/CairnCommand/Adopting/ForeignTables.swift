import Cairn
import CairnCore
import CairnSchema
import ObjectStores

/// Reads what another program has in a folder or a bucket: its schema, and every record once.
struct ForeignTables {
    let objects: any ObjectStore
    let progress: Progress

    /// What was found.
    struct Findings {
        var schema = ForeignSchema()
        var observations: [String: TableObservation] = [:]
        /// Files that are no records.
        var notes: [String] = []
    }

    /// Records read at a time.
    private static let width = 32
    private static let folder = "tables/"

    func read() async throws -> Findings {
        do {
            var findings = Findings()
            if let bytes = try await bytes("_schema.json") {
                if let schema = ForeignSchema(bytes) {
                    findings.schema = schema
                } else {
                    findings.notes.append("'_schema.json' is no schema of DDAO's, and was not looked at")
                }
            }
            for try await entry in objects.list(ListOptions(prefix: ForeignTables.folder, delimiter: "/")) {
                guard case .prefix(let prefix) = entry else { continue }
                let name = String(prefix.dropFirst(ForeignTables.folder.utf8.count).dropLast())
                findings.observations[name] = try await table(name, &findings)
            }
            guard !findings.observations.isEmpty || !findings.schema.tables.isEmpty else {
                throw StorageError(
                    .notAStore, "there are no tables of another program at \(objects.capabilities.location)",
                    remedy: "check the address: records are looked for in tables/NAME/objects/")
            }
            return findings
        } catch let error as ObjectStoreError {
            throw StorageError(.unavailable, error.message, remedy: error.remedy, isRetryable: error.isRetryable)
        }
    }

    private func table(_ name: String, _ findings: inout Findings) async throws -> TableObservation {
        var observation = TableObservation()
        let prefix = "\(ForeignTables.folder)\(name)/objects/"
        for try await page in objects.list(ListOptions(prefix: prefix)).pages {
            var names = page.entries.map(\.name)[...]
            while !names.isEmpty {
                let portion = Array(names.prefix(ForeignTables.width))
                names = names.dropFirst(portion.count)
                for (object, record) in try await records(portion) {
                    if let (id, fields) = record {
                        observation.add(id: id, fields)
                    } else {
                        findings.notes.append("'\(object)' is no record")
                    }
                }
                progress.show("\(name): \(observation.records) records")
            }
        }
        return observation
    }

    private func records(_ names: [String]) async throws -> [(String, (id: String, fields: JSONObject)?)] {
        try await withThrowingTaskGroup(of: (String, (id: String, fields: JSONObject)?).self) { group in
            for name in names {
                group.addTask {
                    guard let bytes = try await self.bytes(name), let record = ForeignTables.record(bytes) else {
                        return (name, nil)
                    }
                    return (name, record)
                }
            }
            var found: [(String, (id: String, fields: JSONObject)?)] = []
            for try await one in group { found.append(one) }
            return found
        }
    }

    private func bytes(_ name: String) async throws -> [UInt8]? {
        do {
            return try await objects.bytes(name)
        } catch let error as ObjectStoreError where error.code == .notFound {
            return nil
        }
    }

    private static func record(_ bytes: [UInt8]) -> (id: String, fields: JSONObject)? {
        guard case .object(let record)? = try? JSONValue(parsing: bytes), case .object(let fields)? = record["fields"],
            case .string(let id)? = record["id"]
        else { return nil }
        return (id, fields)
    }
}
