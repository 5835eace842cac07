/// What a schema file allows, as it stands there.
struct AllowanceDraft {
    let code: FindingCode
    let reason: String
    let offset: Int
}

/// Reads `"allow": { "DS103": "reason" }`.
enum AllowanceReader {
    /// Reads the member of a table, a column or the schema.
    static func read(
        _ reader: inout MemberReader, in scope: FindingCode.Scope, _ diagnostics: inout DiagnosticCollector
    ) -> [AllowanceDraft] {
        guard let node = reader.take("allow") else { return [] }
        let what = "'allow' of \(reader.what)"
        guard let members = MemberReader(node, what, &diagnostics) else { return [] }
        return members.all.compactMap { read($0, of: what, in: scope, &diagnostics) }
    }

    private static func read(
        _ member: JSONMember, of what: String, in scope: FindingCode.Scope, _ diagnostics: inout DiagnosticCollector
    ) -> AllowanceDraft? {
        guard let code = FindingCode(rawValue: member.name) else {
            let codes = FindingCode.allCases.map(\.rawValue)
            diagnostics.error(
                "schema.unknown_code", at: member.nameOffset, "\(what) names the unknown code '\(member.name)'",
                remedy: member.name == "AM101"
                    ? "what could be a rename is never allowed: say which is meant with 'renamed_from'"
                    : NearestName.hint(member.name, among: codes) ?? "the codes are \(codes.joined(separator: ", "))")
            return nil
        }
        guard scope <= code.scope else {
            diagnostics.error(
                "schema.allow", at: member.nameOffset,
                "\(what) names \(code.rawValue) (\(code.title)), which never is about it",
                remedy: code.scope == .schema ? "write it at the top of the file" : "write it in the table")
            return nil
        }
        guard case .string(let reason) = member.value.content else {
            diagnostics.error(
                "schema.type", at: member.value.offset,
                "\(code.rawValue) in \(what) is a reason, found \(member.value.kind)")
            return nil
        }
        guard reason.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else {
            diagnostics.error(
                "schema.allow", at: member.value.offset, "\(code.rawValue) in \(what) has no reason",
                remedy: "say why it may be: whoever reads the plan sees it")
            return nil
        }
        return AllowanceDraft(code: code, reason: reason, offset: member.nameOffset)
    }
}

extension DiagnosticCollector {
    /// What the drafts of a file allow.
    func allowances(_ ofSchema: [AllowanceDraft], _ tables: [TableDraft]) -> [Allowance] {
        func made(_ drafts: [AllowanceDraft], _ table: String?, _ column: String?) -> [Allowance] {
            drafts.map {
                Allowance(
                    code: $0.code, reason: $0.reason, table: table, column: column, location: location(at: $0.offset))
            }
        }
        let inner = tables.flatMap { table in
            made(table.allowances, table.name, nil)
                + table.columns.flatMap { made($0.allowances, table.name, $0.name) }
        }
        return made(ofSchema, nil, nil) + inner
    }

    /// Where the drafts of a file stand.
    func places(_ tables: [TableDraft]) -> [Declaration: Diagnostic.Location] {
        var places: [Declaration: Diagnostic.Location] = [:]
        for table in tables {
            places[.table(table.name)] = location(at: table.offset)
            for column in table.columns {
                places[.column(column.name, of: table.name)] = location(at: column.offset)
            }
            for index in table.indexes { places[.index(index.name, of: table.name)] = location(at: index.offset) }
        }
        return places
    }
}
