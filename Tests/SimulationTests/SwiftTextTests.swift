import CairnCore
import Testing

@testable import Simulation

@Suite("Programs as Swift")
struct SwiftTextTests {
    @Test(
        "Values are written as Swift in ASCII",
        arguments: [
            (Value.null, ".null"), (.int(.min), ".int(-9223372036854775808)"), (.double(-0.0), ".double(-0.0)"),
            (.double(.nan), ".double(.nan)"), (.string("e\u{301}\"\\\0"), #".string("e\u{301}\"\\\u{0}")"#),
            (.bytes([0, 255]), ".bytes([0, 255])"), (.array([.int(1), .int(2)]), ".array([.int(1), .int(2)])"),
            (.json(["a": 1.0]), #".json(try JSONValue(parsing: "{\"a\":1.0}"))"#),
        ] as [(Value, String)])
    func values(_ value: Value, _ text: String) {
        #expect(SwiftText.value(value) == text)
    }

    @Test("Conditions are written as the calls that make them")
    func conditions() {
        let condition: Condition = .not(
            .and([
                .compare(column: 0, .lessOrEqual, .int(1)), .or([.isNull(column: 1), .constant(nil)]),
                .isIn(column: 2, [.bool(true)]), .text(column: 3, .like, "a%", ignoringCase: true),
            ]))
        #expect(
            SwiftText.condition(condition) == """
                .not(.and([.compare(column: 0, .lessOrEqual, .int(1)), .or([.isNull(column: 1), .constant(nil)]), \
                .isIn(column: 2, [.bool(true)]), .text(column: 3, .like, "a%", ignoringCase: true)]))
                """)
    }

    @Test("A program is written with its schema and every step in its place")
    func program() {
        let table = TablePlan(
            name: "t0", columns: [ColumnPlan(name: "c0", kind: .named("int"))], key: [0],
            indexes: [IndexPlan(name: "x0", parts: [.init(column: 0, isDescending: true)])])
        let query = QuerySpec(table: 0, limit: 2)
        let program = Program(
            schema: SchemaPlan(tables: [table]),
            steps: [
                .snapshot([
                    .transaction(
                        [.savepoint([.write([.insert(table: 0, [.int(1)])], idempotencyKey: nil)], fails: true)],
                        fails: false),
                    .read(.rows(query), from: 0),
                    .pages(query, size: 1, from: nil, [.delete(query)]),
                ]),
                .read(
                    .including(
                        query,
                        [
                            InclusionSpec(
                                kind: .many(query, by: 0), inner: [InclusionSpec(kind: .one(column: 0))])
                        ], pageSize: nil), from: nil),
            ])
        let text = SwiftProgram(program).text
        for part in [
            "\"x0\": { \"on\": [\"c0 desc\"] }", "try await store.snapshot { snapshot0 in",
            "try await store.transaction { tx in", "try await tx.savepoint {", "throw CancellationError()",
            "try await tx.write([.insert(t0, [.int(1)])])",
            "try await snapshot0.records(\"t0\").all(Query(t0, limit: 2))",
            "try await store.session.delete(Query(t0, limit: 2))",
            "records(\"t0\").all(Query(t0, limit: 2), including: [.many(Query(t0, limit: 2), by: 0, including: [.one(0)])])",
        ] {
            #expect(text.contains(part), "\(part) is missing in\n\(text)")
        }
    }
}
