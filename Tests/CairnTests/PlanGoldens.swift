import Cairn
import CairnCore
import Testing

/// A query in text and what is asked of it: one file in `Golden`, with its plan on each driver and its answer.
struct PlanGolden: CustomTestStringConvertible, Sendable {
    /// What is asked; the first is all that text can ask.
    enum Question: Sendable {
        /// The records.
        case records
        /// How many there are.
        case count
        /// Some columns of them.
        case columns([String])
        /// For each value of a column how many there are, and the sum of another column.
        case groups(String, sum: String)
        /// The largest value of a column.
        case maximum(String)
        /// The second page of so many records.
        case secondPage(size: Int)
    }

    /// An answer, and how it was come to.
    struct Answer: Sendable {
        let plan: QueryPlan
        let columns: [String]
        let rows: [[Value]]
    }

    /// The name of its file.
    let name: String
    let text: String
    let question: Question

    init(_ name: String, _ text: String, _ question: Question = .records) {
        self.name = name
        self.text = text
        self.question = question
    }

    var testDescription: String { name }

    /// The query in words.
    var title: String {
        switch question {
        case .records: text
        case .count: "\(text)\n  count"
        case .columns(let names): "\(text)\n  columns \(names.joined(separator: ", "))"
        case .groups(let column, let summed): "\(text)\n  grouped by \(column): count, sum of \(summed)"
        case .maximum(let column): "\(text)\n  maximum of \(column)"
        case .secondPage(let size): "\(text)\n  second page of \(size)"
        }
    }

    /// Explains and runs the query.
    func answer(in store: Store) async throws -> Answer {
        var query = try Query(parsing: text, schema: store.schema)
        let table = query.table
        let session = store.session
        let records = try store.records(table.name)
        func position(_ name: String) throws -> Int { try #require(table.column(named: name)).position }
        switch question {
        case .records:
            let plan = try await session.explain(query, run: true)
            return Answer(
                plan: plan, columns: table.columns.map(\.name), rows: try await records.all(query).map(\.values))
        case .count:
            let plan = try await session.explain(AggregateQuery(query, aggregates: [.rows]), run: true)
            return Answer(plan: plan, columns: ["count"], rows: [[.int(try await session.count(query))]])
        case .columns(let names):
            let columns = try names.map(position)
            query.columns = Set(columns)
            let plan = try await session.explain(query, run: true)
            return Answer(plan: plan, columns: names, rows: try await session.select(columns, of: query))
        case .groups(let column, let summed):
            let groups = AggregateQuery(
                query, groups: [try position(column)], aggregates: [.rows, .sum(column: try position(summed))])
            let plan = try await session.explain(groups, run: true)
            return Answer(
                plan: plan, columns: [column, "count", "sum of \(summed)"], rows: try await session.aggregate(groups))
        case .maximum(let column):
            let maximum = AggregateQuery(query, aggregates: [.maximum(column: try position(column))])
            let plan = try await session.explain(maximum, run: true)
            return Answer(plan: plan, columns: ["max of \(column)"], rows: try await session.aggregate(maximum))
        case .secondPage(let size):
            let cursor = try #require(try await records.page(query, size: size).next)
            let page = try await records.page(query, size: size, after: cursor)
            // As a page is read: behind the one before, and one row more, which tells whether there is another.
            query.after = try cursor.position(in: query, schema: store.schema.id)
            query.limit = size + 1
            let plan = try await session.explain(query, run: true)
            return Answer(plan: plan, columns: table.columns.map(\.name), rows: page.items.map(\.values))
        }
    }
}

extension PlanGolden {
    /// One query for each way rows are found, left out, ordered and taken together.
    static let all: [PlanGolden] = [
        PlanGolden("key", "cities where id = 7"),
        PlanGolden("keys", "cities where id in (31, 7, 99)"),
        PlanGolden("unique", "countries where name = \"France\""),
        PlanGolden("composite", "cities where country = \"FR\""),
        PlanGolden("composite-range", "cities where country = \"FR\" and population >= 15000"),
        PlanGolden("composite-forwards", "cities where country = \"JP\" order by population desc"),
        PlanGolden("composite-backwards", "cities where country = \"JP\" order by population"),
        PlanGolden("range", "cities where population between 5000 and 6000"),
        PlanGolden("order-forwards", "cities order by population desc limit 5"),
        PlanGolden("order-backwards", "cities order by population limit 5"),
        PlanGolden("ties", "cities where population > 20000 order by population, name desc"),
        PlanGolden("sort", "cities where country = \"EG\" order by founded desc limit 4"),
        PlanGolden("or", "cities where country = \"AT\" and population > 15000 or name begins with \"Fal\""),
        PlanGolden("in", "cities where country in (\"FR\", \"JP\") and population > 18000"),
        PlanGolden("in-order", "cities where country in (\"FR\", \"JP\") order by population desc limit 4"),
        PlanGolden("partial", "cities where is_capital = true order by name"),
        PlanGolden("partial-not-implied", "cities where is_capital = false and name begins with \"Al\""),
        PlanGolden(
            "covered", "cities where country = \"CH\" order by population desc", .columns(["name", "population", "id"])),
        PlanGolden("residual", "cities where country = \"CH\" and founded > 1500"),
        PlanGolden("entries", "cities where country = \"BR\" and name ends with \"a\""),
        PlanGolden("prefix", "cities where name begins with \"Cas\" order by name"),
        PlanGolden("like", "cities where name like \"Cas%a\" order by name"),
        PlanGolden("text", "cities where name contains \"BERG\" ignoring case"),
        PlanGolden("regex", "cities where name matches \"^[AF].*ia?$\""),
        PlanGolden("json", "cities where facts[\"river\"] = \"Nile\" and facts[\"mayor\"][\"since\"] >= 2015"),
        PlanGolden("list", "cities where tags contains \"port\" and count(tags) > 1"),
        PlanGolden("computed", "cities where population / founded > 15"),
        PlanGolden("null", "cities where founded is null and country = \"FR\""),
        PlanGolden("never", "cities where population > 5 and id in ()"),
        PlanGolden("lookup", "cities where country.name = \"France\" and population > 9000"),
        PlanGolden("lookup-deep", "cities where country.continent.name = \"Africa\" order by id limit 3"),
        PlanGolden(
            "lookup-rows",
            "cities where country in (select iso from countries order by population desc limit 2) and is_capital = true"
        ),
        PlanGolden("order-related", "cities where population > 20000 order by country.name desc, name limit 5"),
        PlanGolden("exists", "countries where exists cities by country (population > 21000)"),
        PlanGolden("exists-not", "countries where not exists cities by country (population > 21000)"),
        PlanGolden("count", "cities where country = \"FR\" and population < 9000", .count),
        PlanGolden("count-all", "cities", .count),
        PlanGolden("groups", "cities where population > 5000", .groups("country", sum: "population")),
        PlanGolden("maximum", "cities where country = \"FR\"", .maximum("population")),
        PlanGolden("maximum-all", "cities", .maximum("population")),
        PlanGolden("page", "cities where country = \"FR\" order by population desc", .secondPage(size: 3)),
        PlanGolden("page-backwards", "cities order by population", .secondPage(size: 4)),
    ]
}
