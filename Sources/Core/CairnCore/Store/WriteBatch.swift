import CairnSchema

/// Lists writes that are to happen in one commit.
public struct WriteBatch: Sendable {
    private let schema: Schema
    /// The writes so far.
    public private(set) var operations: [WriteOperation] = []

    init(_ schema: Schema) {
        self.schema = schema
    }

    /// Adds a new record.
    /// - Throws: `storage.invalid` when the record is of another database.
    public mutating func insert<E: Entity>(_ entity: E) throws {
        let table = try table(of: E.self)
        operations.append(.insert(table, entity.values(count: table.columns.count)))
    }

    /// Adds new values of a record, which must have the revision this one was read at.
    public mutating func update<E: Entity>(_ entity: E) throws {
        let table = try table(of: E.self)
        try Revisions.refuseUnstored(entity.revision, table)
        operations.append(.update(table, entity.values(count: table.columns.count), expecting: entity.revision))
    }

    /// Adds a record, or new values of it.
    public mutating func upsert<E: Entity>(_ entity: E) throws {
        let table = try table(of: E.self)
        operations.append(.upsert(table, entity.values(count: table.columns.count)))
    }

    /// Adds the end of a record, which must have the revision this one was read at.
    public mutating func delete<E: Entity>(_ entity: E) throws {
        let table = try table(of: E.self)
        try Revisions.refuseUnstored(entity.revision, table)
        operations.append(.delete(table, entity.id.key, expecting: entity.revision))
    }

    /// Adds the end of a record, whatever its revision.
    public mutating func delete<E: Entity>(_ type: E.Type, _ id: E.ID) throws {
        operations.append(.delete(try table(of: type), id.key, expecting: nil))
    }

    /// Adds a write without generated code.
    public mutating func append(_ operation: WriteOperation) {
        operations.append(operation)
    }

    private func table<E: Entity>(of type: E.Type) throws -> Table {
        guard E.schemaID == schema.id.description else {
            throw StorageError.misuse("\(E.self) belongs to another database than '\(schema.database)'")
        }
        return schema.tables[E.tablePosition]
    }
}
