import CairnCore
import CairnSchema
import ObjectStores

/// Looks at what a store says of its schema, beside the log that decides it.
///
/// The newest manifest and the log say which schema the store follows; opening it has read them. Everything else that says so is a
/// copy, or needed for files of before: `_schema.json`, `_schemas/`, `_migrations/`. And the log says whether a migration has closed
/// the store. A place whose log or manifest cannot be read cannot be opened, which is a finding of its own (``marker(_:_:)``).
struct StoreSurvey {
    private let storage: ObjectStorage
    private var access: StoreAccess { storage.access }

    private static let backup = "restore the object from a backup"

    /// - Parameter storage: The store, to which no schema is attached yet.
    init(_ storage: ObjectStorage) {
        self.storage = storage
    }

    func run() async throws -> SchemaSurvey {
        var survey = SchemaSurvey(driver: ObjectStorage.driver, location: access.capabilities.location)
        survey.check = { try SchemaMigration.check($0) }
        guard case .found(let held) = storage.stage.withLock({ $0 }) else { return survey }
        let schema = held.schema
        survey.held = schema
        let manifest = try ManifestJSON.decode(held.manifest, name: held.manifestName) { _ in schema }
        let isPublished: Bool
        if case .found = try await access.read(held.manifestName) { isPublished = true } else { isPublished = false }
        if isPublished {
            survey.findings += try await copy(of: schema)
        } else {
            survey.findings.append(unpublished(manifest, schema))
        }
        survey.findings += try await kept(manifest, schema, isPublished)
        do {
            survey.history = try await storage.migrations()
        } catch let error as StorageError where error.code == .damaged {
            // It was named with what is wrong with its objects.
        }
        let closing = try await closing(schema)
        // A migration writes the files of a renamed table before it is decided.
        if closing.isEmpty { survey.findings += try await unknownTables(manifest, schema) }
        survey.findings += closing
        return survey
    }

    // MARK: The marker

    /// What is said of a place that cannot be opened as a store, and is none of another program's.
    /// - Parameter error: Why it cannot be opened.
    static func marker(_ error: StorageError, _ access: StoreAccess) async throws -> DriftFinding {
        guard case .found(let object) = try await access.read(ObjectNames.store) else {
            return DriftFinding(.markerMissing, ObjectNames.store, error)
        }
        if (try? StoreFileJSON.decode(object.bytes)) == nil {
            return DriftFinding(
                .markerCorrupt, ObjectNames.store, error.message,
                remedy: "restore the object from a backup, or run cairn rebuild, which makes it again")
        }
        let newest = "the newest of '\(ObjectNames.checkpoints)…' and the log behind it"
        guard error.code == .schemaMismatch else { return DriftFinding(.markerCorrupt, newest, error) }
        // The error is meant for programs that have a schema of their own.
        return DriftFinding(
            .markerCorrupt, newest,
            "the newest commit follows another schema than the manifest, and no commit decides that",
            remedy:
                "restore '\(ObjectNames.log)' and '\(ObjectNames.checkpoints)…' from one backup, or run cairn rebuild --force"
        )
    }

    // MARK: Schemas

    /// Compares the copy of the schema that is for people and other tools.
    private func copy(of schema: Schema) async throws -> [DriftFinding] {
        let message: String
        switch try await access.read(ObjectNames.schema) {
        case .absent: message = "there is no such object"
        case .found(let object):
            guard let text = String(validating: object.bytes, as: UTF8.self),
                let found = try? Schema(stored: text, file: ObjectNames.schema)
            else {
                message = "it is no schema that this version knows"
                break
            }
            if found.id == schema.id { return [] }
            message = "it is the schema \(found.id.short), and the store follows \(schema.id.short)"
        }
        return [
            DriftFinding(
                .changedByHand, ObjectNames.schema, message,
                remedy: "it is a copy: copy '\(ObjectNames.schema(schema.id))' over it")
        ]
    }

    /// Looks at the schemas that the store has had, and at what its migrations made of the tables: older record files need both.
    private func kept(_ manifest: Manifest, _ schema: Schema, _ isPublished: Bool) async throws -> [DriftFinding] {
        var findings: [DriftFinding] = []
        for id in Set(manifest.eras.map(\.schema) + [schema.id]).sorted(by: {
            Utf8.isLess($0.description, $1.description)
        }) {
            let remedy =
                id == schema.id
                ? "it is what '\(ObjectNames.schema)' should be: if that is in order, copy it there"
                : StoreSurvey.backup
            findings += try await finding(ObjectNames.schema(id), remedy) { _ = try await access.schema(id) }
        }
        // What the last one made is published with the rest.
        for era in isPublished ? manifest.eras[...] : manifest.eras.dropLast() {
            let name = ObjectNames.migration(era.end)
            findings += try await finding(name, StoreSurvey.backup) {
                // Not by the log, which has it, too, until it is collected.
                let file = try MigrationFile(decoding: try await access.bytes(name), name: name)
                try await check(file)
            }
        }
        return findings
    }

    /// Looks for the values that a migration has kept.
    private func check(_ file: MigrationFile) async throws {
        guard file.tables.contains(where: { $0.values != nil }) else { return }
        let (from, to) = (try await access.schema(file.era.schema), try await access.schema(file.to))
        for table in file.tables {
            guard let values = table.values else { continue }
            do {
                try await KeptValuesReader(access, values, try table.pair(from, to)).check()
            } catch let damage as Damage {
                throw StoredObject.damaged(ObjectNames.migration(file.era.end), damage.message)
            }
        }
    }

    /// What is said of an object that cannot be read.
    /// - Throws: what says nothing of the object, such as `storage.unavailable`.
    private func finding(
        _ name: String, _ remedy: String, _ read: () async throws -> Void
    ) async throws -> [DriftFinding] {
        do {
            try await read()
            return []
        } catch let error as StorageError where error.code == .damaged {
            return [DriftFinding(.changedByHand, name, error.message, remedy: remedy)]
        }
    }

    /// Folders of tables that no schema of the store has or had. Those of dropped tables stay, as do those that a migration began which
    /// was given up: `cairn maintain` names both.
    private func unknownTables(_ manifest: Manifest, _ schema: Schema) async throws -> [DriftFinding] {
        var known = Set(schema.tables.map(\.name))
        do {
            for era in manifest.eras { known.formUnion(try await access.schema(era.schema).tables.map(\.name)) }
        } catch let error as StorageError where error.code == .damaged {
            // It was named; which tables the store had is not known then.
            return []
        }
        let schemas = Set(manifest.eras.map(\.schema) + [schema.id])
        var findings: [DriftFinding] = []
        for folder in try await access.listed(ObjectNames.tables, delimiter: "/").prefixes
        where !known.contains(String(folder.dropFirst(ObjectNames.tables.utf8.count).dropLast())) {
            if try await isRemainder(folder, schemas) { continue }
            findings.append(
                DriftFinding(
                    .changedByHand, folder, "no schema of the store has or had such a table",
                    remedy: "move it to another place when no migration is at work: nothing of it is read"))
        }
        return findings
    }

    /// Whether the files of a folder follow a schema that the store was to get and never had.
    private func isRemainder(_ folder: String, _ schemas: Set<SchemaID>) async throws -> Bool {
        guard let name = try await access.names("\(folder)objects/", limit: 1).first,
            case .found(let object) = try await access.read(name),
            let schema = RecordFile.origin(of: object.bytes).schema
        else { return false }
        return !schemas.contains(schema)
    }

    // MARK: Migrations

    /// A migration whose commit is there, and whose manifest is not.
    private func unpublished(_ manifest: Manifest, _ schema: Schema) -> DriftFinding {
        DriftFinding(
            .partlyApplied, ObjectNames.record(manifest.covers),
            "the change to the schema \(schema.id.short) is decided, and not published yet: its process died there, or is at it",
            remedy: "nothing is lost: the next program that opens the store for writing ends it, such as cairn maintain"
        )
    }

    /// Says whether a migration has closed the store for writing.
    private func closing(_ schema: Schema) async throws -> [DriftFinding] {
        let closing: Closing?
        do {
            try await storage.attach(schema)
            closing = try storage.engine().tip.view().closing
        } catch let error as StorageError where error.code == .damaged {
            return [DriftFinding(.changedByHand, ObjectNames.log, error)]
        }
        return try await StoreSurvey.closing(closing, access).map { [$0] } ?? []
    }

    /// What is said of a store that a migration has closed; nil for one that is open, or closed for other work: it is as its schema says.
    static func closing(_ closing: Closing?, _ access: StoreAccess) async throws -> DriftFinding? {
        guard let closing, Utf8.equal(closing.note.by, SchemaMigration.author) else { return nil }
        let start = closing.note.until.adding(microseconds: -SchemaMigration.planned)
        let sign = try await sign(since: start, access)
        return DriftFinding(
            .beingApplied, ObjectNames.record(closing.number),
            "a migration has closed the store for writing: \(closing.note.reason); \(sign)",
            remedy:
                "\(SchemaMigration.wayOut(MigrationCommand(in: closing.note.reason))); or \(SchemaMigration.opening)")
    }

    /// What is known of the process that migrates.
    /// - Parameter start: When it closed the store; signs of before are of another one.
    private static func sign(since start: Timestamp?, _ access: StoreAccess) async throws -> String {
        let nothing = "nothing was heard of its process yet"
        guard case .found(let object) = try await access.read(ObjectNames.lease),
            let json = try? JSONValue(parsing: String(decoding: object.bytes, as: UTF8.self)),
            case .string(let text)? = json["at"], let time = Timestamp(text), start.map({ $0 <= time }) ?? true
        else { return start.map { "it did so at \($0), and \(nothing)" } ?? nothing }
        return "its process was last heard of at \(time)"
    }
}
