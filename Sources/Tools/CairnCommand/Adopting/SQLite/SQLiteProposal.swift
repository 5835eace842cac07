import CairnSchema
import SQLiteStorage

/// A schema file for a SQLite database that Cairn did not make, to be read by a person: what follows from its own tables and from all of
/// its values. What such a file cannot say is told beside it.
struct SQLiteProposal {
    /// The text of the file.
    private(set) var text = ""
    /// What the file does not say, and should be known.
    private(set) var notes: [String] = []

    private let survey: SQLiteSurvey
    /// The tables that get into the file, by the names they have in the database, in lower case.
    private var names: [String: String] = [:]

    init(_ survey: SQLiteSurvey, of address: String) {
        self.survey = survey
        for other in survey.others { notes.append("the \(other.kind) '\(other.name)' is not carried over") }
        for table in survey.tables {
            guard let name = Naming.snakeCase(table.table.name), !names.values.contains(name) else {
                notes.append("table '\(table.table.name)' has a name that none of Cairn's can have, and is left out")
                continue
            }
            names[table.table.name.lowercased()] = name
            if !Utf8.equal(name, table.table.name) { notes.append("table '\(table.table.name)' becomes '\(name)'") }
        }
        let database = SQLiteProposal.database(address, names.values)
        var lines = [
            "// Proposed by cairn adopt for \(address). Read it, change what you know better, and then:",
            "//   cairn adopt \(ShellText.quoted(address)) --schema FILE --to STORE", "{",
            "  \"database\": \(SQLiteProposal.quoted(database)),", "  \"tables\": {",
        ]
        for table in survey.tables {
            if let name = names[table.table.name.lowercased()] { lines += self.table(table, name) }
        }
        lines += ["  },", "}"]
        text = lines.joined(separator: "\n") + "\n"
    }

    /// The name of the database, after the file: another than that of a record in it, or both would be one Swift type.
    private static func database(_ address: String, _ tables: some Collection<String>) -> String {
        let file = address.split { $0 == "/" || $0 == ":" }.last?.prefix { $0 != "." && $0 != "?" } ?? ""
        let name = Naming.snakeCase(String(file)) ?? "adopted"
        let isTaken = tables.contains { Naming.entityName(ofTable: $0) == Naming.upperCamelCase(name) }
        return isTaken ? "\(name)_store" : name
    }

    // MARK: Tables

    private mutating func table(_ surveyed: SQLiteSurvey.Table, _ name: String) -> [String] {
        let table = surveyed.table
        let key = self.key(surveyed)
        var lines = ["    \(SQLiteProposal.quoted(name)): {  // \(surveyed.rows) rows", "      \"columns\": {"]
        if let added = key.added {
            lines.append(
                "        \(SQLiteProposal.quoted(added)): \"int\",  // the number of the row, which no column has")
        }
        let checks = CheckConstraints(table.sql)
        for text in checks.others { note(table, "CHECK (\(text)) is not carried over") }
        for (column, facts) in zip(table.columns, surveyed.facts) {
            lines += self.column(column, facts, surveyed, key.columns, checks)
        }
        let columns = key.columns.map(SQLiteProposal.quoted)
        let indexes = self.indexes(surveyed, key.columns)
        lines += [
            "      },", "      \"key\": \(columns.count == 1 ? columns[0] : "[\(columns.joined(separator: ", "))]"),",
        ]
        if !indexes.isEmpty { lines += ["      \"indexes\": {"] + indexes.map { "        \($0)," } + ["      },"] }
        if table.countsByItself { note(table, "its numbers are given out by AUTOINCREMENT, which Cairn does not do") }
        return lines + ["    },"]
    }

    /// The columns of the key by their new names, and the one that is added for the numbers of rows.
    private mutating func key(_ surveyed: SQLiteSurvey.Table) -> (columns: [String], added: String?) {
        let table = surveyed.table
        let types = table.key.compactMap { name in
            surveyed.index(of: name).map { surveyed.type($0) }
        }
        if !table.key.isEmpty, types.allSatisfy(SQLiteProposal.canBeKey) {
            return (table.key.compactMap(Naming.snakeCase), nil)
        }
        let taken = table.columns.compactMap { Naming.snakeCase($0.name) }
        let added = ["id", "row_id", "row_number"].first { !taken.contains($0) } ?? "cairn_id"
        note(
            table,
            table.key.isEmpty
                ? "it has no primary key, so the number of each row becomes the key, '\(added)'"
                : "a primary key of such values cannot be one of Cairn's, so the number of each row becomes the key, '\(added)'"
        )
        return ([added], added)
    }

    private static func canBeKey(_ type: ValueType) -> Bool {
        switch type {
        case .double, .json, .array: false
        default: true
        }
    }

    // MARK: Columns

    private mutating func column(
        _ column: ForeignTable.Column, _ facts: ColumnFacts, _ surveyed: SQLiteSurvey.Table, _ key: [String],
        _ checks: CheckConstraints
    ) -> [String] {
        let table = surveyed.table
        guard let name = Naming.snakeCase(column.name) else {
            note(table, "column '\(column.name)' has a name that none of Cairn's can have, and is left out")
            return []
        }
        if !Utf8.equal(name, column.name) { note(table, "column '\(column.name)' becomes '\(name)'") }
        if column.isGenerated { note(table, "column '\(name)' is computed there, and is a column as any other here") }
        let type = facts.type(declared: column.type)
        var remark = ""
        if let meant = ColumnFacts.meaning(of: column.type), meant != type {
            remark = "declared \(column.type), and has other values"
            note(table, "column '\(name)' is declared \(column.type), and not all of its values are \(meant)")
        }
        if type == .timestamp || type == .date { noteTimes(table, name, facts, type) }
        let isKey = key.contains(name)
        let isNullable = !isKey && (!column.isNotNull || facts.nulls > 0)
        if isNullable, column.isNotNull { note(table, "column '\(name)' is NOT NULL, and null in some rows") }
        var members: [String] = []
        if let reference = reference(column, surveyed, isNullable) {
            members.append("\"references\": \(SQLiteProposal.quoted(reference.target + (isNullable ? "?" : "")))")
            if reference.action != .restrict {
                members.append("\"on_delete\": \(SQLiteProposal.quoted(reference.action.rawValue))")
            }
        } else if let values = enumeration(column, table, type, checks) {
            members.append("\"enum\": [\(values.map(SQLiteProposal.quoted).joined(separator: ", "))]")
            if isNullable { members.append("\"nullable\": true") }
        } else {
            members.append("\"type\": \(SQLiteProposal.quoted("\(type)\(isNullable ? "?" : "")"))")
            members += bounds(column, type, checks)
        }
        if !isKey, isUnique(column, surveyed, type) { members.append("\"unique\": true") }
        members += defaultValue(column, table, type, members, isKey: isKey)
        let line =
            members.count == 1 && members[0].hasPrefix("\"type\"")
            ? String(members[0].dropFirst("\"type\": ".utf8.count)) : "{ \(members.joined(separator: ", ")) }"
        let comment = remark.isEmpty ? "" : "  // \(Printable.line(remark))"
        return ["        \(SQLiteProposal.quoted(name)): \(line),\(comment)"]
    }

    private mutating func noteTimes(_ table: ForeignTable, _ name: String, _ facts: ColumnFacts, _ type: ValueType) {
        let conversion = facts.conversion(to: type)
        if facts.ints > 0 {
            note(table, "the integers of column '\(name)' are read as \(conversion.integers.rawValue)")
        }
        if facts.reals > 0 { note(table, "the numbers of column '\(name)' are read as \(conversion.reals.rawValue)") }
        if type == .timestamp, facts.texts > 0 {
            note(table, "times of column '\(name)' without an offset are read as UTC")
        }
    }

    /// The table that a column refers to, if a reference of Cairn's can say that, and what a delete there does.
    private mutating func reference(
        _ column: ForeignTable.Column, _ surveyed: SQLiteSurvey.Table, _ isNullable: Bool
    ) -> (target: String, action: ReferenceAction)? {
        let table = surveyed.table
        for reference in table.references where reference.columns.first?.lowercased() == column.name.lowercased() {
            guard let target = survey.carried(reference, of: surveyed), let name = names[target.table.name.lowercased()]
            else {
                note(
                    table,
                    "the foreign key (\(reference.columns.joined(separator: ", "))) to '\(reference.table)' is not carried over: a reference of Cairn's is one column with the key of another table, of the same type"
                )
                continue
            }
            switch reference.onDelete.uppercased() {
            case "NO ACTION", "RESTRICT": return (name, .restrict)
            case "CASCADE": return (name, .cascade)
            // Of a column that may not be null, it refuses the delete there, too.
            case "SET NULL": return (name, isNullable ? .setNull : .restrict)
            default:
                note(
                    table,
                    "column '\(column.name)': ON DELETE \(reference.onDelete) becomes 'restrict', which refuses the delete"
                )
                return (name, .restrict)
            }
        }
        return nil
    }

    private mutating func enumeration(
        _ column: ForeignTable.Column, _ table: ForeignTable, _ type: ValueType, _ checks: CheckConstraints
    ) -> [String]? {
        for case (let name, .oneOf(let values)) in checks.rules where name.lowercased() == column.name.lowercased() {
            let list = values.map(SQLiteProposal.quoted).joined(separator: ", ")
            if type == .string, SQLiteProposal.isColumn("{ \"enum\": [\(list)] }") { return values }
            note(table, "CHECK (\(column.name) IN (…)) is not carried over: its values cannot be those of an enum")
        }
        return nil
    }

    private func bounds(_ column: ForeignTable.Column, _ type: ValueType, _ checks: CheckConstraints) -> [String] {
        var members: [String] = []
        for (name, rule) in checks.rules where name.lowercased() == column.name.lowercased() {
            let (member, bound): (String, Double)
            switch rule {
            case .atLeast(let number): (member, bound) = ("min", number)
            case .atMost(let number): (member, bound) = ("max", number)
            case .oneOf: continue
            }
            switch type {
            case .int: if let int = Int(exactly: bound) { members.append("\"\(member)\": \(int)") }
            case .double, .decimal:
                members.append("\"\(member)\": \(Int(exactly: bound).map { "\($0)" } ?? "\(bound)")")
            default: break
            }
        }
        return members
    }

    private mutating func defaultValue(
        _ column: ForeignTable.Column, _ table: ForeignTable, _ type: ValueType, _ members: [String], isKey: Bool
    ) -> [String] {
        guard let sql = column.defaultSQL, sql.uppercased() != "NULL" else { return [] }
        if let text = SQLiteProposal.text(ofDefault: sql, type) {
            let member = "\"default\": \(text)"
            if !isKey, SQLiteProposal.isColumn("{ \((members + [member]).joined(separator: ", ")) }") {
                return [member]
            }
        }
        note(table, "the default \(sql) of column '\(column.name)' is not carried over")
        return []
    }

    /// A default of SQLite's in a schema file; nil for what it cannot say.
    private static func text(ofDefault sql: String, _ type: ValueType) -> String? {
        let now = sql.uppercased().filter { !"() ".contains($0) }
        if type == .timestamp, now == "CURRENT_TIMESTAMP" || now == "DATETIME'NOW'" { return "\"now\"" }
        if type == .date, now == "CURRENT_DATE" || now == "DATE'NOW'" { return "\"now\"" }
        var tokens = SQLTokens.split(sql).filter { $0 != .sign("(") && $0 != .sign(")") }
        let isNegative = tokens.first == .sign("-")
        if isNegative || tokens.first == .sign("+") { tokens.removeFirst() }
        guard tokens.count == 1 else { return nil }
        let value: ForeignValue
        switch tokens[0] {
        case .text(let text): value = .text(text)
        case .number(let text): value = number(isNegative ? "-\(text)" : text)
        case .name(let word): value = .text(word)
        case .sign: return nil
        }
        guard let converted = ForeignConversion(type: type).value(value) else { return nil }
        return ValueJSON.value(converted).description
    }

    private static func number(_ text: String) -> ForeignValue {
        if let int = Int(text) { return .int(int) }
        return Double(text).map(ForeignValue.real) ?? .text(text)
    }

    /// Whether a schema may have such a column.
    private static func isColumn(_ text: String) -> Bool {
        let schema =
            "{ \"database\": \"x\", \"tables\": { \"rows\": { \"columns\": { \"id\": \"int\", \"value\": \(text) }, \"key\": \"id\" } } }"
        // What it may refer to is not in this schema.
        if text.contains("\"references\"") { return false }
        return !SchemaReader.read(Array(schema.utf8), name: "column").diagnostics.contains { $0.severity == .error }
    }

    // MARK: Indexes

    private func isUnique(_ column: ForeignTable.Column, _ surveyed: SQLiteSurvey.Table, _ type: ValueType) -> Bool {
        surveyed.table.indexes.contains { index in
            index.isUnique && !index.isPartial && index.parts.count == 1 && type.isOrdered
                && index.parts[0]?.column.lowercased() == column.name.lowercased()
        }
    }

    private mutating func indexes(_ surveyed: SQLiteSurvey.Table, _ key: [String]) -> [String] {
        let table = surveyed.table
        var lines: [String] = []
        var met: Set<String> = []
        for index in table.indexes {
            let parts = index.parts.compactMap { part in
                part.flatMap { part in Naming.snakeCase(part.column).map { ($0, part.isDescending) } }
            }
            let types = index.parts.compactMap { $0.flatMap { surveyed.index(of: $0.column) } }.map(surveyed.type)
            guard parts.count == index.parts.count, !index.isPartial, types.allSatisfy(\.isOrdered) else {
                let reason =
                    index.isPartial ? "it has only some rows" : "it sorts what no column is, or what has no order"
                note(table, "the index '\(index.name)' is not carried over: \(reason)")
                continue
            }
            for collation in index.collations {
                note(table, "the index '\(index.name)' sorts by \(collation); Cairn's sort by bytes")
            }
            if index.isUnique, parts.count == 1 { continue }
            let names = parts.map(\.0)
            if names == key { continue }
            let on = parts.map { SQLiteProposal.quoted($0.1 ? "\($0.0) desc" : $0.0) }.joined(separator: ", ")
            let own = index.name.hasPrefix("sqlite_autoindex") ? nil : Naming.snakeCase(index.name)
            var name = own ?? "by_\(names.joined(separator: "_and_"))"
            name = String(decoding: name.utf8.prefix(Naming.maximumBytes - 2), as: UTF8.self)
            while name.hasSuffix("_") { name.removeLast() }
            while !met.insert(name).inserted { name += "2" }
            lines.append(
                index.isUnique
                    ? "\(SQLiteProposal.quoted(name)): { \"on\": [\(on)], \"unique\": true }"
                    : "\(SQLiteProposal.quoted(name)): [\(on)]")
        }
        return lines
    }

    // MARK: Text

    private mutating func note(_ table: ForeignTable, _ text: String) { notes.append("table '\(table.name)': \(text)") }

    private static func quoted(_ text: String) -> String { JSONValue.string(text).description }
}
