import CairnCore
import CairnSchema
import MemoryStorage

/// Looks up what writes must know of the store: the records they change, who has their unique values, what they refer to.
///
/// All requests of a list of writes go out side by side; what the overlay, the cache or the bounds of the index tell costs none.
struct Preparation: Sendable {
    let records: RecordReader
    let indexes: IndexReader
    let faults: ObjectStorageFaults

    // MARK: Before writing

    /// What must be known to apply operations to a workspace.
    /// - Parameter images: Records that need not be looked up.
    func lookups(
        for operations: [WriteOperation], in workspace: Workspace,
        knowing images: [Workspace.RecordID: RecordImage?] = [:]
    ) async throws -> Lookups {
        var lookups = Lookups()
        lookups.isStale = faults.contains(.staleUnique)
        lookups.images = images
        try await findImages(operations, workspace, &lookups)
        try await findOwners(operations, workspace, &lookups)
        return lookups
    }

    private func findImages(
        _ operations: [WriteOperation], _ workspace: Workspace, _ lookups: inout Lookups
    ) async throws {
        var old: [Table: [Key]] = [:]
        var new: [Table: [Key]] = [:]
        for operation in operations {
            let table = operation.table
            let id = workspace.id(table, operation.key)
            guard lookups.images[id] == nil else { continue }
            if let known = trusted(table, id.key, workspace.view) {
                lookups.images.updateValue(known, forKey: id)
                continue
            }
            // Marked, so that a key that stands there twice is asked for once.
            lookups.images.updateValue(nil, forKey: id)
            if case .insert = operation {
                new[table, default: []].append(operation.key)
            } else {
                old[table, default: []].append(operation.key)
            }
        }
        // Of a record that is expected not to be there, a filter of the index tells that, and stays cached for others.
        for table in workspace.view.schema.tables {
            if let keys = new[table] { old[table, default: []] += try await present(table, keys, workspace.view) }
            guard let keys = old[table] else { continue }
            let images = try await committed(table, keys, in: workspace.view)
            for (key, image) in zip(keys, images) {
                lookups.images.updateValue(image, forKey: workspace.id(table, key))
            }
        }
    }

    /// What is known of a record without a request, and needs no comparing with the index: the log has it, or the index does not
    /// have it.
    private func trusted(_ table: Table, _ key: [UInt8], _ view: View) -> RecordImage?? {
        guard let known = records.known(table, key, in: view) else { return nil }
        let isTrusted = known == nil || table.indexes.isEmpty || view.tables[table.position].records.get(key) != nil
        return isTrusted ? .some(known) : nil
    }

    /// Those of some keys that the primary index has.
    private func present(_ table: Table, _ keys: [Key], _ view: View) async throws -> [Key] {
        let layout = view.tables[table.position].keyLayout
        let found = try await keys.concurrently(LogReader.width) { [indexes] key in
            try await indexes.has(table, layout.encode(key), in: view)
        }
        return zip(keys, found).filter(\.1).map(\.0)
    }

    private func findOwners(
        _ operations: [WriteOperation], _ workspace: Workspace, _ lookups: inout Lookups
    ) async throws {
        struct Wanted: Sendable {
            let table: Table
            let index: Index
            let prefix: [UInt8]
        }
        var wanted: [Wanted] = []
        for operation in operations {
            let values: [Value]
            switch operation {
            case .insert(_, let new), .update(_, let new, _), .upsert(_, let new): values = new
            case .delete: continue
            }
            let table = operation.table
            let old = workspace.image(workspace.id(table, operation.key), lookups)?.values
            for index in table.indexes where index.isUnique {
                let layout = workspace.view.tables[table.position].indexLayouts[index.position]
                if let old, layout.keepsUnique(index, old, values) { continue }
                if let prefix = workspace.uniquePrefix(of: values, index, table) {
                    wanted.append(Wanted(table: table, index: index, prefix: prefix))
                }
            }
        }
        let view =
            faults.contains(.staleUnique)
            ? View(workspace.view.manifest.manifest, workspace.view.schema) : workspace.view
        let found = try await wanted.concurrently(LogReader.width) { [indexes] wanted in
            try await indexes.claims(wanted.prefix, wanted.table, wanted.index, in: view)
        }
        for (wanted, entries) in zip(wanted, found) {
            let overlay = view.tables[wanted.table.position]
            let owners = entries.compactMap { entry -> Lookups.Entry? in
                overlay.key(ofEntry: entry, in: wanted.index).map { key in
                    Lookups.Entry(entry: entry, key: overlay.keyLayout.encode(key))
                }
            }
            lookups.set(owners, wanted.table, wanted.index, wanted.prefix)
        }
    }

    // MARK: Before committing

    /// Checks that nothing that was written refers to nothing, and nothing that was deleted is referred to.
    /// - Throws: `storage.reference` for the first record at fault, in the order of writing.
    func checkReferences(_ workspace: inout Workspace) async throws {
        let operations = workspace.operations
        var targets: [(table: Table, key: Key)] = []
        for operation in operations where operation.after.isLive {
            targets += changedTargets(of: operation, workspace).map { ($0.table, $0.key) }
        }
        try await readTargets(targets, &workspace)
        for operation in operations {
            if operation.after.isLive {
                try await checkTargets(of: operation, &workspace)
            } else {
                try await checkReferrers(of: operation, &workspace)
            }
        }
    }

    private struct Target {
        let reference: Reference
        let table: Table
        let key: Key
    }

    /// The records an operation refers to and did not before. What it referred to before is there: nobody could delete it.
    private func changedTargets(of operation: LoggedOperation, _ workspace: Workspace) -> [Target] {
        guard let values = operation.after.values else { return [] }
        let old = operation.before?.values
        return operation.table.references.compactMap { reference in
            let value = values[reference.column]
            if value.isNull { return nil }
            if let old, old[reference.column] == value, !isWritten(reference, Key(value), workspace) { return nil }
            return Target(
                reference: reference, table: workspace.view.tables[reference.target].table, key: Key(value))
        }
    }

    /// Whether the transaction itself wrote the record a reference points to.
    private func isWritten(_ reference: Reference, _ key: Key, _ workspace: Workspace) -> Bool {
        workspace.hasWritten(workspace.id(workspace.view.tables[reference.target].table, key))
    }

    /// Reads all targets side by side, so that checking them one by one finds them known.
    private func readTargets(_ targets: [(table: Table, key: Key)], _ workspace: inout Workspace) async throws {
        var keys: [Table: [Key]] = [:]
        for (table, key) in targets { keys[table, default: []].append(key) }
        for table in workspace.view.schema.tables {
            guard let keys = keys[table] else { continue }
            var met: Set<Key> = []
            _ = try await records.images(table, keys.filter { met.insert($0).inserted }, in: workspace.view)
        }
    }

    private func checkTargets(of operation: LoggedOperation, _ workspace: inout Workspace) async throws {
        for target in changedTargets(of: operation, workspace) {
            workspace.reads.add(target.table, key: workspace.id(target.table, target.key).key)
            let image = try await records.image(target.table, target.key, in: workspace.view)
            guard image?.isLive == true else {
                throw StorageError.danglingReference(
                    operation.table, operation.key, column: operation.table.columns[target.reference.column],
                    target: target.key)
            }
        }
    }

    private func checkReferrers(of operation: LoggedOperation, _ workspace: inout Workspace) async throws {
        for reference in operation.table.referrers {
            let overlay = workspace.view.tables[reference.table]
            let index = reference.index.map { overlay.table.indexes[$0] }
            var prefix: [UInt8] = []
            overlay.layout(of: index).append(operation.key.first, part: 0, to: &prefix)
            workspace.reads.add(overlay.table, index, [(prefix, KeyBytes.end(ofPrefix: prefix))])
            let entries = try await indexes.entries(
                overlay.table, index, prefix: prefix, in: workspace.view, limit: 1)
            guard let entry = entries.first, let key = overlay.key(ofEntry: entry, in: index) else { continue }
            throw StorageError.stillReferenced(
                operation.table, operation.key, by: overlay.table, key,
                column: overlay.table.columns[reference.column])
        }
    }
}
