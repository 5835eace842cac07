import CairnCore
import Testing

@testable import Simulation

@Suite("Generated programs")
struct GeneratorTests {
    private static let seeds: ClosedRange<UInt64> = 1...80

    @Test("The same seed gives the same program, another seed another")
    func determinism() throws {
        // By their text: a value that is not a number is not equal to itself.
        func text(_ seed: UInt64) throws -> String {
            try SwiftProgram(ProgramGenerator.program(seed: seed, steps: 40)).text
        }
        for seed in 1...20 as ClosedRange<UInt64> {
            let program = try text(seed)
            #expect(try text(seed) == program)
            #expect(try text(seed + 1000) != program)
        }
    }

    @Test("Schemas have every type of column, composite keys, references to themselves, unique and descending indexes")
    func schemas() throws {
        var found: Set<String> = []
        for seed in Self.seeds {
            let schema = try ProgramGenerator.program(seed: seed, steps: 0).schema.schema()
            for table in schema.tables {
                found.insert("key of \(table.key.count)")
                for column in table.columns {
                    found.insert("\(column.valueType)")
                    if case .array = column.valueType { found.insert("array") }
                    if case .enumeration = column.type { found.insert("enum") }
                    if column.isNullable { found.insert("nullable") }
                    if column.defaultValue != nil { found.insert("default") }
                    if !column.rules.isEmpty { found.insert("rules") }
                }
                if table.references.contains(where: { $0.target == table.position }) { found.insert("to itself") }
                if table.options.changes { found.insert("changes") }
                for index in table.indexes {
                    found.insert(index.isUnique ? "unique" : "plain")
                    if index.parts.contains(where: \.isDescending) { found.insert("descending") }
                    if !index.included.isEmpty { found.insert("include") }
                }
            }
        }
        let wanted: Set = [
            "key of 1", "key of 2", "key of 3", "string", "int", "double", "bool", "uuid", "bytes", "timestamp", "date",
            "decimal", "json", "array", "enum", "nullable", "default", "rules", "to itself", "unique", "plain",
            "descending", "include", "changes",
        ]
        #expect(wanted.subtracting(found) == [])
    }

    @Test("Programs succeed mostly, and fail in every way that is asked of drivers")
    func variety() async throws {
        var codes: [String: Int] = [:]
        var successes = 0
        for seed in Self.seeds {
            let program = try ProgramGenerator.program(seed: seed, steps: 40)
            let seen = try await Execution.run(
                program.steps, program.schema.schema(), on: ModelDriver(), name: "variety")
            for observation in seen {
                guard case .failure(let failure) = observation.content else {
                    successes += 1
                    continue
                }
                codes[failure.code, default: 0] += 1
            }
        }
        let failures = codes.values.reduce(0, +)
        #expect(successes > 2 * failures, "\(successes) successes, \(codes)")
        for code in [
            "storage.duplicate", "storage.conflict", "storage.not_found", "storage.reference", "storage.invalid",
            "storage.limit", "query.invalid",
        ] {
            #expect((codes[code] ?? 0) > 2, "\(code) is rare: \(codes)")
        }
    }

    @Test("Steps of every kind occur")
    func steps() throws {
        var kinds: Set<String> = []
        for seed in Self.seeds {
            let program = try ProgramGenerator.program(seed: seed, steps: 40)
            for path in program.paths {
                guard let step = program.step(at: path) else { continue }
                kinds.insert(String("\(step)".prefix { $0 != "(" }))
            }
        }
        #expect(
            kinds == [
                "write", "read", "pages", "cursor", "update", "delete", "transaction", "savepoint", "snapshot", "wait",
                "maintain", "outcome", "reopen", "position", "changes",
            ])
    }

    @Test("Related records and kept changes occur often, in every form, and not only in programs that fail")
    func coverage() async throws {
        let differential = Differential([])
        var coverage = Coverage()
        for seed in Self.seeds { _ = try await differential.run(seed: seed, counting: &coverage) }
        for (name, count) in coverage.counts { #expect(count >= 3, "\(name): \(coverage.counts)") }
        #expect(coverage.inclusions > 50, "\(coverage.counts)")
        #expect(coverage.changes > 500, "\(coverage.counts)")
    }
}
