/// Reads the declaration of one table.
enum TableReader {
    static func read(_ member: JSONMember, _ diagnostics: inout DiagnosticCollector) -> TableDraft? {
        let what = "table '\(member.name)'"
        NameRules.check(member.name, "table", at: member.nameOffset, &diagnostics)
        if member.name.hasPrefix("sqlite_") {
            diagnostics.error(
                "schema.reserved", at: member.nameOffset, "\(what) begins with 'sqlite_', which SQLite keeps for itself"
            )
        }
        guard var reader = MemberReader(member.value, what, &diagnostics) else { return nil }
        var draft = TableDraft(name: member.name, offset: member.nameOffset)
        draft.doc = reader.string("doc", &diagnostics)?.text
        readColumns(&reader, into: &draft, what, &diagnostics)
        readKey(&reader, into: &draft, what, &diagnostics)
        draft.indexes = indexes(&reader, what, &diagnostics)
        draft.projections = ProjectionReader.read(&reader, of: what, &diagnostics)
        draft.entity = reader.string("entity", &diagnostics)
        draft.renamedFrom = reader.string("renamed_from", &diagnostics)
        draft.options.changes = reader.bool("changes", &diagnostics)
        draft.allowances = AllowanceReader.read(&reader, in: .table, &diagnostics)
        readUnsupportedOptions(&reader, what, &diagnostics)
        reader.finish(&diagnostics)
        return draft
    }

    private static func readColumns(
        _ reader: inout MemberReader, into draft: inout TableDraft, _ what: String,
        _ diagnostics: inout DiagnosticCollector
    ) {
        guard let node = reader.take("columns") else {
            diagnostics.error(
                "schema.missing", at: reader.node.offset, "\(what) needs 'columns'",
                remedy: "add it, like \"columns\": { \"id\": \"uuid\" }")
            return
        }
        guard let members = MemberReader(node, "'columns' of \(what)", &diagnostics) else { return }
        if members.all.isEmpty {
            diagnostics.error(
                "schema.missing", at: node.offset, "\(what) has no column", remedy: "declare at least one")
        }
        guard members.all.count <= SchemaLimits.columns else {
            diagnostics.error(
                "schema.limit", at: node.offset,
                "\(what) has \(members.all.count) columns; the limit is \(SchemaLimits.columns)")
            return
        }
        for member in members.all {
            if let column = ColumnReader.read(member, of: what, &diagnostics) {
                draft.columns.append(column)
            } else {
                draft.unreadColumns.insert(member.name)
            }
        }
    }

    private static func readKey(
        _ reader: inout MemberReader, into draft: inout TableDraft, _ what: String,
        _ diagnostics: inout DiagnosticCollector
    ) {
        guard let node = reader.take("key") else {
            diagnostics.error(
                "schema.missing", at: reader.node.offset, "\(what) needs 'key'",
                remedy: "name the column or columns that identify a record, like \"key\": \"id\"")
            return
        }
        if case .string(let name) = node.content {
            draft.key = [(name, node.offset)]
        } else if case .array(let names) = node.content, !names.isEmpty {
            draft.key = MemberReader.strings(node, "'key' of \(what)", &diagnostics) ?? []
            if draft.key.count > SchemaLimits.keyColumns {
                diagnostics.error(
                    "schema.limit", at: node.offset,
                    "'key' of \(what) has \(draft.key.count) columns; the limit is \(SchemaLimits.keyColumns)")
                draft.key.removeSubrange(SchemaLimits.keyColumns...)
            }
        } else {
            diagnostics.error(
                "schema.type", at: node.offset,
                "'key' of \(what) is a column name or a list of them, found \(node.kind)")
        }
    }

    private static func indexes(
        _ reader: inout MemberReader, _ what: String, _ diagnostics: inout DiagnosticCollector
    ) -> [IndexDraft] {
        guard let node = reader.take("indexes"),
            let members = MemberReader(node, "'indexes' of \(what)", &diagnostics)
        else { return [] }
        guard members.all.count <= SchemaLimits.indexes else {
            diagnostics.error(
                "schema.limit", at: node.offset,
                "\(what) has \(members.all.count) indexes; the limit is \(SchemaLimits.indexes)")
            return []
        }
        var indexes: [IndexDraft] = []
        for member in members.all {
            if let index = self.index(member, what, &diagnostics) { indexes.append(index) }
        }
        return indexes
    }

    private static func index(
        _ member: JSONMember, _ table: String, _ diagnostics: inout DiagnosticCollector
    ) -> IndexDraft? {
        let what = "index '\(member.name)' of \(table)"
        NameRules.check(member.name, "index", at: member.nameOffset, &diagnostics)
        var draft = IndexDraft(name: member.name, offset: member.nameOffset)
        if case .array = member.value.content {
            draft.on = MemberReader.strings(member.value, what, &diagnostics) ?? []
        } else if case .object = member.value.content,
            var reader = MemberReader(member.value, what, &diagnostics)
        {
            draft.on = reader.strings("on", &diagnostics) ?? []
            draft.isUnique = reader.bool("unique", &diagnostics)
            draft.include = reader.strings("include", &diagnostics) ?? []
            draft.filter = reader.string("where", &diagnostics)
            reader.finish(&diagnostics)
        } else {
            diagnostics.error(
                "schema.type", at: member.value.offset,
                "\(what) is a list of columns or an object with 'on', found \(member.value.kind)",
                remedy: "write it like [\"country\", \"population desc\"]")
            return nil
        }
        if draft.on.isEmpty {
            diagnostics.error(
                "schema.index", at: member.value.offset, "\(what) names no column",
                remedy: "list the columns in 'on', the most significant first")
        }
        if draft.on.count + draft.include.count > SchemaLimits.indexColumns {
            diagnostics.error(
                "schema.limit", at: member.value.offset,
                "\(what) has \(draft.on.count + draft.include.count) columns; the limit is \(SchemaLimits.indexColumns)"
            )
            draft.on = Array(draft.on.prefix(SchemaLimits.indexColumns))
            draft.include = []
        }
        return draft
    }

    /// Options of the language that this version holds in its model and refuses.
    private static func readUnsupportedOptions(
        _ reader: inout MemberReader, _ what: String, _ diagnostics: inout DiagnosticCollector
    ) {
        for option in ["audit", "history", "soft_delete", "tags", "group"] {
            guard let value = reader.takeRefused(option) else { continue }
            // Saying that an option is off is true already.
            if case .bool(false) = value.content { continue }
            diagnostics.unsupported(option, of: what, at: value.offset)
        }
    }
}
