import CairnSchema

/// A part of a schema, by its name in the schema that two plans begin with; what is new, by its new name.
enum SchemaPart: Hashable {
    /// A table with all that is in it.
    case table(String)
    /// That there is a table of this name, with this key: what references rely on.
    case tableIdentity(String)
    /// A name that a table gets.
    case newTable(String)
    case column(String, of: String)
    /// That there is a column, of this name and type: what indexes rely on.
    case columnIdentity(String, of: String)
    /// A name that a column gets.
    case newColumn(String, of: String)
    case index(String, of: String)
    case option(String, of: String?)

    private var table: String? {
        switch self {
        case .table(let table), .tableIdentity(let table), .column(_, of: let table),
            .columnIdentity(_, of: let table), .newColumn(_, of: let table), .index(_, of: let table):
            table
        case .option(_, of: let table): table
        case .newTable: nil
        }
    }

    /// Whether a change of this part matters to whoever relies on another.
    func matters(to other: SchemaPart) -> Bool {
        if self == other { return true }
        if case .table(let table) = self { return other.table == table }
        return false
    }
}

/// What an operation changes, and what it relies on.
struct TouchedParts {
    private(set) var changed: Set<SchemaPart> = []
    private(set) var needed: Set<SchemaPart> = []

    /// Whether one of two operations changes what the other changes or relies on.
    func meets(_ other: TouchedParts) -> Bool {
        func hits(_ changed: Set<SchemaPart>, _ parts: Set<SchemaPart>) -> Bool {
            changed.contains { change in parts.contains { change.matters(to: $0) } }
        }
        return hits(changed, other.changed.union(other.needed)) || hits(other.changed, changed.union(needed))
    }

    init(_ operation: SchemaOperation, in diff: SchemaDiff) {
        let pair = diff.pairs.first { $0.new.name == operation.table }
        let name = operation.name ?? ""
        switch operation.kind {
        case .createTable:
            let table = operation.table ?? ""
            changed = [.newTable(table)]
            for target in diff.new.table(named: table)?.columns.compactMap(\.referencedTable) ?? [] {
                needed.insert(.tableIdentity(TouchedParts.former(target, diff)))
            }
        case .dropTable: changed = [.table(operation.table ?? "")]
        case .renameTable: changed = [.table(operation.before ?? ""), .newTable(operation.table ?? "")]
        case .changeKey: changed = [.table(pair?.old.name ?? "")]
        case .keepChanges, .forgetChanges: changed = [.option("changes", of: pair?.old.name)]
        case .openWindow, .closeWindow: changed = [.option("window", of: nil)]
        case .changeOption: changed = [.option(name, of: pair?.old.name)]
        case .dropColumn:
            changed = [.column(name, of: pair?.old.name ?? ""), .columnIdentity(name, of: pair?.old.name ?? "")]
        case .addIndex, .addUniqueIndex, .dropIndex, .dropUniqueIndex:
            if let pair { touchIndex(name, pair) }
        default: if let pair { touchColumn(operation, pair, diff) }
        }
    }

    /// The name that a table had in the schema both begin with; the new one when it had none.
    private static func former(_ table: String, _ diff: SchemaDiff) -> String {
        diff.pairs.first { $0.new.name == table }?.old.name ?? table
    }

    private mutating func touchIndex(_ name: String, _ pair: TablePair) {
        let table = pair.old.name
        changed.insert(.index(name, of: table))
        for (side, index) in [(pair.old, pair.old.index(named: name)), (pair.new, pair.new.index(named: name))] {
            let asked = index?.condition.map { Array($0.columns) } ?? []
            for column in (index?.parts.map(\.column) ?? []) + (index?.included ?? []) + asked {
                let isOld = side === pair.old
                let former = isOld ? column : pair.sources[column]
                needed.insert(
                    former.map { .columnIdentity(pair.old.columns[$0].name, of: table) }
                        ?? .newColumn(side.columns[column].name, of: table))
            }
        }
    }

    private mutating func touchColumn(_ operation: SchemaOperation, _ pair: TablePair, _ diff: SchemaDiff) {
        let table = pair.old.name
        guard let column = pair.new.column(named: operation.name ?? "") else { return }
        if let source = pair.sources[column.position] {
            let former = pair.old.columns[source]
            changed.insert(.column(former.name, of: table))
            if TouchedParts.identities.contains(operation.kind) {
                changed.insert(.columnIdentity(former.name, of: table))
            }
            if former.name != column.name { changed.insert(.newColumn(column.name, of: table)) }
            if let target = former.referencedTable { needed.insert(.tableIdentity(target)) }
        } else {
            changed.insert(.newColumn(column.name, of: table))
            for source in pair.conversions[column.position]?.sources ?? [] {
                needed.insert(.columnIdentity(source.name, of: table))
            }
            if let lookup = pair.lookups[column.position] {
                // What is found would be other values, or others would be found, if the column were converted, or dropped.
                needed.insert(.column(lookup.unique.name, of: lookup.table.name))
                needed.insert(.column(lookup.result.name, of: lookup.table.name))
                needed.insert(.tableIdentity(lookup.table.name))
            }
        }
        if let target = column.referencedTable {
            needed.insert(.tableIdentity(TouchedParts.former(target, diff)))
        }
    }

    /// What makes another column of a column, in the eyes of an index.
    private static let identities: Set<SchemaOperation.Kind> = [
        .renameColumn, .widenType, .convertType, .changeType,
    ]
}
