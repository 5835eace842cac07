/// Checks the names that generated Swift will have: nothing may collide, and nothing is renamed behind anyone's back.
package struct SwiftNames {
    let database: String
    let drafts: TableDrafts

    func check(databaseOffset: Int, _ diagnostics: inout DiagnosticCollector) {
        let typeName = Naming.upperCamelCase(database)
        // Types at file level by name, with what made them, for the message when another wants the same name.
        var types = [
            typeName: "the database", typeName + "Transaction": "the database's transactions",
            typeName + "Snapshot": "the database's snapshots",
        ]
        if SwiftNames.reservedTypes.contains(typeName) {
            diagnostics.error(
                "schema.reserved", at: databaseOffset,
                "database '\(database)' makes the Swift type '\(typeName)', a name that means something else there",
                remedy: "rename it")
        }
        warnIfHiding(typeName, "database '\(database)'", "rename it", at: databaseOffset, &diagnostics)
        var properties: [String: String] = [:]
        for table in drafts.all {
            checkEntity(of: table, &types, &diagnostics)
            let property = Naming.lowerCamelCase(table.name)
            if let other = properties.updateValue(table.name, forKey: property) {
                diagnostics.error(
                    "schema.collision", at: table.offset,
                    "tables '\(other)' and '\(table.name)' make the same Swift name '\(property)'", remedy: "rename one"
                )
            }
            if SwiftNames.databaseMembers.contains(property) {
                diagnostics.error(
                    "schema.reserved", at: table.offset,
                    "table '\(table.name)' makes the Swift name '\(property)', which the database type has already",
                    remedy: "rename the table")
            }
            checkColumns(of: table, &diagnostics)
        }
    }

    private func checkEntity(
        of table: TableDraft, _ types: inout [String: String], _ diagnostics: inout DiagnosticCollector
    ) {
        let name = table.entityName
        let offset = table.entity?.offset ?? table.offset
        guard SwiftNames.isTypeName(name) else {
            diagnostics.error(
                "schema.name", at: offset,
                "the entity '\(name)' of table '\(table.name)' is not a name of a Swift type",
                remedy: "write it in upper camel case, like \"City\"")
            return
        }
        if SwiftNames.reservedTypes.contains(name) {
            diagnostics.error(
                "schema.reserved", at: offset,
                "table '\(table.name)' makes the Swift type '\(name)', a name that means something else there",
                remedy: "say \"entity\": \"\(name)Record\"")
            return
        }
        if let other = types.updateValue("table '\(table.name)'", forKey: name) {
            diagnostics.error(
                "schema.collision", at: offset,
                "table '\(table.name)' makes the Swift type '\(name)', as \(other) does",
                remedy: "give the table an 'entity' of another name")
        }
        warnIfHiding(
            name, "table '\(table.name)'", "say \"entity\": \"\(name)Record\", or live with it", at: offset,
            &diagnostics)
    }

    static func isTypeName(_ name: String) -> Bool {
        guard let first = name.utf8.first, (0x41...0x5A).contains(first) else { return false }
        let rest = name.utf8.allSatisfy { ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) || (0x30...0x39).contains($0) }
        return rest && name.utf8.count <= Naming.maximumBytes
    }

    private func warnIfHiding(
        _ name: String, _ what: String, _ remedy: String, at offset: Int, _ diagnostics: inout DiagnosticCollector
    ) {
        guard SwiftNames.knownTypes.contains(name) else { return }
        diagnostics.warning(
            "schema.hides_type", at: offset, "\(what) makes the Swift type '\(name)', which hides one of that name",
            remedy: remedy)
    }

    private func checkColumns(of table: TableDraft, _ diagnostics: inout DiagnosticCollector) {
        var properties: [String: String] = [:]
        var types: Set<String> = ["ID", "Columns", "CodingKeys"]
        let referred = entitiesReferred(by: table)
        for column in table.columns {
            let what = "column '\(column.name)' of table '\(table.name)'"
            let property = Naming.lowerCamelCase(column.name)
            if let other = properties.updateValue(column.name, forKey: property) {
                diagnostics.error(
                    "schema.collision", at: column.offset,
                    "columns '\(other)' and '\(column.name)' of table '\(table.name)' make the same Swift name '\(property)'",
                    remedy: "rename one")
            }
            if let reason = SwiftNames.recordMembers[property] {
                diagnostics.error(
                    "schema.reserved", at: column.offset, "\(what) makes the Swift name '\(property)': \(reason)",
                    remedy: "remove the column, or rename it")
            }
            // A key that names no column was reported; what follows from that would only distract.
            let isKeyKnown = !table.key.isEmpty && table.key.allSatisfy { table.position(of: $0.text) != nil }
            if property == "id", isKeyKnown, table.key.map(\.text) != [column.name] {
                diagnostics.error(
                    "schema.reserved", at: column.offset, "\(what) is called 'id' but is not the key",
                    remedy: "make it the key, or rename it: Swift's Identifiable needs 'id' for the key")
            }
            if let name = checkEnum(of: column, what, in: table, referred, &diagnostics), !types.insert(name).inserted {
                diagnostics.error(
                    "schema.collision", at: column.offset,
                    "the enum of \(what) makes the Swift type '\(name)', which exists",
                    remedy: "rename the column")
            }
        }
        SwiftNames.checkProjections(of: table, beside: types, referred, &diagnostics)
        checkKey(of: table, &diagnostics)
    }

    /// The name of the enum of a column, if it has one that can be declared.
    private func checkEnum(
        of column: ColumnDraft, _ what: String, in table: TableDraft, _ referred: Set<String>,
        _ diagnostics: inout DiagnosticCollector
    ) -> String? {
        guard case .enumeration(let values) = column.type else { return nil }
        let name = Naming.upperCamelCase(column.name)
        if SwiftNames.metatypes.contains(name) {
            diagnostics.error(
                "schema.reserved", at: column.offset,
                "the enum of \(what) makes the Swift type '\(name)', a name that means something else there",
                remedy: name == "Type" ? "call the column 'kind'" : "rename the column")
            return nil
        }
        if values.contains(where: { Naming.lowerCamelCase($0) == "allCases" }) {
            diagnostics.error(
                "schema.reserved", at: column.typeOffset,
                "a value of 'enum' of \(what) makes the Swift case 'allCases', which every enum has already",
                remedy: "rename the value")
        }
        if name == table.entityName || referred.contains(name) {
            diagnostics.error(
                "schema.collision", at: column.offset,
                "the enum of \(what) makes the Swift type '\(name)', which hides the record type '\(name)' there",
                remedy: "rename the column, or give that table an 'entity' of another name")
            return nil
        }
        return name
    }

    /// The record types a table's code names: those its references lead to, through keys that are references themselves.
    private func entitiesReferred(by table: TableDraft) -> Set<String> {
        var found: Set<String> = []
        var tables = table.columns.compactMap(referredTable)
        while let next = tables.popLast() {
            guard found.insert(next.entityName).inserted else { continue }
            let key = next.key.first.flatMap { next.position(of: $0.text) }
            if next.key.count == 1, let key { tables += [referredTable(by: next.columns[key])].compactMap { $0 } }
        }
        return found
    }

    private func referredTable(by column: ColumnDraft) -> TableDraft? {
        guard case .reference(let name) = column.type else { return nil }
        return drafts[name]
    }

    /// An identifier has members of its own beside the columns of the key.
    private func checkKey(of table: TableDraft, _ diagnostics: inout DiagnosticCollector) {
        if table.key.count > 1 {
            for (column, offset) in table.key where ["key", "description"].contains(column) {
                diagnostics.error(
                    "schema.reserved", at: offset,
                    "column '\(column)' of table '\(table.name)' is one of several in the key, and every identifier has '\(column)' already",
                    remedy: "rename the column")
            }
        } else if let name = table.key.first?.text, let position = table.position(of: name),
            let target = referredTable(by: table.columns[position]), target.entityName == "Value"
        {
            diagnostics.error(
                "schema.reserved", at: table.columns[position].typeOffset,
                "the key of table '\(table.name)' refers to the record type 'Value', a name that means something else in identifiers",
                remedy: "give table '\(target.name)' an 'entity' of another name")
        }
    }
}
