/// Reads the projections of a table: their shape, then the columns they name.
enum ProjectionReader {
    /// Reads the member `projections` of a table.
    static func read(
        _ table: inout MemberReader, of what: String, _ diagnostics: inout DiagnosticCollector
    ) -> [ProjectionDraft] {
        guard let node = table.take("projections"),
            let members = MemberReader(node, "'projections' of \(what)", &diagnostics)
        else { return [] }
        guard members.all.count <= SchemaLimits.projections else {
            diagnostics.error(
                "schema.limit", at: node.offset,
                "\(what) has \(members.all.count) projections; the limit is \(SchemaLimits.projections)")
            return []
        }
        var drafts: [ProjectionDraft] = []
        for member in members.all {
            if let draft = read(member, of: what, &diagnostics) { drafts.append(draft) }
        }
        return drafts
    }

    private static func read(
        _ member: JSONMember, of table: String, _ diagnostics: inout DiagnosticCollector
    ) -> ProjectionDraft? {
        let what = "projection '\(member.name)' of \(table)"
        var draft = ProjectionDraft(name: member.name, offset: member.nameOffset)
        switch member.value.content {
        case .array:
            draft.columns = MemberReader.strings(member.value, what, &diagnostics) ?? []
        case .object:
            guard var reader = MemberReader(member.value, what, &diagnostics) else { return nil }
            draft.columns = reader.strings("columns", &diagnostics) ?? []
            draft.doc = reader.string("doc", &diagnostics)?.text
            reader.finish(&diagnostics)
        default:
            diagnostics.error(
                "schema.type", at: member.value.offset,
                "\(what) is a list of columns or an object with 'columns', found \(member.value.kind)",
                remedy: "write it like [\"id\", \"name\"]")
            return nil
        }
        guard !draft.columns.isEmpty else {
            diagnostics.error(
                "schema.projection", at: member.value.offset, "\(what) names no column",
                remedy: "list the columns it has, like [\"id\", \"name\"]")
            return nil
        }
        return draft
    }

    /// Looks up the columns of all projections of some tables; reports those that are unknown or named twice.
    static func resolve(
        _ tables: [TableDraft], _ diagnostics: inout DiagnosticCollector
    ) -> [NamedProjection] {
        var projections: [NamedProjection] = []
        for (position, table) in tables.enumerated() {
            for draft in table.projections {
                let columns = columns(of: draft, in: table, &diagnostics)
                projections.append(
                    NamedProjection(name: draft.name, table: position, columns: columns, doc: draft.doc))
            }
        }
        return projections
    }

    private static func columns(
        of draft: ProjectionDraft, in table: TableDraft, _ diagnostics: inout DiagnosticCollector
    ) -> [Int] {
        let what = "projection '\(draft.name)' of table '\(table.name)'"
        var columns: [Int] = []
        for (name, offset) in draft.columns {
            guard let column = table.position(of: name) else {
                if table.unreadColumns.contains(name) { continue }
                diagnostics.error(
                    "schema.unknown_column", at: offset, "\(what) names the unknown column '\(name)'",
                    remedy: NearestName.hint(name, among: table.columns.map(\.name)))
                continue
            }
            if columns.contains(column) {
                diagnostics.error(
                    "schema.projection", at: offset, "\(what) names '\(name)' twice", remedy: "name it once")
                continue
            }
            columns.append(column)
        }
        return columns
    }
}
