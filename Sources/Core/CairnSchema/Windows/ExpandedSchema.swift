/// The schema of a store that programs of two schemas use at once: everything of both.
///
/// What both have is there once, declared as in the new schema, so that opening the window finds what the new programs could not read.
/// A column that only changes its name is one column, and there is nothing to keep alike. What only one has stands beside it: columns
/// that are dropped, that are new, and both forms of one that takes another type. The old schema's unique indexes and references hold
/// for both. What programs may not write, though the expanded schema holds it, because the other ones could not read it, is looked at
/// when they write.
package struct ExpandedSchema {
    /// The schema, which says what it was called in the old one and what is made from what.
    package private(set) var schema: Schema

    private let diff: SchemaDiff
    /// The old names of the expanded schema.
    private var names = FormerNames()
    /// What is declared, as a schema file says it.
    private var tables: JSONObject

    /// - Parameter diff: From the old schema to the new one; nothing in it is ambiguous or refused.
    /// - Throws: Why programs of both cannot use one store at once.
    package init(_ diff: SchemaDiff) throws {
        self.diff = diff
        guard case .object(var root) = diff.new.canonicalValue, case .object(let tables)? = root["tables"] else {
            throw WindowRefusal(nil, nil, "the new schema has no tables", remedy: "declare one")
        }
        self.tables = tables
        schema = diff.new
        try checkNames()
        for pair in diff.pairs { try merge(pair) }
        for table in diff.dropped { try keep(table) }
        root["tables"] = .object(self.tables)
        root["window"] = try window().value
        do throws(SchemaError) {
            schema = try Schema(stored: JSONValue.object(root).description, file: "expanded").with(names)
        } catch {
            let first = error.diagnostics.first { $0.severity == .error }
            throw WindowRefusal(
                nil, nil, "the schema with everything of both would be none: \(first?.message ?? "it has errors")",
                remedy: "change one thing after the other, each with a window of its own")
        }
    }

    private func window() throws -> SchemaWindow {
        var reversed = FormerNames()
        for (new, old) in names.tables { reversed.add(new, old) }
        let tables = Dictionary(uniqueKeysWithValues: names.tables.map { ($0.key, $0.value) })
        for (table, columns) in names.columns {
            for (new, old) in columns { reversed.add(new, old, in: tables[table] ?? table) }
        }
        return SchemaWindow(
            old: try diff.old.stripped().with(reversed), new: try diff.new.stripped().with(FormerNames(diff.pairs)))
    }

    // MARK: Tables

    /// A table that is new must not have the name of one that is renamed: nothing could give that its name back.
    private func checkNames() throws {
        for pair in diff.pairs where pair.old.name != pair.new.name {
            guard diff.created.contains(where: { $0.name == pair.old.name }) else { continue }
            throw WindowRefusal(
                pair.old.name, nil, "the new schema gives its name to another table, and calls it '\(pair.new.name)'",
                remedy: "give the new table another name")
        }
    }

    /// What a table of the old schema is called.
    private func name(ofOld table: String) -> String {
        diff.pairs.first { $0.old.name == table }?.new.name ?? table
    }

    /// A table that only the old schema has.
    private mutating func keep(_ table: Table) throws {
        guard tables[table.name] == nil else {
            throw WindowRefusal(
                table.name, nil, "the old schema has another table of that name, which goes",
                remedy: "give the new table another name")
        }
        tables[table.name] = declaration(of: table).map { declared in
            declared.changing("columns") { columns in
                for column in table.columns {
                    columns[column.name] = referring(column, columns[column.name])
                }
            }
        }
    }

    private func declaration(of table: Table) -> JSONValue? { diff.old.canonicalValue["tables"]?[table.name] }

    /// A declaration that refers to what a table is called.
    private func referring(_ column: Column, _ declared: JSONValue?) -> JSONValue? {
        guard let target = column.referencedTable else { return declared }
        return declared?.with("references", .string(name(ofOld: target)))
    }

    private mutating func merge(_ pair: TablePair) throws {
        let table = pair.new.name
        names.add(pair.old.name, table)
        guard case .object(var declared)? = tables[table], case .object(var columns)? = declared["columns"] else {
            return
        }
        var kept = pair.dropped
        var made: [(column: Column, conversion: Conversion)] = []
        for (column, source) in zip(pair.new.columns, pair.sources) {
            if let source {
                let old = pair.old.columns[source]
                if old.valueType == column.valueType {
                    names.add(old.name, column.name, in: table)
                    columns[column.name] = try both(old, column, of: pair, columns[column.name])
                    continue
                }
                made.append((column, Conversion(exactly: old.name)))
                kept.append(source)
            } else if let conversion = pair.conversions[column.position]?.conversion {
                if case .lookup = conversion.source {
                    throw WindowRefusal(
                        table, column.name,
                        "it is looked up in another table, which nobody does when programs of the old schema write",
                        remedy: "look it up in a migration before or after; or let it be null, without 'convert'")
                }
                made.append((column, conversion))
            } else {
                try checkMissing(column, of: pair.new, named: table, isNew: true, among: pair.added)
            }
            columns[column.name] = columns[column.name].map(ExpandedSchema.withoutCascade)
        }
        for (column, conversion) in made {
            names.conversions[table, default: [:]][column.name] = conversion
        }
        var taken = Set(pair.new.columns.map(\.name))
        for position in kept.sorted() {
            let old = pair.old.columns[position]
            try checkWayBack(old, made, of: pair)
            let name = ExpandedSchema.free(old.name, among: &taken)
            names.add(old.name, name, in: table)
            columns[name] = referring(old, declaration(of: pair.old)?["columns"]?[old.name])
                .map(ExpandedSchema.withoutCascade)
        }
        keepMade(made.map { $0.conversion }, in: pair, &columns)
        declared["columns"] = .object(columns)
        addIndexes(of: pair, to: &declared)
        if pair.old.options.changes { declared["changes"] = true }
        tables[table] = .object(declared)
    }

    // MARK: Columns

    /// A column that both have, as the new schema declares it, with what the old one demands of several records.
    private func both(_ old: Column, _ new: Column, of pair: TablePair, _ declared: JSONValue?) throws -> JSONValue? {
        guard case .object(var members)? = declared else { return declared }
        let isUnique = pair.old.indexes.contains {
            $0.origin == .uniqueColumn && $0.parts.first?.column == old.position
        }
        if isUnique { members["unique"] = true }
        if old.isSensitive { members["sensitive"] = true }
        let before = old.referencedTable.map(name(ofOld:))
        switch (before, new.referencedTable) {
        case (nil, nil): break
        case (let before?, nil):
            if case .enumeration = new.type {
                throw WindowRefusal(
                    pair.new.name, new.name,
                    "it refers to '\(before)' in the old schema and is an enum in the new one",
                    remedy: "drop the reference in a migration of its own, once no old program runs")
            }
            guard new.rules.isEmpty else {
                throw WindowRefusal(
                    pair.new.name, new.name,
                    "it refers to '\(before)' in the old schema and has rules of its own in the new one",
                    remedy: "leave the rules out until no old program runs, and add them in a later migration")
            }
            for rule in ["type", "min", "max", "min_length", "max_length", "pattern", "default"] { members[rule] = nil }
            members["references"] = .string(before)
        // Deleting takes along only what the programs of both know of.
        case (nil, _?): members["on_delete"] = nil
        case (let before?, let after?):
            guard Utf8.equal(before, after) else {
                throw WindowRefusal(
                    pair.new.name, new.name,
                    "it refers to '\(before)' in the old schema and to '\(after)' in the new one",
                    remedy: "add a new column that refers to '\(after)'")
            }
            if old.onDelete != new.onDelete { members["on_delete"] = nil }
        }
        return .object(members)
    }

    /// Programs that do not know a column must not delete, by deleting what it refers to, records that they know.
    private static func withoutCascade(_ declared: JSONValue) -> JSONValue {
        declared["on_delete"] == "cascade" ? declared.with("on_delete", nil) : declared
    }

    /// What is made from one another is written by programs only, which write both: a delete that made a reference null would leave the
    /// other side as it was.
    private func keepMade(_ conversions: [Conversion], in pair: TablePair, _ columns: inout JSONObject) {
        let own = names.columns[pair.new.name] ?? [:]
        let called = Dictionary(uniqueKeysWithValues: own.map { ($0.value, $0.key) })
        let sources = conversions.flatMap(\.columns).map { called[$0] ?? $0 }
        let made = names.conversions[pair.new.name].map { Array($0.keys) } ?? []
        for column in sources + made where columns[column]?["on_delete"] == "set_null" {
            columns[column] = columns[column]?.with("on_delete", nil)
        }
    }

    /// A record that a program writes which does not know a column must get something in it.
    /// - Parameter lacking: The positions of all such columns of the table.
    private func checkMissing(
        _ column: Column, of table: Table, named name: String, isNew: Bool, among lacking: Set<Int>
    ) throws {
        let (knows, lacks) = isNew ? ("new", "old") : ("old", "new")
        let isRepeated = table.indexes.contains { index in
            index.isLookup && index.parts.contains { $0.column == column.position }
                && index.parts.allSatisfy { lacking.contains($0.column) && table.columns[$0.column].hasFixedDefault }
        }
        if isRepeated {
            throw WindowRefusal(
                name, column.name,
                "it is unique, and all records that programs of the \(lacks) schema write would get the same default",
                remedy: isNew
                    ? "leave the default out and let it be null, or declare it unique once no old program runs"
                    : "take the default or the unique index away in a migration before")
        }
        if column.isNullable || column.defaultValue != nil { return }
        if case .array = column.valueType, column.rules.minimumLength ?? 0 == 0 { return }
        throw WindowRefusal(
            name, column.name,
            "programs of the \(lacks) schema do not know the column, and the \(knows) one asks for a value",
            remedy: isNew
                ? "give it a default, or say with 'convert' what it is made from, or let it be null until the window is closed"
                : "let it be null, or give it a default, in a migration before; or say with 'convert' what is made from it"
        )
    }

    /// What programs of the new schema write must be told to those of the old one.
    private func checkWayBack(
        _ old: Column, _ made: [(column: Column, conversion: Conversion)], of pair: TablePair
    ) throws {
        let from = made.filter { $0.conversion.columns.contains { Utf8.equal($0, old.name) } }
        guard !from.isEmpty else {
            let used = Set(made.flatMap(\.conversion.columns))
            let lacking = pair.dropped.filter { !used.contains(pair.old.columns[$0].name) }
            return try checkMissing(
                old, of: pair.old, named: pair.new.name, isNew: false, among: Set(lacking))
        }
        guard InverseConversion.all(of: old, in: pair.old, from: from).isEmpty else { return }
        let names = from.map { "'\($0.column.name)'" }.joined(separator: ", ")
        throw WindowRefusal(
            pair.new.name, old.name,
            "nothing leads back from what is made from it (\(names)): what programs of the new schema write would not reach those of the old one",
            remedy:
                "keep '\(old.name)' in the new schema until no old program runs, and drop it in a later migration; or declare what is missing: all parts of a text, the last with 'parts'"
        )
    }

    /// A name for what only the old schema has.
    private static func free(_ name: String, among taken: inout Set<String>) -> String {
        var found = name
        var number = 1
        while !taken.insert(found).inserted {
            let ending = number == 1 ? "_before" : "_before\(number)"
            found = name.prefix(Naming.maximumBytes - ending.count) + ending
            number += 1
        }
        return found
    }

    // MARK: Indexes

    /// The indexes that the old schema names, on what its columns are called.
    private func addIndexes(of pair: TablePair, to declared: inout JSONObject) {
        let own = names.columns[pair.new.name] ?? [:]
        let called = Dictionary(uniqueKeysWithValues: own.map { ($0.value, $0.key) })
        func name(_ column: String) -> String { called[column] ?? column }
        var indexes: JSONObject =
            if case .object(let indexes)? = declared["indexes"] { indexes } else { JSONObject([]) }
        let there = indexes.members.map(\.value)
        var taken = Set(pair.new.indexes.map(\.name) + pair.old.indexes.filter { $0.origin != .declared }.map(\.name))
        for index in pair.old.indexes where index.origin == .declared {
            let value = CanonicalForm.value(of: index, in: pair.old, naming: name)
            if there.contains(value) { continue }
            indexes[ExpandedSchema.free(index.name, among: &taken)] = value
        }
        if !indexes.members.isEmpty { declared["indexes"] = .object(indexes) }
    }
}

extension TablePair {
    /// The positions of columns that only the new table has, and that nothing makes.
    fileprivate var added: Set<Int> {
        Set(new.columns.indices.filter { sources[$0] == nil && conversions[$0] == nil })
    }
}

extension Column {
    /// Whether all records that do not say get the same value, and not null.
    fileprivate var hasFixedDefault: Bool {
        if case .literal(let value)? = defaultValue { return !value.isNull }
        return false
    }
}

extension JSONValue {
    /// The same object with another member; nil: without it.
    fileprivate func with(_ name: String, _ value: JSONValue?) -> JSONValue {
        guard case .object(var object) = self else { return self }
        object[name] = value
        return .object(object)
    }

    /// The same object with a member that is changed.
    fileprivate func changing(_ name: String, _ body: (inout JSONObject) -> Void) -> JSONValue {
        guard case .object(var object) = self, case .object(var inner)? = object[name] else { return self }
        body(&inner)
        object[name] = .object(inner)
        return .object(object)
    }
}
