import Testing

@testable import CairnCore

@Suite("Building conditions")
struct QueryBuildingTests {
    private let number = TypedColumn<Int>(0)
    private let maybe = TypedColumn<Int?>(1)
    private let text = TypedColumn<String>(2)
    private let maybeText = TypedColumn<String?>(3)

    @Test("Operators become the comparison they name")
    func operators() {
        #expect((number == 5) == .compare(column: 0, .equal, .int(5)))
        #expect((number != 5) == .compare(column: 0, .notEqual, .int(5)))
        #expect((number <= 5) == .compare(column: 0, .lessOrEqual, .int(5)))
        #expect((maybe > 5) == .compare(column: 1, .greater, .int(5)))
        #expect((text >= "m") == .compare(column: 2, .greaterOrEqual, .string("m")))
    }

    @Test("Equality with nil asks for null; other comparisons with nil are neither true nor false")
    func null() {
        let nothing: Int? = nil
        #expect((maybe == nil) == .isNull(column: 1))
        #expect((maybe == nothing) == .isNull(column: 1))
        #expect((maybe != nil) == .not(.isNull(column: 1)))
        #expect((maybe < nothing) == .constant(nil))
        #expect((maybe == 5) == .compare(column: 1, .equal, .int(5)))
    }

    @Test("A range is two bounds and not a list of its members")
    func ranges() {
        let lower = Condition.compare(column: 0, .greaterOrEqual, .int(1))
        #expect(number.in(1...9) == .and([lower, .compare(column: 0, .lessOrEqual, .int(9))]))
        #expect(number.in(1..<9) == .and([lower, .compare(column: 0, .less, .int(9))]))
        #expect(number.in(1...) == lower)
        #expect(number.in(...9) == .compare(column: 0, .lessOrEqual, .int(9)))
        #expect(number.in(..<9) == .compare(column: 0, .less, .int(9)))
        #expect(
            maybe.in(1...9)
                == .and([.compare(column: 1, .greaterOrEqual, .int(1)), .compare(column: 1, .lessOrEqual, .int(9))]))
        #expect(number.between(1, and: 9) == number.in(1...9))
    }

    @Test("A list is a list; nil in it matches nothing")
    func lists() {
        #expect(number.in([1, 2]) == .isIn(column: 0, [.int(1), .int(2)]))
        #expect(maybe.in([1, nil]) == .isIn(column: 1, [.int(1)]))
        #expect(number.in(Set([3])) == .isIn(column: 0, [.int(3)]))
    }

    @Test("Columns compare with columns of their type, null or not, and numbers with numbers")
    func columns() {
        let other = TypedColumn<Int>(4)
        let real = TypedColumn<Double?>(5)
        #expect((number < other) == .computed(.column(0), .less, .column(4)))
        #expect((number == maybe) == .computed(.column(0), .equal, .column(1)))
        #expect((maybe != number) == .computed(.column(1), .notEqual, .column(0)))
        #expect((text >= maybeText) == .computed(.column(2), .greaterOrEqual, .column(3)))
        #expect(
            (number > real * 1) == .computed(.column(0), .greater, .arithmetic(.column(5), .multiply, .value(.int(1)))))
    }

    @Test("Arithmetic keeps the order it is written in")
    func arithmetic() {
        let sum = RowExpression.arithmetic(.column(0), .add, .column(1))
        #expect((number + maybe).rowExpression == sum)
        #expect(
            ((number + maybe) / 2 - 1.5).rowExpression
                == .arithmetic(
                    .arithmetic(sum, .divide, .value(.int(2))), .subtract, .value(.double(1.5))))
        #expect((number + maybe >= 10) == .computed(sum, .greaterOrEqual, .value(.int(10))))
        #expect(
            (number * maybe == text.count)
                == .computed(
                    .arithmetic(.column(0), .multiply, .column(1)), .equal, .count(column: 2)))
    }

    @Test("Counts, emptiness and elements")
    func lengths() {
        let list = TypedColumn<[String]>(6)
        let maybeList = TypedColumn<[Int]?>(7)
        let raw = TypedColumn<[UInt8]>(8)
        #expect((maybeText.count > 3) == .computed(.count(column: 3), .greater, .value(.int(3))))
        #expect(text.isEmpty == .compare(column: 2, .equal, .string("")))
        #expect(maybeList.isEmpty == .compare(column: 7, .equal, .array([])))
        #expect(raw.isEmpty == .compare(column: 8, .equal, .bytes([])))
        #expect(list.contains("a") == .hasElement(column: 6, .string("a")))
        #expect(maybeList.contains(1) == .hasElement(column: 7, .int(1)))
    }

    @Test("Paths into JSON compare by type, with nothing and with lists of values")
    func paths() {
        let json = TypedColumn<JSONValue?>(9)
        let steps: [JSONStep] = [.member("a"), .element(0)]
        let path = RowExpression.path(column: 9, steps)
        #expect((json["a"][0] == "x") == .computed(path, .equal, .value(.string("x"))))
        #expect((json["a"][0] > 1) == .computed(path, .greater, .value(.int(1))))
        #expect((json["a"][0] != 1.5) == .computed(path, .notEqual, .value(.double(1.5))))
        #expect((json["a"][0] == true) == .computed(path, .equal, .value(.bool(true))))
        #expect((json["a"][0] == nil) == .isPathNull(column: 9, steps))
        #expect((json["a"][0] != nil) == .not(.isPathNull(column: 9, steps)))
        func text(_ match: Condition.TextMatch, ignoringCase: Bool) -> Condition {
            .pathText(column: 9, steps, match, "x", ignoringCase: ignoringCase)
        }
        let place = json["a"][0]
        #expect(place.hasPrefix("x") == text(.hasPrefix, ignoringCase: false))
        #expect(place.hasSuffix("x") == text(.hasSuffix, ignoringCase: false))
        #expect(place.contains("x") == text(.contains, ignoringCase: false))
        #expect(place.like("x") == text(.like, ignoringCase: false))
        #expect(place.matches("x") == text(.matches, ignoringCase: false))
        #expect(place.ignoringCase.hasPrefix("x") == text(.hasPrefix, ignoringCase: true))
        #expect(place.ignoringCase.hasSuffix("x") == text(.hasSuffix, ignoringCase: true))
        #expect(place.ignoringCase.contains("x") == text(.contains, ignoringCase: true))
        #expect(place.ignoringCase.like("x") == text(.like, ignoringCase: true))
        #expect(place.ignoringCase.matches("x") == text(.matches, ignoringCase: true))
        #expect((place.ignoringCase == "x") == text(.equals, ignoringCase: true))
        #expect((place.ignoringCase != "x") == .not(text(.equals, ignoringCase: true)))
        #expect(place.ignoringCase.in(["x"]) == .or([text(.equals, ignoringCase: true)]))
        #expect(place.ignoringCase.in([]) == .constant(false))
        #expect(json["a"][0].exists == .hasPath(column: 9, steps))
        #expect(json["a"][0].in([1, 2]) == .or([json["a"][0] == 1, json["a"][0] == 2]))
        #expect(json["a"][0].in([Int]()) == .constant(false))
    }

    @Test("Text operators, as they are and ignoring case")
    func texts() {
        #expect(text.hasPrefix("a") == .text(column: 2, .hasPrefix, "a", ignoringCase: false))
        #expect(maybeText.like("a%") == .text(column: 3, .like, "a%", ignoringCase: false))
        #expect((text.ignoringCase == "a") == .text(column: 2, .equals, "a", ignoringCase: true))
        #expect((text.ignoringCase != "a") == .not(.text(column: 2, .equals, "a", ignoringCase: true)))
        #expect(
            text.ignoringCase.in(["a", "b"])
                == .or(["a", "b"].map { .text(column: 2, .equals, $0, ignoringCase: true) }))
    }

    @Test("And, or and not flatten chains and keep groups")
    func logic() {
        let (a, b, c) = (number == 1, number == 2, number == 3)
        #expect((a && b && c) == .and([a, b, c]))
        #expect((a || b || c) == .or([a, b, c]))
        #expect((a && (b || c)) == .and([a, .or([b, c])]))
        #expect(!(a && b) == .not(.and([a, b])))
    }

    @Test("An order and an update list their columns, also under conditions")
    func builders() {
        @OrderBuilder func order(_ isBig: Bool) -> [OrderTerm] {
            number
            if isBig { maybe.descending }
            if isBig { text } else { text.descending }
        }
        #expect(order(true) == [OrderTerm(column: 0), OrderTerm(column: 1, isDescending: true), OrderTerm(column: 2)])
        #expect(order(false) == [OrderTerm(column: 0), OrderTerm(column: 2, isDescending: true)])
        @AssignmentBuilder func changes(_ isBig: Bool) -> [Assignment] {
            number.set(1)
            if isBig { maybe.set(nil) }
        }
        #expect(changes(true) == [Assignment(column: 0, value: .int(1)), Assignment(column: 1, value: .null)])
    }
}

@Suite("Page cursors")
struct PageCursorTests {
    private let schema: Schema

    init() throws {
        schema = try Schema(
            parsing: """
                { "database": "d", "tables": { "a": { "columns": { "id": "int", "n": "string?" }, "key": "id" },
                  "b": { "columns": { "id": "int", "n": "string?" }, "key": "id" } } }
                """)
    }

    private func cursor(_ query: Query) throws -> PageCursor {
        try PageCursor(query, schema: schema.id, row: RecordRow(table: query.table, values: [.int(7), .string("é\0")]))
    }

    @Test("A cursor names the position it was made at")
    func position() throws {
        let query = Query(schema.tables[0], order: [OrderTerm(column: 1, isDescending: true)])
        #expect(try cursor(query).position(in: query, schema: schema.id).values == [.string("é\0"), .int(7)])
    }

    @Test("Its text is safe in a URL, and gives the same cursor back")
    func text() throws {
        let query = Query(schema.tables[0])
        let cursor = try cursor(query)
        #expect(cursor.rawValue.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") })
        #expect(try PageCursor(rawValue: cursor.description).position(in: query, schema: schema.id).values == [.int(7)])
    }

    @Test("A cursor of another table, order or schema is refused")
    func wrongQuery() throws {
        let query = Query(schema.tables[0], order: [OrderTerm(column: 1)])
        let cursor = try cursor(query)
        for other in [
            Query(schema.tables[1], order: [OrderTerm(column: 1)]), Query(schema.tables[0]),
            Query(schema.tables[0], order: [OrderTerm(column: 1, isDescending: true)]),
        ] {
            let error = #expect(throws: StorageError.self) { try cursor.position(in: other, schema: schema.id) }
            #expect(error?.code == .cursor)
        }
        let otherSchema = try Schema(
            parsing:
                "{ \"database\": \"e\", \"tables\": { \"a\": { \"columns\": { \"id\": \"int\" }, \"key\": \"id\" } } }")
        #expect(throws: StorageError.self) { try cursor.position(in: query, schema: otherSchema.id) }
    }

    @Test(
        "Text that is no cursor is refused",
        arguments: ["", "x", "====", "AAAA", "é", String(repeating: "A", count: 1000)])
    func garbage(_ text: String) throws {
        let error = #expect(throws: StorageError.self) {
            try PageCursor(rawValue: text).position(in: Query(schema.tables[0]), schema: schema.id)
        }
        #expect(error?.code == .cursor)
    }

    @Test("A cursor with any one byte changed is refused, or is a position all the same")
    func flipped() throws {
        let query = Query(schema.tables[0], order: [OrderTerm(column: 1)])
        let bytes = try #require(Base64URL.decode(try cursor(query).rawValue))
        for index in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << bit
                let position = try? PageCursor(rawValue: Base64URL.encode(changed)).position(
                    in: query, schema: schema.id)
                if index <= 8 { #expect(position == nil) }
                #expect(position.map { $0.values.count == 2 } ?? true)
            }
        }
    }

    @Test("Base64 for URLs reads what it writes, of every length", arguments: 0..<40)
    func base64(_ count: Int) {
        var random = SeededRandom(UInt64(count))
        let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
    }
}
