/// Resolves what only the whole file shows: references, keys, indexes and defaults.
struct SchemaResolver {
    let database: String
    private let drafts: [TableDraft]
    private let tables: TableDrafts
    /// What the key of each table comes down to. Found once: many columns refer to one table, and chains may be long.
    private let keyTypes: [KeyType]

    init(database: String, drafts: TableDrafts) {
        self.database = database
        self.drafts = drafts.all
        tables = drafts
        keyTypes = drafts.all.map { KeyType(of: $0, among: drafts) }
    }

    /// Reports what is wrong; gives a schema to use only when nothing was an error.
    func resolve(_ diagnostics: inout DiagnosticCollector) -> Schema? {
        for table in drafts { checkKey(of: table, &diagnostics) }
        let valueTypes = drafts.map { table in
            table.columns.map { valueType(of: $0, in: table, &diagnostics) }
        }
        var resolved: [ResolvedTable] = []
        for (table, types) in zip(drafts, valueTypes) {
            resolved.append(resolve(table, types, &diagnostics))
        }
        // A table that could not be resolved has holes; building the schema from it would trap or lie.
        guard !diagnostics.hasErrors else { return nil }
        return build(resolved)
    }

    /// The parts of a table once its names are known.
    private struct ResolvedTable {
        let columns: [Column]
        let key: [Int]
        let indexes: [Index]
    }

    private func resolve(
        _ table: TableDraft, _ types: [ValueType?], _ diagnostics: inout DiagnosticCollector
    ) -> ResolvedTable {
        var columns: [Column] = []
        for (position, draft) in table.columns.enumerated() {
            // An unresolved type was reported; string stands in for it so that the other checks go on.
            let type = types[position] ?? .string
            columns.append(column(draft, at: position, type, in: table, &diagnostics))
        }
        let key = table.key.compactMap { table.position(of: $0.text) }
        let indexes = IndexResolver(table: table, columns: columns, key: key).resolve(&diagnostics)
        return ResolvedTable(columns: columns, key: key, indexes: indexes)
    }

    // MARK: Keys

    private func checkKey(of table: TableDraft, _ diagnostics: inout DiagnosticCollector) {
        var seen: Set<Int> = []
        for (name, offset) in table.key {
            guard let position = table.position(of: name) else {
                if table.unreadColumns.contains(name) { continue }
                diagnostics.error(
                    "schema.unknown_column", at: offset,
                    "'key' of table '\(table.name)' names the unknown column '\(name)'",
                    remedy: NearestName.hint(name, among: table.columns.map(\.name)))
                continue
            }
            let column = table.columns[position]
            if !seen.insert(position).inserted {
                diagnostics.error("schema.key", at: offset, "'key' of table '\(table.name)' names '\(name)' twice")
            }
            if column.isNullable {
                diagnostics.error(
                    "schema.key", at: offset, "the key column '\(name)' of table '\(table.name)' may be null",
                    remedy: "remove the '?' or 'nullable' from its type")
            }
            if column.isSensitive {
                diagnostics.error(
                    "schema.key", at: offset,
                    "the key column '\(name)' of table '\(table.name)' is sensitive, but errors, plans and file names show keys",
                    remedy: "use another key, such as a uuid, and make '\(name)' unique")
            }
        }
    }

    // MARK: Types

    /// What is stored for a column: follows references to the key they name.
    private func valueType(
        of column: ColumnDraft, in table: TableDraft, _ diagnostics: inout DiagnosticCollector
    ) -> ValueType? {
        switch column.type {
        case .reference(let target):
            return referencedType(of: column, in: table, target: target, &diagnostics)
        case .array(let element):
            return SchemaResolver.scalarType(element).map(ValueType.array)
        default:
            return SchemaResolver.scalarType(column.type)
        }
    }

    fileprivate static func scalarType(_ type: ColumnType) -> ValueType? {
        switch type {
        case .string, .enumeration: .string
        case .int: .int
        case .double: .double
        case .bool: .bool
        case .uuid: .uuid
        case .bytes: .bytes
        case .timestamp: .timestamp
        case .date: .date
        case .decimal: .decimal
        case .json: .json
        // Refused elsewhere; nothing is ever stored for it.
        case .blob: .bytes
        case .array, .reference: nil
        }
    }

    /// The table that was probably meant: the one of which it is the singular, or that is written nearly so.
    private func nearestTable(_ name: String) -> String? {
        let names = drafts.map(\.name)
        let entity = Naming.entityName(ofTable: name)
        return names.first { !entity.isEmpty && Naming.entityName(ofTable: $0) == entity }
            ?? NearestName.of(name, among: names)
    }

    private func referencedType(
        of column: ColumnDraft, in table: TableDraft, target: String, _ diagnostics: inout DiagnosticCollector
    ) -> ValueType? {
        let what = "column '\(column.name)' of table '\(table.name)'"
        guard let position = tables.position(of: target) else {
            diagnostics.error(
                "schema.unknown_table", at: column.typeOffset, "\(what) refers to the unknown table '\(target)'",
                remedy: nearestTable(target).map { "did you mean '\($0)'?" } ?? "declare the table")
            return nil
        }
        let count = drafts[position].key.count
        if count > 1 {
            diagnostics.error(
                "schema.reference", at: column.typeOffset,
                "\(what) refers to table '\(target)', whose key has \(count) columns",
                remedy: "give '\(target)' a key of one column, such as a uuid, and a unique index on the others")
        }
        switch keyTypes[position] {
        case .value(let type, _): return type
        // Reported where it stands.
        case .unknown: return nil
        case .circle(let names):
            diagnostics.error(
                "schema.reference", at: column.typeOffset,
                "\(what) refers to a key that is defined by itself: \(names.joined(separator: " -> "))",
                remedy: "give one of these tables a key that is no reference")
            return nil
        }
    }

    // MARK: Columns

    private func column(
        _ draft: ColumnDraft, at position: Int, _ type: ValueType, in table: TableDraft,
        _ diagnostics: inout DiagnosticCollector
    ) -> Column {
        let what = "column '\(draft.name)' of table '\(table.name)'"
        let isKey = table.key.contains { Utf8.equal($0.text, draft.name) }
        if isKey, !type.canBeKey {
            diagnostics.error(
                "schema.key", at: draft.typeOffset, "\(what) is part of the key but of type \(type)",
                remedy: "keys are string, int, uuid, bytes, bool, timestamp, date, decimal, an enum or a reference")
        }
        let rules = ColumnRulesReader(
            draft: draft, type: type, enumValues: enumValues(of: draft), what: what)
        let checked = rules.rules(&diagnostics)
        var defaultValue = rules.defaultValue(checked, &diagnostics)
        if defaultValue == nil, isKey, draft.type == .uuid { defaultValue = .uuid }
        if let (conversion, offset) = draft.conversion {
            rules.check(conversion, checked, at: offset, &diagnostics)
        }
        return Column(
            name: draft.name, position: position, type: draft.type, valueType: type, isNullable: draft.isNullable,
            defaultValue: defaultValue, rules: checked, onDelete: draft.onDelete, isSensitive: draft.isSensitive,
            deprecation: draft.deprecation, doc: draft.doc, renamedFrom: draft.renamedFrom?.text,
            conversion: draft.conversion?.conversion)
    }

    /// The values of the enum a column is, or that is the key its references lead to.
    private func enumValues(of column: ColumnDraft) -> [String]? {
        switch column.type {
        case .enumeration(let values): return values
        case .reference(let name):
            guard let position = tables.position(of: name), case .value(_, let cases) = keyTypes[position] else {
                return nil
            }
            return cases
        default: return nil
        }
    }

    // MARK: Building

    private func build(_ resolved: [ResolvedTable]) -> Schema {
        let references = drafts.indices.map { self.references(of: $0, resolved[$0]) }
        let tables = drafts.indices.map { position in
            let draft = drafts[position]
            return Table(
                name: draft.name, position: position, columns: resolved[position].columns, key: resolved[position].key,
                indexes: resolved[position].indexes, references: references[position],
                referrers: references.joined().filter { $0.target == position }, options: draft.options,
                entity: draft.entityName, doc: draft.doc, renamedFrom: draft.renamedFrom?.text)
        }
        return Schema(database: database, tables: tables)
    }

    private func references(of table: Int, _ resolved: ResolvedTable) -> [Reference] {
        resolved.columns.compactMap { column in
            guard let name = column.referencedTable,
                let target = tables.position(of: name)
            else { return nil }
            let byKey = resolved.key.first == column.position
            let index = resolved.indexes.first { $0.parts.first?.column == column.position && $0.filter == nil }
            return Reference(
                table: table, column: column.position, target: target, index: byKey ? nil : index?.position,
                onDelete: column.onDelete ?? .restrict)
        }
    }
}

/// What the key of a table comes down to, once references are followed.
private enum KeyType {
    /// The type of its only column, with the values of an enum.
    case value(ValueType, cases: [String]?)
    /// References that lead back to where they were: the names of the tables on the way, the last one for the second time.
    case circle([String])
    /// It has none of one column, or leads to a table that is not there.
    case unknown

    init(of table: TableDraft, among tables: TableDrafts) {
        var table = table
        var names = [table.name]
        var seen: Set<Int> = []
        if let position = tables.position(of: table.name) { seen.insert(position) }
        while true {
            guard table.key.count == 1, let column = table.position(of: table.key[0].text) else {
                self = .unknown
                return
            }
            let type = table.columns[column].type
            guard case .reference(let name) = type else {
                let cases: [String]? = if case .enumeration(let values) = type { values } else { nil }
                self = SchemaResolver.scalarType(type).map { .value($0, cases: cases) } ?? .unknown
                return
            }
            guard let next = tables.position(of: name) else {
                self = .unknown
                return
            }
            names.append(name)
            guard seen.insert(next).inserted else {
                self = .circle(names)
                return
            }
            table = tables.all[next]
        }
    }
}
