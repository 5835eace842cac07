import CairnCore
import CairnMigrator
import CairnSchema
import MemoryStorage
import Testing

@testable import Simulation

@Suite("Two plans from one parent")
struct SchemaMergeTests {
    private static let base = database(
        table("a int?; b int; c {\"references\": \"o\", \"nullable\": true}", indexes: "\"i\": [\"b\"]"),
        table("z bool; y int", name: "o"))

    /// A base with other columns in `t`, other indexes, other columns in `o`, or more tables.
    private static func changed(
        _ t: String = "a int?; b int; c {\"references\": \"o\", \"nullable\": true}",
        indexes: String = "\"i\": [\"b\"]",
        o: String = "z bool; y int", oName: String = "o", more: String? = nil
    ) -> String {
        let other = table(o, name: oName, renamedFrom: oName == "o" ? nil : "o")
        let text = t.replacing("\"o\"", with: "\"\(oName)\"")
        return more.map { database(table(text, indexes: indexes), other, $0) }
            ?? database(table(text, indexes: indexes), other)
    }

    private static let reference = "c {\"references\": \"o\", \"nullable\": true}"

    private func merge(_ first: String, _ second: String) throws -> SchemaMerge {
        let base = try Schema(parsing: Self.base)
        return SchemaMerge(
            MigrationPlan(from: base, to: try Schema(parsing: first)),
            MigrationPlan(from: base, to: try Schema(parsing: second)), names: ("A", "B"))
    }

    struct Row: CustomTestStringConvertible, Sendable {
        let name: String
        let first: String
        let second: String
        /// What both lead to; or what the conflict says.
        let outcome: String

        var testDescription: String { name }
    }

    static let commuting = [
        Row(
            name: "columns of one table", first: changed("a int?; b int; \(reference); d int?"),
            second: changed("a int?; b int; \(reference); e bool?"),
            outcome: changed("a int?; b int; \(reference); d int?; e bool?")),
        Row(
            name: "a rename and a new index",
            first: changed("x {\"type\": \"int?\", \"renamed_from\": \"a\"}; b int; \(reference)"),
            second: changed(indexes: "\"i\": [\"b\"], \"j\": [\"b desc\"]"),
            outcome: changed("x int?; b int; \(reference)", indexes: "\"i\": [\"b\"], \"j\": [\"b desc\"]")),
        Row(
            name: "a dropped table's neighbour", first: changed(more: table("n int", name: "p")),
            second: changed("a int?; b {\"type\": \"int\", \"min\": 0}; \(reference)"),
            outcome: changed("a int?; b {\"type\": \"int\", \"min\": 0}; \(reference)", more: table("n int", name: "p"))
        ),
        Row(
            name: "a default and a unique index of one column, which is the index's only by name",
            first: changed("a int?; b {\"type\": \"int\", \"default\": 1}; \(reference)"),
            second: changed("a int?; b {\"type\": \"int\", \"unique\": true}; \(reference)"),
            outcome: changed("a int?; b {\"type\": \"int\", \"unique\": true, \"default\": 1}; \(reference)")),
        Row(
            name: "the same in both, and something else",
            first: changed("a int?; b int; \(reference); d int?", o: "z bool; y int; x int?"),
            second: changed("a int?; b int; \(reference); d int?", oName: "o", more: table("n int", name: "p")),
            outcome: changed(
                "a int?; b int; \(reference); d int?", o: "z bool; y int; x int?", more: table("n int", name: "p"))),
        Row(
            name: "two indexes that make the implied one of a reference needless",
            first: changed(indexes: "\"i\": [\"b\"], \"j\": [\"c\"]"),
            second: changed(indexes: "\"i\": [\"b\"], \"k\": [\"c\", \"b\"]"),
            outcome: changed(indexes: "\"i\": [\"b\"], \"j\": [\"c\"], \"k\": [\"c\", \"b\"]")),
    ]

    @Test("What touches other tables, columns and indexes is merged, whichever comes first", arguments: commuting)
    func commutes(_ row: Row) throws {
        let expected = try Schema(parsing: row.outcome)
        for (first, second) in [(row.first, row.second), (row.second, row.first)] {
            let merge = try merge(first, second)
            #expect(merge.conflicts.isEmpty, "\(merge.conflicts)")
            #expect(merge.plan?.diff.new.id == expected.id, "\(merge.plan?.diff.new.canonicalText ?? "")")
        }
    }

    static let conflicting = [
        Row(
            name: "one column", first: changed("a int?; b {\"type\": \"int\", \"min\": 0}; \(reference)"),
            second: changed("a int?; b {\"type\": \"int\", \"min\": 1}; \(reference)"),
            outcome: "A would tighten the rules of column 'b' of 't': none becomes min 0, and B would tighten the rules"
        ),
        Row(
            name: "a column that the other drops", first: changed("b int; \(reference)"),
            second: changed("a int; b int; \(reference)"),
            outcome: "A would drop column 'a' of 't', and B would forbid null in column 'a' of 't'"),
        Row(
            name: "an index of a column that is renamed",
            first: changed(
                "a int?; x {\"type\": \"int\", \"renamed_from\": \"b\"}; \(reference)", indexes: "\"i\": [\"x\"]"),
            second: changed(indexes: "\"i\": [\"b\"], \"j\": [\"b desc\"]"),
            outcome: "A would rename column 'b' of 't' to 'x', and B would add index 'j' to 't'"),
        Row(
            name: "one name for two columns", first: changed("a int?; b int; \(reference); d int?"),
            second: changed("d {\"type\": \"int?\", \"renamed_from\": \"a\"}; b int; \(reference)"),
            outcome:
                "A would add column 'd' to 't': {\"nullable\":true,\"type\":\"int\"}, and B would rename column 'a'"),
        Row(
            name: "one name for two tables", first: changed(more: table("n int", name: "p")),
            second: changed(more: table("n bool", name: "p")),
            outcome: "A would create table 'p', and B would create table 'p'"),
        Row(
            name: "a table that is renamed, and a reference to it", first: changed(oName: "p"),
            second: changed(more: table("n {\"references\": \"o\"}", name: "q")),
            outcome: "A would rename table 'o' to 'p', and B would create table 'q'"),
        Row(
            name: "an add and a drop that together could be a rename", first: changed("b int; \(reference)"),
            second: changed("a int?; b int; \(reference); d int?"),
            outcome: "together they could be a rename: column 'a' of 't' is gone and 'd' is new"),
        Row(
            name: "two tables of one Swift name", first: changed(more: table("n int", name: "box")),
            second: changed(more: table("n int", name: "boxes")),
            outcome: "makes the Swift type 'Box', as table 'box' does"),
    ]

    @Test("What is in each other's way is named, and nothing is merged", arguments: conflicting)
    func conflicts(_ row: Row) throws {
        let merge = try merge(row.first, row.second)
        #expect(merge.plan == nil)
        let message = merge.conflicts.first?.message ?? ""
        #expect(message.contains(row.outcome), "\(message)")
    }

    @Test("Plans of two parents are not merged")
    func parents() throws {
        let base = try Schema(parsing: Self.base)
        let other = try Schema(parsing: Self.changed(o: "z bool"))
        let new = try Schema(parsing: Self.changed(o: "z bool; y int; x int?"))
        let merge = SchemaMerge(MigrationPlan(from: base, to: new), MigrationPlan(from: other, to: new))
        #expect(merge.plan == nil && merge.conflicts.first?.message.contains("only changes of one schema") == true)
    }

    @Test("Plans out of files are merged, with their renames")
    func files() throws {
        let base = try Schema(parsing: Self.base)
        func plan(_ text: String) throws -> MigrationPlan {
            let file = try PlanFile(MigrationPlan(from: base, to: Schema(parsing: text)))
            return try PlanFile(parsing: Array(file.text.utf8), name: "p").plan
        }
        let merge = SchemaMerge(
            try plan(Self.changed("x {\"type\": \"int?\", \"renamed_from\": \"a\"}; b int; \(Self.reference)")),
            try plan(Self.changed(o: "w {\"type\": \"bool\", \"renamed_from\": \"z\"}; y int")))
        let merged = try PlanFile(try #require(merge.plan))
        #expect(merged.plan.diff.operations.map(\.kind) == [.renameColumn, .renameColumn])
    }

    @Test("What is left where one was applied is what the other says, or nothing")
    func applied() throws {
        let base = try Schema(parsing: database(table("x int")))
        let first = MigrationPlan(from: base, to: try Schema(parsing: database(table("x int; a int?"))))
        func rest(_ columns: String) throws -> SchemaMerge {
            let second = MigrationPlan(from: base, to: try Schema(parsing: database(table(columns))))
            var merge = SchemaMerge(first, second)
            #expect(merge.plan != nil)
            merge.takeOff(first, leaving: second)
            return merge
        }
        let plain = try rest("x int; d int?")
        #expect(plain.plan?.diff.operations.map(\.kind) == [.addColumn] && plain.conflicts.isEmpty)
        // The base has no column 'a', so the second adds 'd'; where the first has made 'a', it would take that.
        let stale = try rest("x int; d {\"type\": \"int?\", \"renamed_from\": \"a\"}")
        #expect(stale.plan == nil && stale.conflicts.count == 1)
        #expect(stale.conflicts.first?.message.contains("which neither plan says") == true)
    }

    @Test("Random changes that commute lead to the same, one after the other either way, and at once")
    func random() async throws {
        let seed = RandomSchemaTests.seed
        var merged = 0
        for run in 0..<120 {
            let place = "CAIRN_MIGRATION_SEED=\(seed), run \(run)"
            var random = SeededRandom(seed: seed &+ UInt64(run))
            let (base, first, second) = try RandomSchemaTests.pairs(&random)
            let (left, right) = (MigrationPlan(from: base, to: first), MigrationPlan(from: base, to: second))
            let merge = SchemaMerge(left, right)
            let other = SchemaMerge(right, left)
            #expect(merge.plan?.diff.new.id == other.plan?.diff.new.id, "\(place)")
            guard let plan = merge.plan else {
                #expect(!merge.conflicts.isEmpty && other.plan == nil, "\(place)")
                continue
            }
            merged += 1
            let target = plan.diff.new
            var outcomes: Set<String> = []
            for way in [[target], [first, target], [second, target]] {
                let storage = MemoryStorage()
                try await storage.apply(.create(base))
                do {
                    for schema in way {
                        let held = try #require(try await storage.schema())
                        try await storage.apply(
                            .migrate(Migration(from: held, to: schema, allowsDestructive: true)))
                    }
                } catch let error as StorageError where error.code == .migrationUnsupported {
                    outcomes.insert("unsupported")
                    continue
                }
                let id = try await storage.schema()?.id.description ?? "none"
                outcomes.insert(id)
            }
            #expect(outcomes.count == 1, "\(place): \(outcomes)")
            guard plan.verdict != .refused else { continue }
            let report = try await MigrationVerification.run(plan, seed: seed, rows: 5)
            #expect(report.failures.isEmpty, "\(place): \(report.failures)")
        }
        #expect(merged > 20, "CAIRN_MIGRATION_SEED=\(seed)")
    }
}
