import CairnSchema
import Testing

@testable import CairnCore

@Suite("The planner")
struct PlannerTests {
    private let table: Table

    init() throws {
        table = try Schema(
            parsing: """
                { "database": "d", "tables": { "cities": { "columns": { "id": "int", "name": "string", "country": "string",
                  "population": "int", "zone": "string?", "code": { "type": "string", "unique": true } }, "key": "id",
                  "indexes": { "by_country": { "on": ["country", "population desc"], "include": ["name"] }, "by_zone": ["zone"],
                    "by_name": ["name"] } } } }
                """
        ).tables[0]
    }

    private func column(_ name: String) throws -> Int { try #require(table.column(named: name)).position }
    private func equal(_ name: String, _ value: Value) throws -> Condition {
        .compare(column: try column(name), .equal, value)
    }
    private func term(_ name: String, desc: Bool = false) throws -> OrderTerm {
        OrderTerm(column: try column(name), isDescending: desc)
    }

    private func plan(
        _ condition: Condition? = nil, order: [OrderTerm] = [], limit: Int? = nil, counting: Bool = false,
        count: Int = 10_000
    ) -> QueryPlan {
        Planner(Query(table, where: condition, order: order, limit: limit), columns: counting ? [] : nil).plan(
            count: count
        )
        .description(driver: "test")
    }

    @Test("The whole key is a lookup")
    func key() throws {
        let plan = plan(try equal("id", .int(5)))
        #expect(plan.access == .key)
        #expect(plan.filter == nil)
        #expect(plan.sort.isEmpty)
    }

    @Test("A unique value is one row, whatever the order")
    func unique() throws {
        let plan = plan(try equal("code", .string("x")), order: [try term("name")])
        #expect(plan.access == .index("unique_code"))
        #expect(plan.sort.isEmpty)
    }

    @Test("An equality and the order behind it are served by one index, forwards and backwards")
    func prefixAndOrder() throws {
        let forwards = plan(try equal("country", .string("FR")), order: [try term("population", desc: true)], limit: 10)
        #expect(forwards.access == .index("by_country"))
        #expect(forwards.sort.isEmpty)
        let backwards = Planner(
            Query(
                table, where: try equal("country", .string("FR")),
                order: [try term("population"), try term("id", desc: true)])
        )
        .plan(count: 10_000)
        #expect(backwards.isSorted)
        #expect(backwards.scan?.isReversed == true)
    }

    @Test("Where only the tie-break runs against the index, equal rows are sorted by the scan, which the limit ends")
    func tieBreak() throws {
        // Backwards through the index, rows with equal population come by descending id; the order asks for ascending.
        let query = Query(table, where: try equal("country", .string("FR")), order: [try term("population")], limit: 10)
        let plan = Planner(query).plan(count: 10_000)
        #expect(plan.scan?.index?.name == "by_country" && plan.scan?.isReversed == true)
        #expect(plan.scan?.limit == 10 && plan.scan?.ties == Ties(parts: 2, most: 10))
        #expect(plan.sortsTies && !plan.isSorted)
        #expect(plan.description(driver: "test").description.contains("sort    id, of equal ones"))
    }

    @Test("An order of which all rows are equal is no order to read an index by")
    func allEqual() throws {
        let plan = plan(try equal("country", .string("FR")), order: [try term("country", desc: true)])
        #expect(plan.sort == ["country desc", "id"] && !plan.sortsTies)
    }

    @Test("A page of an order with a tie-break against the index begins among the rows that equal its position")
    func tiedPages() throws {
        var query = Query(table, where: try equal("country", .string("FR")), order: [try term("population")], limit: 10)
        query.after = Query.Position(values: [.int(5), .int(7)])
        let plan = Planner(query).plan(count: 10_000)
        // Nothing is checked row by row: the scan knows the key to go on behind.
        #expect(plan.sortsTies && !plan.checksPosition && plan.scan?.limit == 10)
        #expect(plan.scan?.ties == Ties(parts: 2, after: Key(.int(7)), most: 10))
        let scan = try #require(plan.scan)
        let layout = KeyLayout(try #require(scan.index), of: table)
        func entry(_ country: String, _ population: Int, _ id: Int) -> [UInt8] {
            layout.encode(record: [
                .int(id), .string("name"), .string(country), .int(population), .null, .string("\(id)"),
            ])
        }
        let range = try #require(scan.byteRanges(layout).first)
        // The index has the largest population first, and is read from its end.
        func isRead(_ entry: [UInt8]) -> Bool {
            !KeyBytes.isLess(entry, range.lower) && range.upper.map { KeyBytes.isLess(entry, $0) } ?? true
        }
        #expect(isRead(entry("FR", 5, 9)) && isRead(entry("FR", 5, 7)) && isRead(entry("FR", 6, 1)))
        #expect(!isRead(entry("FR", 4, 9)) && !isRead(entry("GB", 5, 1)))
    }

    @Test("What the driver knows of the entries decides, not what is usual for such a condition")
    func knownEntries() throws {
        // Usually a value is rarer than a range.
        let condition =
            try equal("name", .string("a")) && .compare(column: try column("zone"), .greater, .string("x"))
        let query = Query(table, where: condition)
        #expect(Planner(query).plan(count: 10_000).scan?.index?.name == "by_name")
        let plan = Planner(query).plan(count: 10_000) { $0.index?.name == "by_name" ? 9_000 : 3 }
        #expect(plan.scan?.index?.name == "by_zone" && plan.estimatedRows == 3)
        // A bound that leaves nothing out is no reason to go by an index.
        #expect(Planner(query).plan(count: 10_000) { _ in 10_000 }.scan?.index == nil)
    }

    @Test("Where a record is a request, an index that leaves a part of them out is worth it, and sorting is nothing")
    func costlyRecords() throws {
        let condition = Condition.compare(column: try column("name"), .greater, .string("x"))
        let query = Query(table, where: condition)
        #expect(Planner(query).plan(count: 10_000).scan?.index == nil)
        let costs = ScanCosts(entry: 20, primaryRecord: 600, record: 600, comparison: 1)
        #expect(Planner(query, costs: costs).plan(count: 10_000).scan?.index?.name == "by_name")
    }

    @Test(
        "Where a record is a request, what entries can tell is asked of them, and the rest of the records that are left"
    )
    func entryFilter() throws {
        let inFrance = try equal("country", .string("FR"))
        let named = Condition.text(column: try column("name"), .contains, "x", ignoringCase: false)
        let zoned = Condition.text(column: try column("zone"), .contains, "y", ignoringCase: false)
        let query = Query(table, where: .and([inFrance, named, zoned]), limit: 10)
        let costs = ScanCosts(entry: 20, primaryRecord: 600, record: 600, comparison: 1, checksEntries: true)
        let plan = Planner(query, costs: costs).plan(count: 10_000)
        // The name is included.
        #expect(plan.scan?.index?.name == "by_country" && plan.scan?.filter == named && plan.filter == zoned)
        #expect(plan.scan?.limit == nil)
        let short = Query(
            table, where: .and([inFrance, named]), order: [try term("population", desc: true)], limit: 10)
        let first = Planner(short, costs: costs).plan(count: 10_000)
        #expect(first.scan?.filter == named && first.filter == nil && first.scan?.limit == 10 && first.rows == 10)
        // In memory a record costs little more than its entry.
        #expect(Planner(query).plan(count: 10_000).scan?.filter == nil)
    }

    @Test("Of an or whose parts all have an index each part is read by its own")
    func union() throws {
        let either = try equal("name", .string("a")) || equal("zone", .string("b")) || equal("id", .int(3))
        let both = Condition.and([either, .compare(column: try column("population"), .greater, .int(5))])
        let plan = plan(both, order: [try term("population")], limit: 10)
        #expect(plan.access == .union && plan.sort == ["population", "id"])
        #expect(plan.parts.map(\.access) == [.index("by_name"), .index("by_zone"), .key])
        #expect(plan.parts.allSatisfy { $0.filter == "population > 5" })
        #expect(
            plan.description.hasPrefix(
                """
                test: cities by 3 parts, each row once
                  sort    population, id
                  limit   10
                  part    test: cities by index by_name
                    bounds  name = "a"
                """))
    }

    @Test("Of a list of values the first rows of each are read where an index has them in the order asked for")
    func listWithLimit() throws {
        let condition = Condition.isIn(column: try column("country"), [.string("FR"), .string("DE")])
        let order = [try term("population", desc: true)]
        let first = plan(condition, order: order, limit: 10)
        #expect(first.access == .union && first.parts.count == 2)
        #expect(first.parts.allSatisfy { $0.access == .index("by_country") && $0.sort.isEmpty && $0.limit == 10 })
        // All rows are read anyway, or come as they are asked for: one scan of all values will do.
        #expect(plan(condition, order: order).access == .index("by_country"))
        #expect(plan(condition, limit: 10).access == .table)
        #expect(plan(condition, order: [try term("country")], limit: 10).access == .index("by_country"))
    }

    @Test("An or with a part that no index serves reads the table once")
    func unservedUnion() throws {
        let contains = Condition.text(column: try column("name"), .contains, "x", ignoringCase: false)
        #expect(plan(try equal("zone", .string("b")) || contains).access == .table)
        // A part that nothing satisfies needs none.
        #expect(plan(try equal("zone", .string("b")) || .constant(false)).access != .table)
    }

    @Test("A range after an equality is a bound, and what is left is a filter")
    func rangeAndFilter() throws {
        let condition =
            try equal("country", .string("FR")) && .compare(column: try column("population"), .greater, .int(5))
            && .text(column: try column("name"), .contains, "x", ignoringCase: false)
        let plan = plan(condition)
        #expect(plan.access == .index("by_country"))
        #expect(plan.bounds == ["country = \"FR\"", "population > 5"])
        #expect(plan.filter == "name contains \"x\"")
    }

    @Test("Null is an equality an index serves")
    func null() throws {
        #expect(plan(.isNull(column: try column("zone"))).access == .index("by_zone"))
    }

    @Test("A prefix is a range, its opposite is not")
    func prefix() throws {
        let prefix = Condition.text(column: try column("name"), .hasPrefix, "Par", ignoringCase: false)
        #expect(plan(prefix).access == .index("by_name"))
        #expect(plan(!prefix).access == .table)
        #expect(plan(.text(column: try column("name"), .hasPrefix, "Par", ignoringCase: true)).access == .table)
    }

    @Test("A list is one range for each value, in the order of the index")
    func list() throws {
        let query = Query(table, where: .isIn(column: try column("name"), [.string("b"), .string("a"), .string("b")]))
        let ranges = try #require(Planner(query).plan(count: 10_000).scan).ranges
        #expect(ranges.map(\.equal) == [[.string("a")], [.string("b")]])
    }

    @Test("A condition that is never true reads nothing")
    func never() throws {
        #expect(plan(.constant(false)).access == .nothing)
        #expect(plan(.constant(nil)).access == .nothing)
        #expect(plan(.isIn(column: 0, [])).access == .nothing)
        #expect(plan(limit: 0).access == .nothing)
    }

    @Test("A count that an index covers reads no record")
    func covered() throws {
        let condition =
            try equal("country", .string("FR"))
            && .text(column: try column("name"), .hasSuffix, "x", ignoringCase: false)
        #expect(plan(condition, counting: true).isCovered)
        #expect(!plan(condition).isCovered)
    }

    @Test("An order alone uses its index for the first rows, and sorts for all of them")
    func orderAlone() throws {
        #expect(plan(order: [try term("name")], limit: 10).access == .index("by_name"))
        #expect(plan(order: [try term("name")], limit: 10).sort.isEmpty)
    }

    @Test("Bounds as bytes hold exactly the rows of the range", arguments: 0..<60 as Range<UInt64>)
    func byteRanges(_ seed: UInt64) throws {
        var random = SeededRandom(seed)
        for isDescending in [false, true] {
            let layout = KeyLayout([
                .init(column: 0, type: .int, isNullable: false, isDescending: false),
                .init(column: 1, type: .string, isNullable: true, isDescending: isDescending),
            ])
            let rows = (0..<40).map { _ in
                [random.smallValue(of: .int), random.number(0..<4) == 0 ? .null : random.smallValue(of: .string)]
            }
            var range = IndexRange()
            range.equal = [.int(0)]
            let bounds = [random.smallValue(of: .string), random.smallValue(of: .string)]
            if random.number(0..<3) > 0 { range.lower = .init(value: bounds[0], isIncluded: random.number(0..<2) == 0) }
            if random.number(0..<3) > 0 { range.upper = .init(value: bounds[1], isIncluded: random.number(0..<2) == 0) }
            let (lower, upper) = layout.bytes(of: range)
            for row in rows {
                let bytes = layout.encode(record: row)
                let isInside = !KeyBytes.isLess(bytes, lower) && upper.map { KeyBytes.isLess(bytes, $0) } ?? true
                #expect(isInside == belongs(row, range), "seed \(seed): \(row) in \(range)")
            }
        }
    }

    private func belongs(_ row: [Value], _ range: IndexRange) -> Bool {
        guard row[0] == range.equal[0] else { return false }
        if range.lower == nil, range.upper == nil { return true }
        if row[1].isNull { return false }
        let isAbove = range.lower.map { bound in
            let order = Value.compare(row[1], bound.value) ?? 0
            return bound.isIncluded ? order >= 0 : order > 0
        }
        let isBelow = range.upper.map { bound in
            let order = Value.compare(row[1], bound.value) ?? 0
            return bound.isIncluded ? order <= 0 : order < 0
        }
        return isAbove ?? true && isBelow ?? true
    }
}
