import CairnCore

/// Turns queries into SQL. Values are always parameters; names come from the schema and are quoted.
struct QueryCompiler {
    /// SQL with what its parameters are, in order.
    struct Statement {
        var sql = ""
        var parameters: [Parameter] = []
    }

    /// A value to bind.
    enum Parameter {
        case value(Value)
        /// Text that may end inside a character: the end of a range of texts.
        case text([UInt8])
        /// A condition that a function checks.
        case test(RowTest)
        /// What counts the rows that SQLite looks at.
        case visits(VisitCounter)
    }

    private var query: Query
    /// The name of the table and those of its columns, in quotes.
    private let name: String
    private let columns: [String]
    private var output = Statement()
    /// What counts the rows of the query that SQLite looks at; nil when nobody wants to know.
    private var visits: VisitCounter?
    /// Whether what is written stands below a `NOT`.
    private var isNegated = false

    private init(_ query: Query, _ sql: TableSQL) throws {
        try self.init(query, name: sql.name, columns: sql.columns)
        visits = QueryMeasure.engineCounter.map(VisitCounter.init)
        output.sql.reserveCapacity(sql.selectAll.utf8.count + 100)
    }

    private init(_ query: Query, name: String, columns: [String]) throws {
        self.query = try query.lowered()
        self.name = name
        self.columns = columns
    }

    /// The rows of the query, in its total order.
    static func rows(_ query: Query, _ sql: TableSQL) throws -> Statement {
        var compiler = try QueryCompiler(query, sql)
        if let columns = query.columns {
            compiler.write(
                "SELECT \(cells(columns, sql))\(repeatElement(", NULL", count: TableSQL.systemColumns.count).joined()) FROM \(compiler.name)"
            )
        } else {
            compiler.write(sql.selectAll)
        }
        try compiler.writeCondition()
        try compiler.writeOrder()
        compiler.writeLimit()
        return compiler.output
    }

    /// The number of rows of the query.
    static func count(_ query: Query, _ sql: TableSQL) throws -> Statement {
        var query = query
        // Where a page begins does not count.
        query.after = nil
        var compiler = try QueryCompiler(query, sql)
        if query.limit == nil {
            compiler.write("SELECT count(*) FROM \(compiler.name)")
            try compiler.writeCondition()
        } else {
            compiler.write("SELECT count(*) FROM (SELECT 1 FROM \(compiler.name)")
            try compiler.writeCondition()
            compiler.writeLimit()
            compiler.write(")")
        }
        return compiler.output
    }

    /// The groups of a query: `cells` are the expressions to select.
    static func groups(_ query: AggregateQuery, cells: [String], _ sql: TableSQL) throws -> Statement {
        let groups = query.groups.map { sql.columns[$0] }.joined(separator: ", ")
        var compiler = try QueryCompiler(query.source, sql)
        compiler.write("SELECT \(cells.joined(separator: ", "))")
        try compiler.writeSource(query)
        if !groups.isEmpty { compiler.write(" GROUP BY \(groups)") }
        return compiler.output
    }

    /// The rows that aggregates are computed from, in no order. Each column is in its place; those that are not needed are null,
    /// so that an index that has the others answers alone.
    static func source(_ query: AggregateQuery, _ sql: TableSQL) throws -> Statement {
        var compiler = try QueryCompiler(query.source, sql)
        compiler.write("SELECT \(cells(query.columns, sql))")
        try compiler.writeSource(query)
        return compiler.output
    }

    /// Some columns, each in its place among all; null in the places of the others.
    private static func cells(_ columns: Set<Int>, _ sql: TableSQL) -> String {
        sql.columns.enumerated().map { columns.contains($0.offset) ? $0.element : "NULL" }.joined(separator: ", ")
    }

    /// From where aggregates read: the table, or, with a limit, its first rows.
    private mutating func writeSource(_ query: AggregateQuery) throws {
        write(" FROM ")
        if self.query.limit == nil {
            write(name)
            try writeCondition()
        } else {
            let needed = query.columns.sorted().map { columns[$0] }
            write("(SELECT \(needed.isEmpty ? "1" : needed.joined(separator: ", ")) FROM \(name)")
            try writeCondition()
            try writeOrder()
            writeLimit()
            write(")")
        }
    }

    private mutating func write(_ text: String) { output.sql += text }

    private mutating func write(_ value: Value) {
        output.sql += "?"
        output.parameters.append(.value(value))
    }

    // MARK: Clauses

    private mutating func writeCondition() throws {
        var word = " WHERE "
        // The first condition is asked of every row that an index, or none, leads to.
        if let visits {
            write("\(word)\(VisitCounter.function)(?)")
            output.parameters.append(.visits(visits))
            word = " AND "
        }
        if let condition = query.condition {
            write(word)
            word = " AND "
            try write(condition)
            // What follows is said too, in the words of the index: SQLite compares words.
            for index in query.table.indexes {
                guard let condition = index.condition, query.implies(condition) else { continue }
                write(" AND \(condition.sql(query.table))")
            }
        }
        if let after = query.after {
            write(word)
            writePosition(after)
        }
    }

    private mutating func writeOrder() throws {
        var word = " ORDER BY "
        for term in query.totalOrder {
            write(word)
            write(try term.sql(of: name, columns))
            if term.isDescending { write(" DESC") }
            word = ", "
        }
    }

    private mutating func writeLimit() {
        guard let limit = query.limit else { return }
        write(" LIMIT ")
        write(.int(limit))
    }

    // MARK: Conditions

    private mutating func write(_ condition: Condition) throws {
        switch condition {
        case .constant(let value): write(value.map { $0 ? "1" : "0" } ?? "NULL")
        case .compare(let column, let comparison, let value):
            write(columns[column])
            write(" ")
            write(comparison.rawValue)
            write(" ")
            write(value)
        case .isNull(let column): write("\(columns[column]) IS NULL")
        case .isIn(let column, let values): write(column, in: values)
        case .text(let column, let match, let operand, let ignoringCase):
            write(column, match, operand, ignoringCase: ignoringCase)
        case .computed(.column(let left), let comparison, .column(let right))
        where query.table.columns[left].valueType == query.table.columns[right].valueType:
            write("\(columns[left]) \(comparison.rawValue) \(columns[right])")
        case .computed, .hasElement, .hasPath, .isPathNull, .pathText: write(test: condition)
        case .reference: throw StorageError(.query, "a reference of table '\(query.table.name)' was not resolved")
        case .isInRows(let column, let rows): try write(column, in: rows)
        case .and(let parts): try write(QueryCompiler.deepestFirst(parts), joinedBy: " AND ", empty: "1")
        case .or(let parts): try write(QueryCompiler.deepestFirst(parts), joinedBy: " OR ", empty: "0")
        case .not(.not(let part)): try write(part)
        case .not(let part):
            let wasNegated = isNegated
            isNegated = true
            write("NOT (")
            try write(part)
            write(")")
            isNegated = wasNegated
        }
    }

    /// Joins conditions in groups of sixteen, and groups of groups. SQLite nests a plain row of them one inside the other and
    /// refuses expressions more than 1,000 deep; its parser refuses about 40 brackets inside one another. Groups stay clear
    /// of both.
    private mutating func write(_ parts: ArraySlice<Condition>, joinedBy word: String, empty: String) throws {
        guard let first = parts.first else { return write(empty) }
        guard parts.count > 1 else { return try write(first) }
        let size = (parts.count + 15) / 16
        write("(")
        for start in stride(from: parts.startIndex, to: parts.endIndex, by: size) {
            if start > parts.startIndex { write(word) }
            try write(parts[start..<min(start + size, parts.endIndex)], joinedBy: word, empty: empty)
        }
        write(")")
    }

    /// Parts in an order that means the same. What stands before a bracket waits on the stack of SQLite's parser until it is
    /// closed, and that stack has room for 100; so the deepest comes first.
    private static func deepestFirst(_ parts: [Condition]) -> ArraySlice<Condition> {
        let depths = parts.map(\.depth)
        guard depths.contains(where: { $0 > 1 }) else { return parts[...] }
        return zip(parts, depths).sorted { $0.1 > $1.1 }.map(\.0)[...]
    }

    private mutating func write(_ column: Int, in values: [Value]) {
        guard let last = values.last else { return write("0") }
        // Lists are filled up to a power of two, so that a few statements serve lists of all lengths.
        var count = 1
        while count < values.count { count *= 2 }
        write("\(columns[column]) IN (")
        for index in 0..<count {
            if index > 0 { write(", ") }
            write(index < values.count ? values[index] : last)
        }
        write(")")
    }

    /// Looks a column up in other rows. Their columns need no other names, also where they are rows of the same table: the
    /// innermost that has a column is meant.
    private mutating func write(_ column: Int, in rows: RelatedRows) throws {
        let rowsQuery = try rows.query()
        let table = rowsQuery.table
        var inner = try QueryCompiler(
            rowsQuery, name: TableSQL.quoted(table.name), columns: table.columns.map { TableSQL.quoted($0.name) })
        let cell = inner.columns[rows.column]
        inner.write("SELECT \(cell) FROM \(inner.name)")
        // A null among the values would make SQLite say neither where the value is not found. Among the first rows nulls count.
        let hasNulls = table.columns[rows.column].isNullable
        if hasNulls, rows.limit == nil { inner.query.restrict(to: .not(.isNull(column: rows.column))) }
        try inner.writeCondition()
        if rows.limit != nil {
            try inner.writeOrder()
            inner.writeLimit()
            if hasNulls { inner.output.sql = "SELECT \(cell) FROM (\(inner.output.sql)) WHERE \(cell) IS NOT NULL" }
        }
        // Of no values SQLite says that even null is not among them. That shows only below a NOT.
        let name = columns[column]
        let isGuarded = isNegated && query.table.columns[column].isNullable
        write(isGuarded ? "CASE WHEN \(name) IS NULL THEN NULL ELSE \(name) IN (" : "\(name) IN (")
        write(inner.output.sql)
        output.parameters += inner.output.parameters
        write(isGuarded ? ") END" : ")")
    }

    /// Writes a condition that the code of the other drivers checks, in a function.
    private mutating func write(test condition: Condition) {
        let test = RowTest(condition, of: query.table)
        write("\(RowTest.function)(\((["?"] + test.columns.map { columns[$0] }).joined(separator: ", ")))")
        output.parameters.append(.test(test))
    }

    private mutating func write(
        _ column: Int, _ match: Condition.TextMatch, _ operand: String, ignoringCase: Bool
    ) {
        switch match {
        case .equals where !ignoringCase: write(columns[column], equals: operand)
        case .hasPrefix where !ignoringCase && !operand.isEmpty:
            write("(")
            write(columns[column], beginsWith: operand)
            write(")")
        case .like where !ignoringCase: write(column, like: operand)
        default: write(column, matches: match, operand, ignoringCase: ignoringCase)
        }
    }

    /// Writes what an index can serve of a pattern: that it is a text, or the beginning of texts. What this does not say follows.
    private mutating func write(_ column: Int, like pattern: String) {
        switch LikePattern(pattern).literal {
        case .whole(let text): write(columns[column], equals: text)
        case .beginning("", _): write(column, matches: .like, pattern, ignoringCase: false)
        case .beginning(let text, let isAll):
            write("(")
            write(columns[column], beginsWith: text)
            if !isAll {
                write(" AND ")
                write(column, matches: .like, pattern, ignoringCase: false)
            }
            write(")")
        }
    }

    private mutating func write(_ name: String, equals text: String) {
        write("\(name) = ")
        write(.string(text))
    }

    /// A range, which an index serves. A prefix of bytes FF has no end; valid text has no such bytes.
    private mutating func write(_ name: String, beginsWith text: String) {
        write("\(name) >= ")
        write(.string(text))
        write(" AND \(name) < ?")
        output.parameters.append(.text(KeyBytes.end(ofPrefix: Array(text.utf8)) ?? []))
    }

    /// A function that is asked of each row.
    private mutating func write(
        _ column: Int, matches match: Condition.TextMatch, _ operand: String, ignoringCase: Bool
    ) {
        let number = SQLiteFunctions.number(of: match, ignoringCase: ignoringCase)
        write("cairn_match(\(columns[column]), \(number), ")
        write(.string(operand))
        write(")")
    }

    // MARK: Position

    /// Rows behind a position: the first column behind it, or equal and the second behind it, and so on. The bound on the
    /// first column alone, which that implies, is written too: with it an index finds the place.
    private mutating func writePosition(_ position: Query.Position) {
        let terms = Array(zip(query.totalOrder, position.values))
        write("(")
        if let (term, value) = terms.first, terms.count > 1 {
            writeBehind(term, value, orEqual: true)
            write(" AND (")
        } else {
            write("(")
        }
        for last in terms.indices {
            if last > 0 { write(" OR ") }
            write("(")
            for (term, value) in terms[..<last] {
                write("\(columns[term.column]) IS ")
                write(value)
                write(" AND ")
            }
            writeBehind(terms[last].0, terms[last].1, orEqual: false)
            write(")")
        }
        write("))")
    }

    private mutating func writeBehind(_ term: OrderTerm, _ value: Value, orEqual: Bool) {
        let name = columns[term.column]
        let isNullable = query.table.columns[term.column].isNullable
        switch (value.isNull, term.isDescending) {
        case (true, false): write(orEqual ? "1" : "\(name) IS NOT NULL")
        case (true, true): write(orEqual ? "\(name) IS NULL" : "0")
        case (false, false):
            write("\(name) \(orEqual ? ">=" : ">") ")
            write(value)
        case (false, true):
            write("(\(name) \(orEqual ? "<=" : "<") ")
            write(value)
            write(isNullable ? " OR \(name) IS NULL)" : ")")
        }
    }
}

extension SQLiteStatement {
    /// Binds the parameters of a compiled query.
    func bind(_ parameters: [QueryCompiler.Parameter]) {
        beginBinding()
        for (index, parameter) in parameters.enumerated() {
            switch parameter {
            case .value(let value): add(value, at: Int32(index + 1))
            case .text(let bytes): add(text: bytes, at: Int32(index + 1))
            case .test(let test): test.bind(to: handle, at: Int32(index + 1))
            case .visits(let counter): counter.bind(to: handle, at: Int32(index + 1))
            }
        }
        endBinding()
    }
}
