import CairnCore
import CairnMigrator
import CairnSchema
import Testing

@testable import Simulation

@Suite("Migrations tried on made-up records")
struct VerificationTests {
    private func verified(
        _ old: String, _ new: String, seed: UInt64 = 7, rows: Int = 20
    ) async throws -> MigrationVerification {
        let plan = MigrationPlan(from: try Schema(parsing: old), to: try Schema(parsing: new))
        let report = try await MigrationVerification.run(plan, seed: seed, rows: rows)
        #expect(report.failures.isEmpty, "\(report.failures)")
        return report
    }

    private func names(_ report: MigrationVerification) -> [String] { report.steps.map(\.name.rawValue) }

    private static let rich = database(
        table(
            """
            a {"type": "string", "min_length": 2, "max_length": 5}; b {"type": "int", "min": 3, "max": 9}; \
            c {"enum": ["x", "y"]}; d {"type": "string", "pattern": "^[A-Z]{2}-\\\\d{3,}$", "unique": true}; \
            e {"references": "o"}; f decimal?; g timestamp; h [int]; i json; j bytes?; k date; l uuid; \
            m {"references": "t", "nullable": true}
            """, indexes: "\"z\": { \"on\": [\"b\", \"c\"], \"unique\": true }"),
        table("n {\"type\": \"double\", \"max\": -1}", name: "o"))

    @Test(
        "Records keep types, bounds, patterns, enums, unique indexes and references, and are the same for the same seed"
    )
    func rows() async throws {
        let report = try await verified(Self.rich, Self.rich)
        #expect(report.notes.isEmpty, "\(report.notes)")
        // Seven numbers with two values each are all that a unique index of both has.
        #expect(report.tables.map(\.name) == ["t", "o"] && report.tables[1].records == 20)
        #expect((8...14).contains(report.tables[0].records), "\(report.tables)")
        let again = try await verified(Self.rich, Self.rich)
        #expect(again.tables.map(\.records) == report.tables.map(\.records))
    }

    @Test("A change that can be taken back goes up, down and up again")
    func reversible() async throws {
        let new = Self.rich.replacing(
            "\"f\": \"decimal?\"", with: "\"ff\": { \"type\": \"decimal?\", \"renamed_from\": \"f\" }"
        )
        .replacing("\"n\": {", with: "\"extra\": { \"type\": \"int\", \"default\": 4 }, \"n\": {")
        let report = try await verified(Self.rich, new)
        #expect(report.plan.diff.operations.map(\.kind) == [.renameColumn, .addColumn])
        #expect(names(report) == ["up", "down", "up_again"] && report.notReversible.isEmpty)
    }

    @Test("Records are made to fit a rule that is tighter, and others are stopped with nothing changed")
    func tighter() async throws {
        let report = try await verified(
            database(table("a int; b string?")),
            database(
                table(
                    "a {\"type\": \"int\", \"min\": 5, \"unique\": true}; b {\"type\": \"string\", \"pattern\": \"^x+y?$\"}"
                )))
        #expect(names(report) == ["up", "down", "up_again", "any_records"])
        #expect(report.tables.map(\.records) == [20])
        #expect(report.steps.last?.outcome.hasPrefix("stopped, and nothing was changed: ") == true)
    }

    @Test("Types change and change back, and columns are made from others")
    func conversions() async throws {
        let wider = try await verified(
            database(table("a int")), database(table("a {\"type\": \"double\", \"max\": 1e6}")))
        #expect(names(wider) == ["up", "down", "up_again", "any_records"])
        let converted = try await verified(
            database(table("a string; b string?; c double; d date; e int; f string")),
            database(
                table(
                    "a {\"type\": \"int\", \"unique\": true}; b uuid?; c string; d timestamp; e [int]; f {\"enum\": [\"x\", \"y\"]}"
                )))
        #expect(names(converted) == ["up", "down", "up_again", "any_records"])
        #expect(converted.tables.map(\.records) == [20] && converted.notes.isEmpty, "\(converted.notes)")
        #expect(converted.steps.last?.outcome.hasPrefix("stopped, and nothing was changed: ") == true)
        let made = try await verified(
            database(table("a string; b string?; c string; z int")),
            database(
                table(
                    """
                    d {"type": "string", "renamed_from": "d", "convert": {"join": ["a", "b"], "with": " "}}; \
                    e {"type": "int", "unique": true, "convert": {"from": "c"}}; \
                    f {"enum": ["k", "l"], "renamed_from": "f", "convert": {"from": "b", "values": {"x": "k", "y": "l"}, "otherwise": "k"}}; z int
                    """)))
        #expect(names(made) == ["up", "any_records"])
        #expect(made.tables.map(\.records) == [20] && made.notes.isEmpty, "\(made.notes)")
    }

    @Test("What cannot be taken back is said with its reason: what was dropped")
    func irreversible() async throws {
        let dropped = try await verified(database(table("a int?; b int")), database(table("b int")))
        #expect(names(dropped) == ["up", "down", "up_again", "any_records"])
        #expect(dropped.notReversible.isEmpty && dropped.notes.contains { $0.contains("comes back empty here") })
        let required = try await verified(database(table("a int; b bool")), database(table("b bool")))
        #expect(names(required) == ["up", "any_records"])
        #expect(required.notReversible.first?.contains("stands in the way") == true)
    }

    @Test("Tables that no record can be made for stay empty, and that is said")
    func empty() async throws {
        let required = try await verified(database(table("a int")), database(table("a int; b int")))
        #expect(required.tables.map(\.records) == [0])
        #expect(required.notes.first?.contains("required and without a default") == true)
        let never = database(table("a {\"type\": \"string\", \"pattern\": \"a\\\\bb\"}"))
        let impossible = try await verified(never, never)
        #expect(impossible.notes.first?.contains("such as the pattern a\\bb") == true)
        let long = database(table("a {\"type\": \"string\", \"min_length\": \(Int.max)}"))
        #expect(try await verified(long, long).notes.first?.contains("no value was found") == true)
        let deep = String(repeating: "(", count: 40) + "a{0}" + String(repeating: ")*", count: 40)
        let nothing = database(table("a {\"type\": \"string\", \"pattern\": \"\(deep)\"}"))
        #expect(try await verified(nothing, nothing).tables.map(\.records) == [20])
        let circle = database(table("a {\"references\": \"o\"}"), table("b {\"references\": \"t\"}", name: "o"))
        #expect(try await verified(circle, circle).tables.map(\.records) == [0, 0])
        let own = database(table("a {\"references\": \"t\"}"))
        #expect(try await verified(own, own).tables.map(\.records) == [20])
    }

    @Test("A new reference gets records that it can refer to")
    func references() async throws {
        let report = try await verified(
            database(table("a int"), table("b bool", name: "o")),
            database(table("a {\"references\": \"o\"}"), table("b bool", name: "o")))
        #expect(names(report) == ["up", "down", "up_again", "any_records"])
        #expect(report.tables.map(\.records) == [20, 20])
    }

    @Test("Random changes are verified")
    func random() async throws {
        for run in 0..<40 {
            let seed = RandomSchemaTests.seed &+ UInt64(run)
            var random = SeededRandom(seed: seed)
            let (old, new, _) = try RandomSchemaTests.pairs(&random)
            let plan = MigrationPlan(from: old, to: new)
            guard ![.ambiguous, .refused].contains(plan.verdict) else { continue }
            let report = try await MigrationVerification.run(plan, seed: seed, rows: 10)
            #expect(report.failures.isEmpty, "\(report.failures) CAIRN_MIGRATION_SEED=\(seed)")
            #expect(!report.steps.isEmpty)
        }
    }

    @Test("A change taken back leads to the schema it began with, renames turned round")
    func reversed() throws {
        let old = try Schema(parsing: database(table("a int; b bool"), table("z bool", name: "o")))
        let new = try Schema(
            parsing: database(
                table("x {\"type\": \"int\", \"renamed_from\": \"a\"}; c int?", name: "u", renamedFrom: "t"),
                table("z bool", name: "o")))
        let reversed = SchemaDiff(from: old, to: new).reversed
        #expect(reversed.old.id == new.id && reversed.new.id == old.id)
        #expect(
            reversed.operations.map(\.description) == [
                "rename table 'u' to 't'", "rename column 'x' of 't' to 'a'",
                "add column 'b' to 't', required and without a default: {\"type\":\"bool\"}", "drop column 'c' of 't'",
            ])
    }
}
