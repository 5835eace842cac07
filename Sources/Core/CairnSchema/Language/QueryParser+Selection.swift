// What a query selects, and the groups it makes.

extension QueryParser {
    /// What stands behind `select` or `group by`.
    mutating func items(_ what: String) throws(QueryMistake) -> [QueryItem] {
        var items: [QueryItem] = []
        repeat { items.append(try selected(what)) } while takeSign(",")
        return items
    }

    /// Something selected, or a column of groups, alone.
    package mutating func selectedItem(_ what: String) throws(QueryMistake) -> QueryItem {
        let item = try selected(what)
        guard next.kind == .end else { throw unexpected("nothing more") }
        return item
    }

    private mutating func selected(_ what: String) throws(QueryMistake) -> QueryItem {
        if next.isWord("count"), following(1) != .sign("(") {
            throw QueryMistake(
                "expected \(what), found 'count', a word of the language",
                remedy: "write count() for the number of rows, or `count` for a column that is called so",
                at: next.offset)
        }
        if isDistinct(at: 0), let name = columnName(following(1)) {
            throw QueryMistake(
                "rows are not selected 'distinct'",
                remedy: "a group gives each value once: select \(name) group by \(name)", at: next.offset)
        }
        guard case .sign("*") = next.kind else { return try item(what) }
        throw QueryMistake(
            "expected \(what), found '*'", remedy: "without 'select' a query gives whole records", at: next.offset)
    }

    /// A column, or a function of a group.
    mutating func item(_ what: String) throws(QueryMistake) -> QueryItem {
        if let function = try function() { return .function(function) }
        // Only a column may be called like a word of the language.
        if case .word = next.kind { return try column("a column") }
        return try column(what)
    }

    private mutating func column(_ what: String) throws(QueryMistake) -> QueryItem {
        var path = try names(what)
        let column = path.removeLast()
        return .column(path: path, column)
    }

    /// `group by` and `having`, behind the condition on rows.
    mutating func groups(_ draft: inout QueryDraft) throws(QueryMistake) {
        if takeWord("group") {
            guard takeWord("by") else { throw unexpected("'by' after 'group'") }
            draft.groups = try items("a column")
        }
        if takeWord("having") { draft.having = try or() }
    }

    /// What may stand behind a query that goes on where it should end.
    func continuation(of draft: QueryDraft) -> String {
        if draft.limit != nil { return "nothing behind the limit" }
        if !draft.order.isEmpty { return "',' or 'limit'" }
        if draft.having != nil { return "'and', 'or', 'order by' or 'limit'" }
        if !draft.groups.isEmpty { return "',', 'having', 'order by' or 'limit'" }
        if draft.first != nil { return draft.firstOrder.isEmpty ? "'by' or 'group by'" : "',' or 'group by'" }
        return switch (draft.selected.isEmpty, draft.condition == nil) {
        case (true, true): "'select', 'where', 'order by' or 'limit'"
        case (true, false): "'and', 'or', 'order by' or 'limit'"
        case (false, true): "',', 'where', 'group by', 'order by' or 'limit'"
        case (false, false): "'and', 'or', 'group by', 'order by' or 'limit'"
        }
    }

    // MARK: Functions

    /// Whether `count` stands here as the function of a group, by what is in its brackets: nothing, or `distinct` and a column. With
    /// a column alone it is the length of its value, unless groups are asked about.
    var isGroupCount: Bool {
        guard next.isWord("count"), following(1) == .sign("(") else { return false }
        return following(2) == .sign(")") || isDistinct(at: 2)
    }

    /// Whether a function stands here: a name and a bracket. So no word is reserved for those there are.
    var isFunction: Bool {
        guard case .word(let name) = next.kind, following(1) == .sign("(") else { return false }
        return name.lowercased() == "count" || !QueryParser.words.contains(name.lowercased())
    }

    /// A function of a group, and its column; nil where none stands.
    mutating func function() throws(QueryMistake) -> QueryFunction? {
        guard isFunction, case .word(let name) = next.kind else { return nil }
        let offset = next.offset
        place += 2
        if takeSign(")") { return QueryFunction(name: (name, offset), isDistinct: false, argument: nil) }
        if case .sign("*") = next.kind {
            throw QueryMistake(
                "expected a column, found '*'", remedy: "count() counts the rows", at: next.offset)
        }
        let isDistinct = isDistinct(at: 0)
        if isDistinct { place += 1 }
        let names = try names("a column")
        guard names.count == 1, let column = names.first else {
            throw QueryMistake(
                "'\(name)' is of a column of the rows themselves, and '\(names[0].name)' leads to another table",
                at: names[0].offset)
        }
        guard takeSign(")") else { throw unexpected("')'") }
        return QueryFunction(name: (name, offset), isDistinct: isDistinct, argument: column)
    }

    /// Whether `distinct` stands some tokens on, with a name behind it, and so is not itself the column or a reference that leads on.
    private func isDistinct(at distance: Int) -> Bool {
        guard case .word(let word) = following(distance), word.lowercased() == "distinct" else { return false }
        switch following(distance + 1) {
        case .word, .name: return true
        default: return false
        }
    }

    // MARK: Names

    /// The column that a token may be, as it is written.
    private func columnName(_ token: QueryToken.Kind) -> String? {
        switch token {
        case .name(let name): QueryParser.written(name)
        case .word(let word) where !QueryParser.words.contains(word.lowercased()): word
        default: nil
        }
    }

    /// A name as the text form writes it: in backticks where it is a word of the language.
    static func written(_ name: String) -> String {
        words.contains(name.lowercased()) ? "`\(name)`" : name
    }
}
