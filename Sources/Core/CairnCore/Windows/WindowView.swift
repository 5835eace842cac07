import CairnSchema

/// A store that programs of two schemas use at once, as a program of one of them sees it.
///
/// The store has the expanded schema (``ExpandedSchema``). A view knows where in it the tables and columns of the program are. Queries are
/// asked of the expanded tables, rows are handed out as those of the program, and what it writes is completed by what the other program
/// reads (``WindowRecords``).
final class WindowView: Sendable {
    /// What the store holds.
    let expanded: Schema
    /// What the program knows.
    let presented: Schema
    /// By the positions of the program's tables.
    private let tables: [WindowTable]
    /// The positions of the program's tables by those of the expanded schema.
    private let positions: [Int: Int]

    /// - Returns: nil when the store is none that programs of this schema use.
    /// - Throws: `storage.damaged` when what the store holds has not what it says.
    init?(of held: Schema, presenting program: Schema) throws {
        guard let window = held.window, program.id == window.old.id || program.id == window.new.id else { return nil }
        expanded = held
        presented = program
        let isOld = program.id == window.old.id
        let pairs = SchemaDiff(from: window.old, to: window.new).pairs
        tables = try program.tables.map { table in
            try WindowTable(table, in: window, isOld: isOld, pairs: pairs, held)
        }
        positions = Dictionary(
            tables.enumerated().map { ($0.element.expanded.position, $0.offset) },
            uniquingKeysWith: { first, _ in first })
    }

    /// A table of the program.
    func table(_ table: Table) throws -> WindowTable { try self.table(at: table.position) }

    /// A table of the program by its position.
    func table(at position: Int) throws -> WindowTable {
        guard tables.indices.contains(position) else {
            throw StorageError(.query, "the database '\(presented.database)' has no table at position \(position)")
        }
        return tables[position]
    }

    /// The table of the program that a table of the store is; nil when the program has none.
    func table(of expanded: Table) -> WindowTable? { positions[expanded.position].map { tables[$0] } }

    /// The positions of tables of the program, of those of the store. Others it does not know.
    func presented(_ positions: Set<Int>) -> Set<Int> { Set(positions.compactMap { self.positions[$0] }) }

    /// The positions in the store of tables of the program.
    func expanded(_ positions: Set<Int>) -> Set<Int> {
        Set(positions.compactMap { tables.indices.contains($0) ? tables[$0].expanded.position : nil })
    }

    /// An error of the store that names tables and columns as the program does, where it has them.
    func presented(_ error: StorageError) -> StorageError {
        guard let name = error.details.table, let table = tables.first(where: { $0.expanded.name == name }) else {
            return error
        }
        var details = error.details
        details.table = table.presented.name
        details.column = details.column.map { column in
            table.presented.columns.first { table.expanded.columns[table.places[$0.position]].name == column }?.name
                ?? column
        }
        details.index = details.index.map { table.indexNames[$0] ?? $0 }
        return StorageError(
            error.code, error.message, remedy: error.remedy, isRetryable: error.isRetryable, details: details)
    }

    /// A plan that names table and indexes as the program does. Conditions and what an engine says are in the words of the store.
    func presented(_ plan: QueryPlan) -> QueryPlan {
        var presented = plan
        if let table = tables.first(where: { $0.expanded.name == plan.table }) {
            presented.table = table.presented.name
            if case .index(let name) = plan.access { presented.access = .index(table.indexNames[name] ?? name) }
        }
        presented.parts = plan.parts.map { self.presented($0) }
        presented.related = plan.related.map { related in
            var related = related
            related.plan = self.presented(related.plan)
            return related
        }
        return presented
    }

    /// Runs `body`, whose errors name what is in the store.
    func presenting<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as StorageError {
            throw presented(error)
        }
    }
}

/// One table of a program, and where it is in the store.
struct WindowTable: Sendable {
    /// The table as the program knows it.
    let presented: Table
    /// The table of the store.
    let expanded: Table
    /// For each column of the program the position of the one of the store.
    let places: [Int]
    /// What indexes of the store are called by the program, where that is another name.
    let indexNames: [String: String]
    /// What makes whole records of what the program writes; nil for a table that programs of the other schema do not have.
    let records: WindowRecords?

    fileprivate init(
        _ table: Table, in window: SchemaWindow, isOld: Bool, pairs: [TablePair], _ held: Schema
    ) throws {
        presented = table
        let side = isOld ? window.old : window.new
        let (found, declared) = try WindowTable.find(table.name, of: side, isOld: isOld, in: held)
        expanded = found
        let places = try table.columns.map { column in
            try WindowTable.place(of: column.name, declared, isOld: isOld, in: found)
        }
        self.places = places
        indexNames = WindowTable.names(of: table, in: found, places)
        records = try pairs.first { (isOld ? $0.old : $0.new) === declared }.map { pair in
            try WindowRecords(
                pair, in: window.old, isOld: isOld, presented: table, places: places, expanded: found,
                old: pair.old.columns.map { try WindowTable.place(of: $0.name, pair.old, isOld: true, in: found) },
                new: pair.new.columns.map { try WindowTable.place(of: $0.name, pair.new, isOld: false, in: found) })
        }
    }

    /// The table of the store, and what one of the two schemas says of it.
    private static func find(
        _ name: String, of side: Schema, isOld: Bool, in held: Schema
    ) throws -> (expanded: Table, declared: Table) {
        guard let declared = side.table(named: name),
            let expanded = held.table(named: isOld ? declared.renamedFrom ?? name : name)
        else { throw damaged("table '\(name)'") }
        return (expanded, declared)
    }

    private static func place(of name: String, _ declared: Table, isOld: Bool, in expanded: Table) throws -> Int {
        let known = isOld ? declared.column(named: name)?.renamedFrom ?? name : name
        guard let column = expanded.column(named: known) else {
            throw damaged("column '\(known)' of table '\(expanded.name)'")
        }
        return column.position
    }

    private static func damaged(_ what: String) -> StorageError {
        StorageError(
            .damaged, "the store says that programs of two schemas use it, and its schema lacks \(what)",
            remedy: "restore the store from a backup")
    }

    /// Indexes by what they have, since one of the store may be called otherwise.
    private static func names(of table: Table, in expanded: Table, _ places: [Int]) -> [String: String] {
        var names: [String: String] = [:]
        for index in table.indexes {
            let parts = index.parts.map { IndexPart(column: places[$0.column], isDescending: $0.isDescending) }
            let condition = index.condition?.moved { places[$0] }
            let found = expanded.indexes.first {
                $0.parts == parts && $0.isUnique == index.isUnique && $0.condition == condition
            }
            if let found, found.name != index.name { names[found.name] = index.name }
        }
        return names
    }
}
