import CairnCore
import CairnMigrator
import CairnSchema
import Testing

@testable import Simulation

@Suite("Plans in files")
struct PlanFileTests {
    private let plan: MigrationPlan
    private let file: PlanFile

    init() throws {
        let old = try Schema(
            parsing: database(
                table("z string; b int?; gone bool", indexes: "\"i\": [\"b\"]"),
                table("c {\"references\": \"t\"}", name: "o")))
        let new = try Schema(
            parsing: database(
                table(
                    "y {\"type\": \"string\", \"renamed_from\": \"z\", \"max_length\": 9}; b int?; n {\"type\": \"int\", \"default\": 4}",
                    name: "u", renamedFrom: "t"),
                table("c {\"references\": \"u\"}", name: "o"), table("x {\"enum\": [\"q\", \"p\"]}", name: "news")
            ).replacing("\"key\": [\"id\"]", with: "\"key\": \"id\", \"allow\": { \"DS103\": \"nobody reads it\" }"))
        plan = MigrationPlan(
            from: old, to: new, cost: MigrationCost(recordsRead: 1, recordsWritten: 2, requests: 3, dollars: 0.5))
        file = try PlanFile(plan)
    }

    @Test("What is read is what was written: schemas, renames, operations, what is allowed, cost")
    func roundTrip() throws {
        let read = try PlanFile(parsing: Array(file.text.utf8), name: "p")
        #expect(read.plan.diff.old.id == plan.diff.old.id && read.plan.diff.new.id == plan.diff.new.id)
        #expect(Set(read.plan.diff.operations) == Set(plan.diff.operations))
        #expect(read.plan.diff.operations.contains { $0.kind == .renameTable && $0.before == "t" })
        #expect(read.plan.diff.operations.contains { $0.kind == .renameColumn && $0.before == "z" })
        #expect(read.plan.allFindings.filter { $0.code == "DS103" }.map { $0.allowance?.reason } == ["nobody reads it"])
        #expect(read.plan.cost == plan.cost && read.plan.id == file.plan.id)
        #expect(read.text == file.text)
    }

    @Test("Whoever reads it sees each operation with its checks and how it is taken back, or why it is not")
    func readable() throws {
        let json = try JSONValue(parsing: file.text)
        #expect(json["cairn_plan"] == 1 && json["verdict"] == "destructive")
        guard case .array(let operations)? = json["operations"] else { throw StorageError(.invalid, "no operations") }
        let dropped = try #require(operations.first { $0["kind"] == "drop_column" })
        #expect(
            dropped["reverse"]
                == "add column 'gone' of 'u'; 'cairn migrate rollback' puts back what it had, as long as that is kept")
        let tightened = try #require(operations.first { $0["kind"] == "tighten_rules" })
        #expect(tightened["check_before"] == "each value in 'y' of 'u' keeps the rules: max_length 9")
        #expect(tightened["reverse"] == "give 'y' of 'u' the old rules, if each record keeps the old ones by then")
        #expect(operations.allSatisfy { $0["check_after"] != nil && $0["effect"] != nil })
    }

    @Test("It does not depend on the order in which files declare things")
    func order() throws {
        let old = try Schema(parsing: database(table("a int", name: "o"), table("b int")))
        let other = try Schema(parsing: database(table("b int"), table("a int", name: "o")))
        let new = try Schema(parsing: database(table("a int; c int?; d bool?", name: "o"), table("b int; e int?")))
        let renewed = try Schema(parsing: database(table("b int; e int?"), table("d bool?; c int?; a int", name: "o")))
        #expect(
            try PlanFile(MigrationPlan(from: old, to: new)).text
                == PlanFile(MigrationPlan(from: other, to: renewed)).text)
    }

    @Test(
        "A file in which one thing was changed and not the others is refused, and says where",
        arguments: [
            ("\"default\": 4", "\"default\": 5", "its schema 'to' is"),
            ("\"kind\": \"drop_column\"", "\"kind\": \"drop_index\"", "its schemas make the operation"),
            ("\"name\": \"gone\"", "\"name\": \"b\"", "its schemas make the operation"),
            ("\"renamed_from\": \"z\"", "\"renamed_from\": \"w\"", "its schemas make"),
            ("\"id\": \"sha256:", "\"id\": \"sha256:0", "'id'"),
            ("\"max_length\": 9", "\"max_length\": \"9\"", "the schema 'to' in p is none"),
            ("\"operations\"", "\"operation\"", "has no 'operations'"),
            ("\"cairn_plan\": 1", "\"cairn_plan\": \"1\"", "no plan of a migration"),
        ])
    func changed(_ old: String, _ new: String, _ says: String) async throws {
        let text = file.text.replacing(old, with: new, maxReplacements: 1)
        #expect(text != file.text)
        let error = try await expectError(.migrationPlanInvalid) {
            _ = try PlanFile(parsing: Array(text.utf8), name: "p")
        }
        #expect(error.message.contains(says), "\(error)")
    }

    @Test("A file of a newer Cairn is refused as such, and so is each beginning of a file")
    func others() async throws {
        let newer = file.text.replacing("\"cairn_plan\": 1", with: "\"cairn_plan\": 2")
        try await expectError(.upgradeRequired) { _ = try PlanFile(parsing: Array(newer.utf8), name: "p") }
        let bytes = Array(file.text.utf8)
        for count in stride(from: 0, to: bytes.count - 2, by: 97) {
            try await expectError(.migrationPlanInvalid) {
                _ = try PlanFile(parsing: Array(bytes.prefix(count)), name: "p")
            }
        }
    }

    @Test("A store is asked whether it holds what the plan begins with, or what it ends with")
    func start() async throws {
        try file.checkStart(plan.diff.old, at: "s")
        try file.checkStart(plan.diff.new, at: "s")
        let other = try Schema(parsing: database(table("a int")))
        let error = try await expectError(.schemaMismatch) { try file.checkStart(other, at: "s") }
        #expect(
            error.message
                == "s holds schema \(other.id.short), and the plan goes from \(plan.diff.old.id.short) to \(plan.diff.new.id.short)"
        )
    }

    @Test("Any change that could be carried out survives its file")
    func random() throws {
        for run in 0..<100 {
            let seed = RandomSchemaTests.seed &+ UInt64(run)
            var random = SeededRandom(seed: seed)
            let (old, new, _) = try RandomSchemaTests.pairs(&random)
            guard let file = try? PlanFile(MigrationPlan(from: old, to: new)) else { continue }
            let read = try PlanFile(parsing: Array(file.text.utf8), name: "p")
            #expect(read.plan.diff.new.id == new.id && read.text == file.text, "CAIRN_MIGRATION_SEED=\(seed)")
        }
    }

    @Test("A file with damage anywhere is refused, or it is the same plan all the same")
    func damaged() throws {
        let bytes = Array(file.text.utf8)
        let seed = RandomSchemaTests.seed
        var random = SeededRandom(seed: seed)
        for _ in 0..<1000 {
            var damaged = bytes
            let place = random.below(bytes.count)
            switch random.below(3) {
            case 0: damaged[place] = UInt8(random.below(256))
            case 1: damaged.removeSubrange(place..<min(bytes.count, place + 1 + random.below(40)))
            default: damaged.insert(contentsOf: bytes[place...].prefix(30), at: random.below(bytes.count))
            }
            do {
                let read = try PlanFile(parsing: damaged, name: "p")
                #expect(read.plan.id == file.plan.id, "CAIRN_MIGRATION_SEED=\(seed)")
            } catch let error as StorageError {
                #expect([.migrationPlanInvalid, .upgradeRequired].contains(error.code), "\(error)")
            }
        }
    }

    @Test("What could not be carried out is not written")
    func refused() async throws {
        func made(_ old: String, _ new: String) throws {
            _ = try PlanFile(
                MigrationPlan(from: Schema(parsing: database(table(old))), to: Schema(parsing: database(table(new)))))
        }
        try await expectError(.migrationAmbiguous) { try made("a int", "b int") }
        try await expectError(.migrationUnsupported) { try made("a string", "a json") }
    }

    @Test("A store is changed by what a file says, renames and all", arguments: Driver.allCases)
    func applied(_ driver: Driver) async throws {
        let read = try PlanFile(parsing: Array(file.text.utf8), name: "p")
        let place = Place(driver)
        try await place.with(plan.diff.old) { store in
            try await store.insert(["t": [["id": 1, "z": "x", "b": 2, "gone": true]], "o": [["id": 1, "c": 1]]])
        }
        try await place.migrate(to: read.plan.diff.new, allowsDestructive: true)
        let content = try await place.with(plan.diff.new) { try await $0.content() }
        #expect(
            content == ["u": [["id": 1, "y": "x", "b": 2, "n": 4]], "o": [["id": 1, "c": 1]], "news": []])
    }
}
