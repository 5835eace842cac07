/// Checks the names that generated Swift will have: nothing may collide, and nothing is renamed behind anyone's back.
struct SwiftNames {
    let database: String
    let drafts: [TableDraft]

    func check(databaseOffset: Int, _ diagnostics: inout DiagnosticCollector) {
        let typeName = Naming.upperCamelCase(database)
        // Types at file level by name, with what made them, for the message when another wants the same name.
        var types = [
            typeName: "the database", typeName + "Transaction": "the database's transactions",
            typeName + "Snapshot": "the database's snapshots",
        ]
        warnIfHiding(typeName, "database '\(database)'", "rename it", at: databaseOffset, &diagnostics)
        var properties: [String: String] = [:]
        for table in drafts {
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

    private static func isTypeName(_ name: String) -> Bool {
        guard let first = name.utf8.first, (0x41...0x5A).contains(first) else { return false }
        let rest = name.utf8.allSatisfy { ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) || (0x30...0x39).contains($0) }
        return rest && name.utf8.count <= Naming.maximumBytes && !["Self", "Type", "Protocol", "Any"].contains(name)
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
            guard case .enumeration = column.type else { continue }
            let type = Naming.upperCamelCase(column.name)
            if !types.insert(type).inserted || type == table.entityName {
                diagnostics.error(
                    "schema.collision", at: column.offset,
                    "the enum of \(what) makes the Swift type '\(type)', which exists",
                    remedy: "rename the column")
            }
        }
    }

    /// Members of every record that a column must not be called like.
    private static let recordMembers = [
        "revision": "every record has its revision there",
        "createdAt": "every record has the time it was created there, kept by Cairn",
        "updatedAt": "every record has the time it was last updated there, kept by Cairn",
        "hashValue": "Swift's Hashable has it already",
    ]

    /// Members of the generated database type that a table must not be called like.
    private static let databaseMembers: Set<String> = [
        "store", "session", "schemaText", "schemaId", "entities", "transaction", "snapshot", "savepoint", "close",
    ]

    /// Types of Swift, Foundation and Cairn that a generated type would hide in the module it is in.
    private static let knownTypes: Set<String> = [
        "Array", "Bool", "Character", "Codable", "Date", "Data", "Dictionary", "Double", "Duration", "Error", "Float",
        "Hasher", "Int", "Mirror", "Never", "Optional", "Range", "Result", "Sequence", "Set", "String", "Substring",
        "Task",
        "TaskGroup", "Actor", "MainActor", "Clock", "Regex", "Collection", "Identifiable", "Hashable", "Sendable",
        "URL",
        "UUID", "Calendar", "Locale", "Process", "Thread", "Timer", "Bundle", "Notification", "Operation", "Decimal",
        "Measurement", "Unit", "Formatter", "FileHandle", "FileManager", "Stream", "Host", "Port", "Progress", "Column",
        "ColumnType", "Cursor", "Database", "Entity", "Index", "Key", "Predicate", "Condition", "Query", "Record",
        "Reference",
        "Repository", "RowReader", "RowWriter", "Schema", "Session", "Snapshot", "Storage", "StorageError", "Store",
        "Table",
        "Timestamp", "CalendarDate", "DecimalNumber", "Transaction", "Value", "Page", "Batch", "Receipt", "JSONValue",
    ]
}
