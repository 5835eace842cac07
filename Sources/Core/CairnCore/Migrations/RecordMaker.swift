public import CairnSchema

/// Swift code that makes what the records of a migration get: the values of columns that are new.
///
/// It makes nothing else. What a record has stays what it has, or becomes what the migration makes of it, so that nothing of it is lost
/// and the migration is taken back as any other.
package struct RecordMaker: Sendable {
    /// Gives the values of new columns, by their names, for a record of the old schema.
    package typealias Body = @Sendable (Record) throws -> [String: Value]

    private let body: Body
    /// What tells the code from others for the same change; nil where nobody has said it.
    package let version: String?

    init(version: String?, _ body: @escaping Body) {
        self.version = version
        self.body = body
    }

    /// What the code gives for a record, by the positions of the columns.
    /// - Throws: `storage.invalid` for a column that is not new, and for whatever the code throws that is no `StorageError`.
    func values(_ record: [Value], _ pair: TablePair) throws -> [Int: Value] {
        let given: [String: Value]
        do {
            given = try body(Record(pair.old, values: record))
        } catch let error as CancellationError {
            throw error
        } catch {
            throw failure(error, pair)
        }
        var values: [Int: Value] = [:]
        for name in given.keys.sorted(by: Utf8.isLess) {
            guard let column = pair.new.column(named: name), pair.sources[column.position] == nil else {
                var details = details(pair)
                details.column = name
                let problem =
                    pair.new.column(named: name) == nil
                    ? "which table '\(pair.new.name)' does not have"
                    : "which is not new in table '\(pair.new.name)': what a record has in it would be lost"
                let new = pair.new.columns.filter { pair.sources[$0.position] == nil }.map(\.name)
                throw StorageError(
                    .invalid,
                    "the code of the migration gives a value for column '\(name)', \(problem); the new ones are \(new.joined(separator: ", "))",
                    details: details)
            }
            values[column.position] = given[name]
        }
        return values
    }

    /// What the code threw. What it says is its own: of a table with columns that are kept out of messages no more is told than what it is.
    private func failure(_ error: any Error, _ pair: TablePair) -> StorageError {
        let isSecret = pair.old.columns.contains(where: \.isSensitive)
        if let error = error as? StorageError {
            if !isSecret { return error }
            return StorageError(
                error.code, "the code of the migration threw \(error.code.rawValue)", details: details(pair))
        }
        return StorageError(
            .invalid,
            "the code of the migration threw \(isSecret ? "an error of type \(type(of: error))" : "\(error)")",
            details: details(pair))
    }

    private func details(_ pair: TablePair) -> StorageError.Details {
        var details = StorageError.Details()
        details.table = pair.new.name
        return details
    }
}

extension Migration {
    /// Plans the change of one schema into another, where Swift code makes the values of columns that are new.
    ///
    /// The code is called for each record of each table that gets a column, with the record as it is in the old schema, without
    /// revision and times. It gives values by the names of the new columns; one that it leaves out gets what it would get without the code.
    /// When the code throws, or a value does not fit, the record is named and the store is as it was. The code may be called several times
    /// for a record, must not use the store, and can change nothing that a record has.
    ///
    /// On SQLite and in memory all of it runs in the one transaction of the migration: a run that is killed begins anew. On folders and buckets
    /// each record is read once, and what the code gave is kept beside the records, some thousand in an object, before the migration is
    /// decided: whoever reads a record later has it from there. A run that is killed begins anew, too; where `codeVersion` is given, the next
    /// run of the same version goes on with what was kept, and asks the code for no record that has not changed since.
    ///
    /// - Parameters:
    ///   - allowsDestructive: Whether what only the old schema has may go, with its data.
    ///   - isRehearsal: Whether all of it is to be done and then taken back.
    ///   - codeVersion: What tells the code from what it was before: another text whenever it gives other values.
    ///   - making: The code.
    /// - Throws: As ``init(from:to:allowsDestructive:isRehearsal:)``; `migration.unsupported` when no table gets a column.
    public init(
        from: Schema, to: Schema, allowsDestructive: Bool = false, isRehearsal: Bool = false,
        codeVersion: String? = nil, making: @escaping @Sendable (Record) throws -> [String: Value]
    ) throws {
        try self.init(from: from, to: to, allowsDestructive: allowsDestructive, isRehearsal: isRehearsal)
        guard pairs.contains(where: \.hasNewColumns) else {
            throw StorageError(
                .migrationUnsupported, "no table gets a column, so that the code of the migration has nothing to make",
                remedy:
                    "add the column that it makes; to change values of columns that are there, update the records in a transaction"
            )
        }
        maker = RecordMaker(version: codeVersion, making)
    }

    /// The code that makes what records of a table get; nil where there is none.
    package func maker(of pair: TablePair) -> RecordMaker? { pair.hasNewColumns ? maker : nil }
}

extension TablePair {
    /// Whether records get values that they did not have.
    fileprivate var hasNewColumns: Bool { sources.contains { $0 == nil } }
}
