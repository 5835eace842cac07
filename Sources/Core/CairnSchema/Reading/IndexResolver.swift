/// Resolves the indexes of a table: the declared ones, then those that `unique` and `references` imply.
struct IndexResolver {
    let table: TableDraft
    let columns: [Column]
    let key: [Int]

    func resolve(_ diagnostics: inout DiagnosticCollector) -> [Index] {
        var indexes: [Index] = []
        for draft in table.indexes { indexes.append(declared(draft, at: indexes.count, &diagnostics)) }
        for draft in table.columns where draft.isUnique { addUnique(draft, to: &indexes, &diagnostics) }
        for column in columns where column.referencedTable != nil { addReference(column, to: &indexes) }
        reportSameNames(indexes, &diagnostics)
        reportSameLookups(indexes, &diagnostics)
        reportPrefixes(indexes, &diagnostics)
        return indexes
    }

    private func declared(_ draft: IndexDraft, at position: Int, _ diagnostics: inout DiagnosticCollector) -> Index {
        let what = "index '\(draft.name)' of table '\(table.name)'"
        var parts: [IndexPart] = []
        for (text, offset) in draft.on {
            guard let part = part(text, what, at: offset, &diagnostics) else { continue }
            if parts.contains(where: { $0.column == part.column }) {
                diagnostics.error("schema.index", at: offset, "\(what) names '\(columns[part.column].name)' twice")
            }
            parts.append(part)
        }
        var included: [Int] = []
        for (name, offset) in draft.include {
            guard let column = column(name, what, at: offset, &diagnostics) else { continue }
            if parts.contains(where: { $0.column == column }) || included.contains(column) || key.contains(column) {
                diagnostics.error(
                    "schema.index", at: offset, "\(what) includes '\(name)', which it has already",
                    remedy: "remove it from 'include'; the columns of 'on' and of the key are always there")
                continue
            }
            included.append(column)
        }
        let condition = draft.filter.flatMap { IndexConditionReader(self).read($0, what, &diagnostics) }
        return Index(
            name: draft.name, position: position, parts: parts, isUnique: draft.isUnique, included: included,
            filter: condition == nil ? nil : draft.filter?.text, condition: condition, origin: .declared)
    }

    /// A column with an optional direction: "population desc".
    private func part(
        _ text: String, _ what: String, at offset: Int, _ diagnostics: inout DiagnosticCollector
    ) -> IndexPart? {
        let words = text.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
        guard let name = words.first, words.count <= 2, words.count == 1 || ["asc", "desc"].contains(words[1]) else {
            diagnostics.error(
                "schema.index", at: offset, "\(what) has '\(text)', which is not a column with an optional direction",
                remedy: "write it like \"population\" or \"population desc\"")
            return nil
        }
        guard let column = column(name, what, at: offset, &diagnostics) else { return nil }
        guard columns[column].valueType.isOrdered else {
            diagnostics.error(
                "schema.index", at: offset,
                "\(what) has '\(name)' of type \(columns[column].valueType), which has no order",
                remedy: "index a column of a scalar type")
            return nil
        }
        return IndexPart(column: column, isDescending: words.last == "desc" && words.count == 2)
    }

    private func column(
        _ name: String, _ what: String, at offset: Int, _ diagnostics: inout DiagnosticCollector
    ) -> Int? {
        if let position = table.position(of: name) { return position }
        if table.unreadColumns.contains(name) { return nil }
        diagnostics.error(
            "schema.unknown_column", at: offset, "\(what) names the unknown column '\(name)'",
            remedy: NearestName.hint(name, among: columns.map(\.name)))
        return nil
    }

    private func addUnique(_ draft: ColumnDraft, to indexes: inout [Index], _ diagnostics: inout DiagnosticCollector) {
        guard let column = table.position(of: draft.name).map({ columns[$0] }) else { return }
        guard column.valueType.isOrdered else {
            diagnostics.error(
                "schema.index", at: draft.uniqueOffset,
                "column '\(draft.name)' of table '\(table.name)' is of type \(column.valueType), which cannot be unique"
            )
            return
        }
        if key == [column.position] {
            diagnostics.error(
                "schema.index", at: draft.uniqueOffset,
                "column '\(draft.name)' of table '\(table.name)' is the key, which is always unique",
                remedy: "remove 'unique'")
            return
        }
        indexes.append(
            Index(
                name: "unique_\(column.name)", position: indexes.count, parts: [IndexPart(column: column.position)],
                isUnique: true, included: [], filter: nil, condition: nil, origin: .uniqueColumn))
    }

    /// A delete must find the records that refer to it without reading the table, so each reference needs an index with all of them.
    private func addReference(_ column: Column, to indexes: inout [Index]) {
        if key.first == column.position { return }
        if indexes.contains(where: { $0.parts.first?.column == column.position && $0.filter == nil }) { return }
        indexes.append(
            Index(
                name: "reference_\(column.name)", position: indexes.count, parts: [IndexPart(column: column.position)],
                isUnique: false, included: [], filter: nil, condition: nil, origin: .reference))
    }

    private func reportSameNames(_ indexes: [Index], _ diagnostics: inout DiagnosticCollector) {
        for index in indexes where index.origin != .declared {
            guard let draft = table.indexes.first(where: { $0.name == index.name }) else { continue }
            diagnostics.error(
                "schema.collision", at: draft.offset,
                "index '\(draft.name)' of table '\(table.name)' has the name of an index the schema implies",
                remedy: "give it another name")
        }
    }

    /// Two unique indexes make the same `find(by…)` when their first columns differ in lower camel case only.
    private func reportSameLookups(_ indexes: [Index], _ diagnostics: inout DiagnosticCollector) {
        var columnsByLookup: [[String]: [Int]] = [:]
        for index in indexes where index.isLookup && !index.parts.isEmpty {
            let positions = index.parts.map(\.column)
            let first = Naming.upperCamelCase(columns[positions[0]].name)
            let lookup = [first] + positions.dropFirst().map { columns[$0].name }
            guard let other = columnsByLookup.updateValue(positions, forKey: lookup), other != positions else {
                continue
            }
            let names = "'\(columns[other[0]].name)' and '\(columns[positions[0]].name)'"
            diagnostics.error(
                "schema.collision", at: table.columns[positions[0]].offset,
                "the unique columns \(names) of table '\(table.name)' make the same Swift name 'find(by\(first))'",
                remedy: "rename one")
        }
    }

    /// An index that another one begins with costs writes and serves nothing.
    private func reportPrefixes(_ indexes: [Index], _ diagnostics: inout DiagnosticCollector) {
        for (index, draft) in zip(indexes, table.indexes) where !index.isUnique && !index.parts.isEmpty {
            let longer = indexes.first { other in
                other.position != index.position && other.parts.starts(with: index.parts)
                    && (other.condition == nil || other.condition == index.condition)
                    && (other.parts.count > index.parts.count || other.position < index.position)
                    && Set(index.included).isSubset(of: other.included + other.parts.map(\.column))
            }
            guard let longer else { continue }
            diagnostics.warning(
                "schema.redundant", at: draft.offset,
                "index '\(index.name)' of table '\(table.name)' serves nothing that '\(longer.name)' does not",
                remedy: "remove it")
        }
    }
}
