import CairnCore
import CairnSchema

/// `cairn explain`: shows how a store would answer a query.
struct ExplainCommand: Command {
    let signature = Signature(
        name: "explain", purpose: "shows how a store would answer a query",
        operands: [
            ExistingStore.operand,
            Operand(
                name: "TABLE",
                help: "the table, as the schema calls it; or a whole query as for 'cairn query', in text or in JSON"),
        ],
        options: [
            Option(
                name: "where", value: "'COLUMN OP VALUE'", isRepeated: true,
                help: "a condition; of several, all must hold"),
            Option(
                name: "order", value: "COLUMN[:desc]", isRepeated: true,
                help: "a column of the order, the most significant first"),
            Option(name: "limit", value: "N", help: "how many records at most"),
            ParameterOption.option,
            Option(name: "run", help: "run the query, and say what it took beside what it was expected to take"),
        ],
        notes: [
            "OP is = != < <= > >=, is null, is not null, begins with, ends with, contains, like (% any characters, _ one), or in A,B,C. A value of '--where' is the rest of the text, with or without double quotes around it: in these it is a JSON string. In a whole query texts always stand in quotes.",
            "Without --run nothing is read but the plan: which index serves the query, what is checked record by record, whether the records must be sorted, and what it costs; in a folder or a bucket, in requests and dollars.",
            ExistingStore.note,
        ],
        examples: [
            "cairn explain sqlite:atlas.db cities --where 'country = \"FR\"' --order population:desc --limit 10",
            "cairn explain s3://photos/atlas 'cities where population >= 1_000_000 or timezone is null' --run",
        ])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        try await ExistingStore.with(arguments.operand("STORE")) { store in
            let query = try ExplainCommand.query(of: store, arguments)
            let plan = try await store.session.explain(query, run: arguments.has("run"))
            console.print(arguments.isJSON ? PlanView(plan).json : Printable.lines(plan.description))
            return .done
        }
    }

    /// The query of the operand, a table or more, and of the options.
    private static func query(of store: Store, _ arguments: ParsedArguments) throws -> DynamicQuery {
        let text = arguments.operand("TABLE")
        guard DynamicQuery.isJSON(text) || text.contains(where: \.isWhitespace) else {
            return DynamicQuery(try query(store.table(named: text), arguments))
        }
        let texts = try ParameterOption.texts(arguments)
        var query = try DynamicQuery(parsing: text, schema: store.schema, texts: texts)
        switch query.content {
        case .records(let records): query.content = .records(try refine(records, arguments))
        case .columns(let rows): query.content = .columns(try refine(rows, arguments))
        case .groups(var groups):
            groups.rows = try refine(groups.rows, arguments, ofGroups: true)
            groups.limit = try arguments.value("limit").map(limit) ?? groups.limit
            query.content = .groups(groups)
        }
        return query
    }

    /// The query that the options ask for.
    /// - Throws: `query.invalid`, `command.usage`, which name what cannot be understood.
    static func query(_ table: Table, _ arguments: ParsedArguments) throws -> Query {
        try refine(Query(table), arguments)
    }

    /// - Parameter ofGroups: Whether the rows are grouped: order and limit are then those of the groups.
    private static func refine(
        _ query: Query, _ arguments: ParsedArguments, ofGroups: Bool = false
    ) throws -> Query {
        var query = query
        let table = query.table
        for text in arguments.values("where") { query.restrict(to: try Comparison.condition(text, of: table)) }
        guard !ofGroups else {
            guard arguments.values("order").isEmpty else {
                throw CommandError(
                    .usage, "'--order' is of records, and the query groups them",
                    remedy: "write 'order by' in the query")
            }
            return query
        }
        query.order += try arguments.values("order").map { try term($0, of: table) }
        if let limit = try arguments.value("limit").map(limit) { query.limit = limit }
        return query
    }

    private static func term(_ text: String, of table: Table) throws -> OrderTerm {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let column = try table.columnForQuery(String(parts[0])).position
        guard parts.count > 1 else { return OrderTerm(column: column) }
        guard parts[1] == "desc" || parts[1] == "asc" else {
            throw CommandError(
                .usage, "'--order \(text)' has the direction '\(parts[1])'",
                remedy: "write \(parts[0]):desc for the largest first, or \(parts[0]) for the smallest")
        }
        return OrderTerm(column: column, isDescending: parts[1] == "desc")
    }

    private static func limit(_ text: String) throws -> Int {
        guard let limit = Int(text), limit >= 0 else {
            throw CommandError(.usage, "'--limit' needs a number from 0, found '\(text)'")
        }
        return limit
    }
}

/// A plan as programs read it.
private struct PlanView {
    private let plan: QueryPlan

    init(_ plan: QueryPlan) {
        self.plan = plan
    }

    var json: String { JSONText.pretty { writer in writer.object(write) } }

    private func write(_ writer: inout JSONWriter) {
        func strings(_ texts: [String]) -> JSONValue { .array(texts.map(JSONValue.string)) }
        let (access, index) = access
        writer.member("driver", .string(plan.driver))
        writer.member("table", .string(plan.table))
        writer.member("access", .string(access))
        writer.member("index", index.map(JSONValue.string) ?? .null)
        writer.member("bounds", strings(plan.bounds))
        writer.member("entries", plan.entryFilter.map(JSONValue.string) ?? .null)
        writer.member("filter", plan.filter.map(JSONValue.string) ?? .null)
        writer.member("sort", strings(plan.sort))
        writer.member("limit", plan.limit.map(JSONValue.int) ?? .null)
        if !plan.groups.isEmpty || !plan.aggregates.isEmpty {
            writer.member("groups", strings(plan.groups))
            writer.member("aggregates", strings(plan.aggregates))
            writer.member("having", plan.having.map(JSONValue.string) ?? .null)
            writer.member("group_order", strings(plan.groupOrder))
            writer.member("group_limit", plan.groupLimit.map(JSONValue.int) ?? .null)
        }
        writer.member("covered", .bool(plan.isCovered))
        writer.member("rows", plan.estimatedRows.map(JSONValue.int) ?? .null)
        if plan.readRows != nil || plan.run != nil {
            writer.member("read", plan.readRows.map(JSONValue.int) ?? .null)
        }
        writer.member("requests", .int(plan.requests))
        writer.member("dollars", .double(plan.dollars))
        writer.member("details", strings(plan.details))
        writer.members("parts", plan.parts) { part, writer in PlanView(part).write(&writer) }
        writer.members("related", plan.related) { related, writer in
            writer.member("first", .bool(related.isFirst))
            PlanView(related.plan).write(&writer)
        }
        guard let run = plan.run else { return }
        writer.name("run")
        writer.object { writer in
            writer.member("rows", .int(run.rows))
            writer.member("requests", .int(run.requests))
            writer.member("seconds", .double(run.duration.inSeconds))
        }
    }

    private var access: (String, index: String?) {
        switch plan.access {
        case .key: ("key", nil)
        case .index(let name): ("index", name)
        case .table: ("table", nil)
        case .union: ("union", nil)
        case .nothing: ("nothing", nil)
        case .count: ("count", nil)
        }
    }
}
