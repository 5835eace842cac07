/// Resolves what only the whole file shows: references, keys, indexes and defaults.
struct SchemaResolver {
    let database: String
    let drafts: [TableDraft]

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
        if table.key.count > SchemaLimits.keyColumns {
            diagnostics.error(
                "schema.limit", at: table.keyOffset ?? table.offset,
                "'key' of table '\(table.name)' has \(table.key.count) columns; the limit is \(SchemaLimits.keyColumns)"
            )
        }
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
            return scalarType(element).map(ValueType.array)
        default:
            return scalarType(column.type)
        }
    }

    private func scalarType(_ type: ColumnType) -> ValueType? {
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

    private func referencedType(
        of column: ColumnDraft, in table: TableDraft, target: String, _ diagnostics: inout DiagnosticCollector
    ) -> ValueType? {
        let what = "column '\(column.name)' of table '\(table.name)'"
        var visited: [String] = []
        var name = target
        while true {
            guard let found = drafts.first(where: { Utf8.equal($0.name, name) }) else {
                // Only the first link is this column's to report; a later one is reported where it stands.
                if visited.isEmpty {
                    diagnostics.error(
                        "schema.unknown_table", at: column.typeOffset, "\(what) refers to the unknown table '\(name)'",
                        remedy: NearestName.hint(name, among: drafts.map(\.name)) ?? "declare the table")
                }
                return nil
            }
            guard found.key.count == 1, let position = found.position(of: found.key[0].text) else {
                if visited.isEmpty, found.key.count > 1 {
                    diagnostics.error(
                        "schema.reference", at: column.typeOffset,
                        "\(what) refers to table '\(name)', whose key has \(found.key.count) columns",
                        remedy: "give '\(name)' a key of one column, such as a uuid, and a unique index on the others")
                }
                return nil
            }
            visited.append(name)
            guard case .reference(let next) = found.columns[position].type else {
                return scalarType(found.columns[position].type)
            }
            if visited.contains(next) {
                diagnostics.error(
                    "schema.reference", at: column.typeOffset,
                    "\(what) refers to a key that is defined by itself: \((visited + [next]).joined(separator: " -> "))",
                    remedy: "give one of these tables a key that is no reference")
                return nil
            }
            name = next
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
        return Column(
            name: draft.name, position: position, type: draft.type, valueType: type, isNullable: draft.isNullable,
            defaultValue: defaultValue, rules: checked, onDelete: draft.onDelete, isSensitive: draft.isSensitive,
            deprecation: draft.deprecation, doc: draft.doc, renamedFrom: draft.renamedFrom?.text)
    }

    /// The values of the enum a column is, or that is the key its references lead to.
    private func enumValues(of column: ColumnDraft) -> [String]? {
        var column = column
        // References that lead in a circle were reported; no chain is longer than there are tables.
        for _ in 0...drafts.count {
            switch column.type {
            case .enumeration(let values): return values
            case .reference(let name):
                guard let target = drafts.first(where: { Utf8.equal($0.name, name) }), target.key.count == 1,
                    let position = target.position(of: target.key[0].text)
                else { return nil }
                column = target.columns[position]
            default: return nil
            }
        }
        return nil
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
        return Schema(database: database, tables: tables, queries: nil)
    }

    private func references(of table: Int, _ resolved: ResolvedTable) -> [Reference] {
        resolved.columns.compactMap { column in
            guard let name = column.referencedTable,
                let target = drafts.firstIndex(where: { Utf8.equal($0.name, name) })
            else { return nil }
            let byKey = resolved.key.first == column.position
            let index = resolved.indexes.first { $0.parts.first?.column == column.position }
            return Reference(
                table: table, column: column.position, target: target, index: byKey ? nil : index?.position,
                onDelete: column.onDelete ?? .restrict)
        }
    }
}
