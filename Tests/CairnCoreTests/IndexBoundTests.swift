import CairnSchema
import Testing

@testable import CairnCore

/// Which conditions become bounds of an index.
@Suite("Bounds of an index")
struct IndexBoundTests {
    private let table: Table

    init() throws {
        table = try Schema(
            parsing: """
                { "database": "d", "tables": { "visits": { "columns": { "pet": "int", "number": "int", "kind": "string?",
                  "price": "int?", "note": "string" }, "key": ["pet", "number"],
                  "indexes": { "by_kind": ["kind", "price desc"] } } } }
                """
        ).tables[0]
    }

    private func column(_ name: String) throws -> Int { try #require(table.column(named: name)).position }

    private func plan(_ text: String, _ costs: ScanCosts = .memory) throws -> AccessPlan {
        try Planner(Query(table, where: Condition(parsing: text, table: table)), costs: costs).plan(count: 10_000)
    }

    private func ranges(_ text: String) throws -> [IndexRange] { try #require(try plan(text).scan).ranges }

    @Test("What follows a list bounds each of its ranges, which stay in the order of the index")
    func listThenMore() throws {
        let range = try plan("kind in ('b', 'a') and price > 5 and price <= 9")
        #expect(range.scan?.index?.name == "by_kind" && range.filter == nil)
        #expect(range.scan?.ranges.map(\.equal) == [[.string("a")], [.string("b")]])
        #expect(range.scan?.ranges.allSatisfy { $0.lower?.value == .int(5) && $0.upper?.value == .int(9) } == true)
        let value = try plan("kind in ('b', 'a') and price is null and pet > 3")
        #expect(value.filter == nil)
        #expect(value.scan?.ranges.map(\.equal) == [[.string("a"), .null], [.string("b"), .null]])
        #expect(value.scan?.ranges.allSatisfy { $0.lower?.value == .int(3) } == true)
    }

    @Test("A value of the second column of the key is asked for with each listed value of the first")
    func key() throws {
        let plan = try plan("pet in (7, 3) and number = 1")
        #expect(plan.scan?.index == nil && plan.filter == nil && plan.rows == 2)
        #expect(plan.scan?.ranges.map(\.equal) == [[.int(3), .int(1)], [.int(7), .int(1)]])
    }

    @Test("Of two lists each combination is a range, as long as they are few")
    func lists() throws {
        let plan = try plan("kind in ('b', 'a') and price in (1, 2)")
        let wanted: [[Value]] = [
            [.string("a"), .int(2)], [.string("a"), .int(1)], [.string("b"), .int(2)], [.string("b"), .int(1)],
        ]
        #expect(plan.scan?.ranges.map(\.equal) == wanted && plan.filter == nil)
        let list = (1...9).map(String.init).joined(separator: ", ")
        let many = try self.plan("pet in (\(list)) and number in (\(list))")
        #expect(many.scan?.index == nil && many.scan?.ranges.count == 9 && many.filter != nil)
        // A range on the column of the list that was left is a bound all the same.
        let ranged = try self.plan("pet in (\(list)) and number in (\(list)) and number > 4")
        #expect(ranged.scan?.ranges.count == 9 && ranged.scan?.ranges.first?.lower?.value == .int(4))
        #expect(ranged.filter == .isIn(column: try column("number"), (1...9).map(Value.int)))
    }

    @Test(
        "Of several bounds of one end the tightest is taken, and all are served",
        arguments: [
            ("price > 1 and price > 50", 50, false), ("price > 50 and price >= 1", 50, false),
            ("price >= 50 and price > 50", 50, false), ("price > 50 and price >= 50", 50, false),
            ("price >= 50 and price >= 49", 50, true), ("price >= 50 and price >= 50", 50, true),
        ])
    func lower(_ text: String, _ value: Int, _ isIncluded: Bool) throws {
        let plan = try plan("kind = 'a' and \(text)")
        #expect(plan.scan?.ranges.map(\.lower) == [IndexRange.Bound(value: .int(value), isIncluded: isIncluded)])
        #expect(plan.filter == nil && plan.bounds.count == 3)
    }

    @Test("The least of several upper bounds is taken")
    func upper() throws {
        for text in ["price < 9 and price <= 9 and price < 12", "price <= 9 and price < 9", "price < 12 and price < 9"]
        {
            let ranges = try ranges("kind = 'a' and \(text)")
            #expect(ranges.map(\.upper) == [IndexRange.Bound(value: .int(9), isIncluded: false)], "\(text)")
        }
    }

    @Test("The longest of several prefixes is taken, and one that is none of its beginnings is left to check")
    func prefixes() throws {
        let plan = try plan("kind begins with 'a' and kind begins with 'abc' and kind begins with 'b'")
        #expect(plan.scan?.ranges.map(\.prefix) == ["abc"] && plan.bounds.count == 2)
        #expect(plan.filter == .text(column: try column("kind"), .hasPrefix, "b", ignoringCase: false))
    }

    @Test("An index that a list bounds has the order of its columns and no other, whatever follows the list")
    func order() throws {
        let condition = try Condition(parsing: "kind in ('b', 'a') and price = 5", table: table)
        let (kind, price) = (OrderTerm(column: try column("kind")), OrderTerm(column: try column("price")))
        func isSorted(_ order: [OrderTerm]) -> Bool {
            let plan = Planner(Query(table, where: condition, order: order)).plan(count: 10_000)
            return plan.scan?.index?.name == "by_kind" && plan.isSorted
        }
        #expect(isSorted([kind, OrderTerm(column: price.column, isDescending: true)]))
        #expect(!isSorted([price]) && !isSorted([]) && !isSorted([price, kind]))
    }

    @Test("A page behind a list begins in the range that its position is in, with what follows the list")
    func page() throws {
        let condition = try Condition(parsing: "kind in ('c', 'b', 'a') and price < 8", table: table)
        let order = [
            OrderTerm(column: try column("kind")), OrderTerm(column: try column("price"), isDescending: true),
        ]
        var query = Query(table, where: condition, order: order, limit: 3)
        query.after = Query.Position(values: [.string("b"), .int(5), .int(1), .int(2)])
        let scan = try #require(Planner(query).plan(count: 10_000).scan)
        let layout = KeyLayout(try #require(scan.index), of: table)
        let ranges = scan.byteRanges(layout)
        func isRead(_ kind: String, _ price: Int, _ pet: Int) -> Bool {
            let entry = layout.encode(record: [.int(pet), .int(2), .string(kind), .int(price), .string("")])
            return ranges.contains { range in
                !KeyBytes.isLess(entry, range.lower) && range.upper.map { KeyBytes.isLess(entry, $0) } ?? true
            }
        }
        #expect(isRead("b", 5, 3) && isRead("b", 4, 1) && isRead("c", 7, 1))
        #expect(!isRead("b", 5, 1) && !isRead("b", 6, 9) && !isRead("a", 7, 1) && !isRead("c", 9, 1))
    }

    // MARK: Entries of the key

    @Test(
        "Where a record is a request, what is left of a condition on the key is asked of the entries of the primary index"
    )
    func primaryEntries() throws {
        let costs = ScanCosts(entry: 20, primaryRecord: 600, record: 600, comparison: 1, checksEntries: true)
        let range = try plan("pet > 5 and pet < 9 and pet != 7", costs)
        #expect(range.scan?.index == nil && range.filter == nil)
        #expect(range.scan?.filter == .compare(column: try column("pet"), .notEqual, .int(7)))
        let second = try plan("number = 1 and note contains 'x'", costs)
        #expect(second.scan?.index == nil && second.scan?.filter != nil && second.filter != nil)
        // It is a part of the table that is read, by its entries.
        #expect(second.description(driver: "test").access == .index("primary"))
        #expect(try plan("number = 1").scan?.filter == nil)
    }

    // MARK: Patterns

    @Test(
        "What a pattern begins with is a bound, and the pattern is checked where it asks for more",
        arguments: [
            ("kind like 'Par%'", "kind like \"Par%\"", nil), ("kind like 'Par%%'", "kind like \"Par%%\"", nil),
            ("kind like 'Par%s'", "kind begins with \"Par\"", "kind like \"Par%s\""),
            ("kind like 'P_ris'", "kind begins with \"P\"", "kind like \"P_ris\""),
            ("kind like 'Paris'", "kind like \"Paris\"", nil), ("kind like ''", "kind like \"\"", nil),
        ] as [(String, String, String?)])
    func patterns(_ text: String, _ bound: String, _ filter: String?) throws {
        let plan = try plan(text).description(driver: "test")
        #expect(plan.access == .index("by_kind"))
        #expect(plan.bounds == [bound] && plan.filter == filter)
    }

    @Test(
        "A pattern that begins with anything, one that ignores case and one that must not match bound nothing",
        arguments: [
            "kind like '%s'", "kind like '_a'", "kind like '%'", "kind like 'P%' ignoring case", "not (kind like 'P%')",
        ])
    func unbounded(_ text: String) throws {
        let plan = try plan(text)
        #expect(plan.scan?.index == nil && plan.bounds.isEmpty && plan.filter != nil)
    }

    @Test("A pattern without % and _ is a value, behind which a range is a bound")
    func wholePattern() throws {
        let ranges = try ranges("kind like '5\\%' and price > 3")
        #expect(ranges.map(\.equal) == [[.string("5%")]] && ranges.first?.lower?.value == .int(3))
    }
}
