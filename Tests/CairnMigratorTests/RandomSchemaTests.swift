import CairnCore
import CairnSchema
import Foundation
import Testing

@testable import Simulation

@Suite("Random changes")
struct RandomSchemaTests {
    static let seed =
        ProcessInfo.processInfo.environment["CAIRN_MIGRATION_SEED"].flatMap { UInt64($0) }
        ?? UInt64.random(in: 0...UInt64.max)
    private static let runs = ProcessInfo.processInfo.environment["CAIRN_MIGRATION_RUNS"].flatMap { Int($0) } ?? 60

    /// What became of taking migrations back.
    private struct Tally {
        /// Migrations that were taken back, to what there was before.
        var undone = 0
        /// Those of which taking back was refused.
        var refused = 0
    }

    @Test("All drivers come to the same, to what a store made by the new schema takes, and back to what there was")
    func agree() async throws {
        var tally = Tally()
        for run in 0..<Self.runs {
            let seed = Self.seed &+ UInt64(run)
            do {
                try await agree(seed, &tally)
            } catch {
                Issue.record("\(error); CAIRN_MIGRATION_SEED=\(seed)")
            }
        }
        print("\(Self.runs) pairs of schemas: \(tally.undone) migrations taken back, \(tally.refused) refused to be")
        // Of a few pairs chance may refuse most.
        guard tally.undone + tally.refused >= 20 else { return }
        #expect(tally.undone > tally.refused, "taking back was mostly refused, CAIRN_MIGRATION_SEED=\(Self.seed)")
    }

    @Test("Two schemas have the same id exactly when nothing differs between them")
    func complete() throws {
        for run in 0..<500 {
            var random = SeededRandom(seed: Self.seed &+ UInt64(run))
            let (old, new) = try Self.pair(&random)
            #expect(
                SchemaDiff(from: old, to: new).operations.isEmpty == (old.id == new.id),
                "CAIRN_MIGRATION_SEED=\(Self.seed &+ UInt64(run))")
        }
    }

    /// A schema, and another a few changes away from it.
    private static func pair(_ random: inout SeededRandom) throws -> (Schema, Schema) {
        let plan = try ProgramGenerator.program(seed: random.next(), steps: 1).schema
        let old = try plan.schema()
        for _ in 0..<20 {
            var changed = plan
            for _ in 0..<1 + random.below(3) { Self.change(&changed, &random) }
            if let new = try? changed.schema() { return (old, new) }
        }
        return (old, old)
    }

    /// A schema, and two others a few changes away from it.
    static func pairs(_ random: inout SeededRandom) throws -> (Schema, Schema, Schema) {
        let plan = try ProgramGenerator.program(seed: random.next(), steps: 1).schema
        var others: [Schema] = []
        for _ in 0..<40 where others.count < 2 {
            var changed = plan
            for _ in 0..<1 + random.below(3) { change(&changed, &random) }
            if let new = try? changed.schema() { others.append(new) }
        }
        let base = try plan.schema()
        return (base, others.first ?? base, others.last ?? base)
    }

    private static func change(_ plan: inout SchemaPlan, _ random: inout SeededRandom) {
        let t = random.below(plan.tables.count)
        let c = random.below(plan.tables[t].columns.count)
        let isKey = plan.tables[t].key.contains(c)
        switch random.below(13) {
        case 11 where !isKey:
            let type = random.pick(["int", "string", "double", "decimal", "bool", "date", "timestamp"], else: "int")
            if case .named = plan.tables[t].columns[c].kind { plan.tables[t].columns[c].kind = .named(type) }
        case 12:
            let name = plan.tables[t].columns[c].name
            let convert = random.pick(
                [
                    "{\"from\": \"\(name)\", \"otherwise\": null}",
                    "{\"join\": [\"\(name)\", \"\(name)\"], \"with\": \"-\"}",
                    "{\"split\": \"\(name)\", \"at\": \"a\", \"part\": 1}", "{\"from\": \"\(name)\"}",
                ], else: "")
            let type = random.pick(["int", "string", "json", "decimal"], else: "int")
            plan.tables[t].columns.append(
                ColumnPlan(
                    name: "m\(plan.tables[t].columns.count)", kind: .named(type), isNullable: true,
                    options: [.init(name: "convert", json: convert)]))
        case 10 where plan.tables.count > 1:
            // The last one, if none refers to it.
            let last = plan.tables.count - 1
            let kinds = plan.tables.dropLast().flatMap { $0.columns.map(\.kind) }
            if !kinds.contains(.reference(last)) { plan.tables.removeLast() }
        case 0: plan.tables[t].columns[c].isNullable.toggle()
        case 1: plan.tables[t].columns[c].isUnique.toggle()
        case 2, 3:
            let type = random.pick(["int", "string", "double", "json", "bytes", "[string]"], else: "int")
            let count = plan.tables[t].columns.count
            plan.tables[t].columns.append(
                ColumnPlan(name: "n\(count)", kind: .named(type), isNullable: random.chance(70)))
        case 4: plan.tables[t].indexes = Array(plan.tables[t].indexes.dropLast())
        case 5:
            let part = IndexPlan.Part(column: c, isDescending: random.chance(50))
            plan.tables[t].indexes.append(IndexPlan(name: "added", parts: [part], isUnique: random.chance(30)))
        case 6 where !isKey: plan.tables[t].columns[c].options = []
        case 7 where !isKey:
            if case .named("int") = plan.tables[t].columns[c].kind {
                plan.tables[t].columns[c].kind = .named(random.chance(50) ? "double" : "decimal")
            }
        case 8 where !isKey:
            // The last one: positions of others stay.
            if c == plan.tables[t].columns.count - 1,
                !plan.tables[t].indexes.contains(where: { index in
                    index.included.contains(c) || index.parts.contains { $0.column == c } || index.filter?.column == c
                })
            {
                plan.tables[t].columns.removeLast()
            }
        default:
            plan.tables.append(
                TablePlan(
                    name: "added\(plan.tables.count)", columns: [ColumnPlan(name: "c0", kind: .named("int"))], key: [0])
            )
        }
    }

    private func agree(_ seed: UInt64, _ tally: inout Tally) async throws {
        var random = SeededRandom(seed: seed)
        let (old, new) = try Self.pair(&random)
        let records = Self.records(old, &random)
        var outcomes: [String] = []
        for driver in Driver.allCases {
            let place = Place(driver)
            try await place.with(old) { store in
                for operation in records {
                    // Random records often refer to nothing or are there already.
                    do { _ = try await store.session.write([operation.on(store.schema)]) } catch is StorageError {}
                }
            }
            let before = try await place.with(old) { Self.text(try await $0.content()) }
            outcomes.append(try await outcome(place, old, new))
            guard driver.remembersMigrations, try await !place.history().isEmpty else { continue }
            do {
                try await place.rollback(before: 1, allowsDestructive: true)
                let after = try await place.with(old) { Self.text(try await $0.content()) }
                #expect(after == before, "\(driver), CAIRN_MIGRATION_SEED=\(seed)")
                tally.undone += 1
            } catch let error as StorageError where error.code == .migrationUnsupported {
                // Not every type becomes another again.
                tally.refused += 1
            } catch let error as StorageError where error.code == .invalid && Self.losesNull(old, new) {
                // The null of a JSON document became null where null may be, and stays so.
                tally.refused += 1
            }
        }
        for (outcome, driver) in zip(outcomes, Driver.allCases) {
            #expect(outcome == outcomes[0], "\(driver), CAIRN_MIGRATION_SEED=\(seed)")
        }
    }

    /// Whether a column of JSON may be null that might not.
    private static func losesNull(_ old: Schema, _ new: Schema) -> Bool {
        SchemaDiff(from: old, to: new).operations.contains { operation in
            let column = operation.table.flatMap(new.table(named:))?.column(named: operation.name ?? "")
            return operation.kind == .makeNullable && column?.valueType == .json
        }
    }

    /// What a migration comes to, as a text to compare.
    private func outcome(_ place: Place, _ old: Schema, _ new: Schema) async throws -> String {
        do {
            try await place.migrate(to: new, allowsDestructive: true)
        } catch let error as StorageError {
            let content = try await place.with(old) { try await $0.content() }
            // Of several things that stand in the way each driver names the one it meets first.
            let checks = SchemaDiff(from: old, to: new).operations.count { $0.kind.effect == .verified }
            return "refused \(checks == 1 ? error.code.rawValue : "") \(Self.text(content))"
        }
        return try await place.with(new) { store in
            let content = try await store.content()
            try await store.rewrite()
            // A store that was made by the new schema takes the same records.
            let fresh = Place(.memory)
            try await fresh.with(new) { try await $0.insert(content) }
            return Self.text(content)
        }
    }

    private static func text(_ content: Content) -> String {
        content.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: "\n")
    }

    /// A record to insert, by the name of its table.
    private struct Insertion {
        let table: String
        let values: [Value]

        func on(_ schema: Schema) -> WriteOperation {
            let table = schema.tables.first { $0.name == self.table } ?? schema.tables[0]
            return .insert(table, values)
        }
    }

    private static func records(_ schema: Schema, _ random: inout SeededRandom) -> [Insertion] {
        var records: [Insertion] = []
        for table in schema.tables {
            for _ in 0..<random.below(12) {
                records.append(Insertion(table: table.name, values: table.columns.map { value($0, &random) }))
            }
        }
        return records
    }

    private static func value(_ column: Column, _ random: inout SeededRandom) -> Value {
        if column.isNullable, random.chance(20) { return .null }
        if case .enumeration(let values) = column.type { return .string(random.pick(values, else: "")) }
        return value(column.valueType, &random)
    }

    private static func value(_ type: ValueType, _ random: inout SeededRandom) -> Value {
        let number = random.below(8)
        return switch type {
        case .string: .string(random.pick(["", "a", "é", "x\0y", "long text"], else: ""))
        case .int: .int(random.pick([0, 1, 2, 3, -5, 1 << 53, (1 << 53) + 1], else: 0))
        case .double: .double(Double(number) / 2)
        case .bool: .bool(number.isMultiple(of: 2))
        case .uuid: .uuid(UUID(uuid: (0, 0, 0, 0, 0, 0, 64, 0, 128, 0, 0, 0, 0, 0, 0, UInt8(number))))
        case .bytes: .bytes([UInt8(number), 0, 255])
        case .timestamp: Timestamp(microseconds: Int64(number) * 1_000_001).map(Value.timestamp) ?? .null
        case .date: CalendarDate(daysSinceEpoch: number * 100).map(Value.date) ?? .null
        case .decimal: .decimal(DecimalNumber(number))
        case .json: .json(random.pick([.null, .int(1), .array([.null])], else: .null))
        case .array(let element): .array((0..<number % 3).map { _ in value(element, &random) })
        }
    }
}
