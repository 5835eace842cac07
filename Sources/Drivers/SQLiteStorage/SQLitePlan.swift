import CairnCore

/// Reads what SQLite says about its plan.
struct SQLitePlan {
    private let query: Query
    private let allLines: [Line]
    /// What SQLite says about the rows of the query, not about others that the condition asks about.
    private let lines: [String]
    private let sql: String
    private let statistics: SQLiteStatistics?
    /// How those others are read.
    let related: [QueryPlan.Related]

    /// One line of what SQLite says, with those below it.
    struct Line {
        let text: String
        let below: [Line]

        /// Whether it, and what is below it, is about other rows that the condition or the order asks about.
        var isRelated: Bool { text.contains("SUBQUERY") }

        /// What is said here about the same rows, not about others.
        var own: [String] { isRelated ? [] : [text] + below.flatMap(\.own) }

        /// The lines that begin to say how others are read.
        var related: [Line] { isRelated ? [self] : below.flatMap(\.related) }

        /// All of it, as text.
        func texts(isRelated: Bool = false) -> [String] {
            let isRelated = isRelated || self.isRelated
            return ["\(isRelated ? "  " : "")\(text)"] + below.flatMap { $0.texts(isRelated: isRelated) }
        }
    }

    /// - Parameter statistics: What SQLite knows of a table; nil when it knows nothing.
    init(
        _ query: Query, _ lines: [Line], _ sql: String, _ statistics: (Table) throws -> SQLiteStatistics?
    ) throws {
        self.query = try query.lowered()
        allLines = lines
        self.lines = lines.flatMap(\.own)
        self.sql = sql
        self.statistics = try statistics(query.table)
        related = try SQLitePlan.related(self.query, lines.flatMap(\.related), statistics)
    }

    var plan: QueryPlan {
        let text = ConditionText(query.table)
        let (bounds, filter) = conditions
        let needsSort = lines.contains { $0.contains("TEMP B-TREE") }
        var plan = QueryPlan(
            driver: SQLiteStorage.driver, table: query.table.name, access: access, bounds: bounds.map(text.describe),
            filter: filter.map(text.describe), sort: needsSort ? query.totalOrder.map(text.describe) : [],
            limit: query.limit, isCovered: lines.contains { $0.contains("COVERING INDEX") },
            details: ["sql     \(sql)"] + allLines.flatMap { $0.texts() }.map { "sqlite  \($0)" })
        if isUnion { plan.parts = scans.map(part) }
        plan.estimatedRows = estimatedRows(isSorted: !needsSort, isFiltered: filter != nil)
        plan.related = related
        return plan
    }

    /// The plan as part of another, whose SQL it shares. Where SQLite does not say which conditions a search serves, its bounds are in
    /// SQLite's words.
    var partialPlan: QueryPlan {
        var plan = plan
        plan.details = []
        if plan.bounds.isEmpty { plan.bounds = scans.first.map(SQLitePlan.terms) ?? [] }
        return plan
    }

    /// Whether it is known which conditions the search serves, if it serves any.
    var saysBounds: Bool { scans.allSatisfy { SQLitePlan.terms(of: $0).isEmpty } || !conditions.bounds.isEmpty }

    /// The lines that say how rows are come to, but for rows of another line of theirs.
    private var scans: [String] { SQLitePlan.scans(lines) }

    static func scans(_ lines: [String]) -> [String] {
        lines.filter { ($0.hasPrefix("SEARCH") || $0.hasPrefix("SCAN")) && !$0.contains("(subquery") }
    }

    /// Whether each part of an `or` is searched by itself.
    private var isUnion: Bool { lines.contains { $0.hasPrefix("MULTI-INDEX") } }

    private var access: QueryPlan.Access {
        if isUnion { return .union }
        return scans.first.map(access) ?? .nothing
    }

    private func access(_ line: String) -> QueryPlan.Access {
        if let name = query.table.indexes.map(\.name).first(where: {
            line.contains("INDEX \(query.table.name).\($0) ") || line.hasSuffix("INDEX \(query.table.name).\($0)")
        }) {
            return .index(name)
        }
        guard line.hasPrefix("SEARCH") else { return .table }
        let isWholeKey = query.table.key.allSatisfy { column in
            line.contains("\(name(column))=?")
        }
        return isWholeKey ? .key : .index("primary")
    }

    /// One of several searches, with its bounds in SQLite's words.
    private func part(_ line: String) -> QueryPlan {
        var plan = QueryPlan(
            driver: SQLiteStorage.driver, table: query.table.name, access: access(line),
            bounds: SQLitePlan.terms(of: line))
        plan.estimatedRows = statistics?.rows(plan.access, terms: plan.bounds)
        return plan
    }

    private func estimatedRows(isSorted: Bool, isFiltered: Bool) -> Int? {
        guard let statistics else { return nil }
        let rows = scans.reduce(0) { rows, line in
            let terms = SQLitePlan.terms(of: line)
            let found = Double(statistics.rows(access(line), terms: terms)) * listedValues(terms)
            return rows + Int(min(Double(statistics.count), found))
        }
        guard isSorted, !isFiltered, let limit = query.limit else { return rows }
        return min(rows, limit)
    }

    /// How many searches a line stands for: SQLite writes a list of values as one, and searches by one list of a column.
    private func listedValues(_ terms: [String]) -> Double {
        let parts = query.condition.map(SQLitePlan.parts) ?? []
        var counts: [Int: Int] = [:]
        for case .isIn(let column, let values) in parts where counts[column] == nil {
            if terms.contains("\(name(column))=?") { counts[column] = Set(values).count }
        }
        return counts.values.reduce(1) { $0 * Double($1) }
    }

    /// What a search uses, as SQLite writes it: `status=?`, `pages>?`.
    private static func terms(of line: String) -> [String] {
        guard let open = line.firstIndex(of: "("), let close = line.lastIndex(of: ")"), open < close else { return [] }
        return line[line.index(after: open)..<close].split(separator: " AND ").map(String.init)
    }

    // MARK: Conditions

    /// The conditions SQLite finds the rows by, and what is left to check row by row.
    ///
    /// A search names what it uses: `(status=? AND pages>?)`. A condition counts as used when all it needs stands there and no
    /// other condition needs the same; of two that do, SQLite does not say which it took, so both count as left.
    private var conditions: (bounds: [Condition], filter: Condition?) {
        let used = usedTerms
        let parts = query.condition.map(SQLitePlan.parts) ?? []
        let needs = parts.map(terms)
        let counts = Dictionary(needs.joined().map { ($0, 1) }, uniquingKeysWith: +)
        var bounds: [Condition] = []
        var rest: [Condition] = []
        for (part, terms) in zip(parts, needs) {
            let isBound = !terms.isEmpty && terms.allSatisfy { used.contains($0) && counts[$0] == 1 }
            if isBound { bounds.append(part.beginning ?? part) }
            // Of a pattern a search has only the beginning.
            if !isBound || part.beginning != nil { rest.append(part) }
        }
        return (bounds, rest.count > 1 ? .and(rest) : rest.first)
    }

    /// What the search says it uses; nothing when there are several, as for a condition with `or`.
    private var usedTerms: Set<String> {
        let searches = lines.filter { $0.hasPrefix("SEARCH") }
        guard searches.count == 1, !isUnion, let line = searches.first else { return [] }
        return Set(SQLitePlan.terms(of: line))
    }

    private static func parts(of condition: Condition) -> [Condition] {
        if case .and(let parts) = condition { return parts.flatMap(SQLitePlan.parts) }
        return [condition]
    }

    /// What a condition needs from a search, as SQLite writes it; empty for one that no search serves.
    private func terms(of condition: Condition) -> [String] {
        switch condition {
        case .compare(let column, .equal, _), .isIn(let column, _), .isInRows(let column, _), .isNull(let column),
            .text(let column, .equals, _, ignoringCase: false):
            ["\(name(column))=?"]
        case .text(let column, .like, let pattern, ignoringCase: false) where LikePattern(pattern).isWhole:
            ["\(name(column))=?"]
        // A position in the order is a range too, and SQLite does not say which of the two it took.
        case _ where query.after != nil: []
        case .compare(let column, .less, _), .compare(let column, .lessOrEqual, _): ["\(name(column))<?"]
        case .compare(let column, .greater, _), .compare(let column, .greaterOrEqual, _): ["\(name(column))>?"]
        case .text(let column, .hasPrefix, let prefix, ignoringCase: false) where !prefix.isEmpty:
            ["\(name(column))>?", "\(name(column))<?"]
        case .text(let column, .like, let pattern, ignoringCase: false) where LikePattern(pattern).hasBeginning:
            ["\(name(column))>?", "\(name(column))<?"]
        default: []
        }
    }

    /// How SQLite calls a column in a search.
    private func name(_ column: Int) -> String {
        let table = query.table
        return table.key == [column] && SQLiteSchema.hasRowID(table) ? "rowid" : table.columns[column].name
    }
}
