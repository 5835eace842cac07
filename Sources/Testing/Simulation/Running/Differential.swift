import CairnCore
public import StorageConformance

/// Runs the program of a seed on several drivers and finds the first step at which they are not the same: other rows, another
/// order, another revision, another error.
///
/// The first driver is a model of the contract that comes with it, so that a fault all drivers share is found too. Whoever
/// writes a driver gives it the same ``ConformanceDriver`` as the conformance suite.
public struct Differential: Sendable {
    /// What is compared with the model.
    public let drivers: [any ConformanceDriver]
    /// How many steps a program has, those inside others not counted.
    public let steps: Int

    /// Compares drivers with the model and so with one another.
    public init(_ drivers: [any ConformanceDriver], steps: Int = 40) {
        self.drivers = drivers
        self.steps = steps
    }

    /// Runs the program of a seed; when drivers differ, makes it as small as it gets.
    /// - Returns: The difference; nil when there is none.
    /// - Throws: What opening a store throws: then nothing was compared.
    public func run(seed: UInt64) async throws -> Difference? {
        var coverage = Coverage()
        return try await run(seed: seed, counting: &coverage)
    }

    /// As ``run(seed:)``, and counts what the program has come to.
    public func run(seed: UInt64, counting coverage: inout Coverage) async throws -> Difference? {
        let program = try ProgramGenerator.program(seed: seed, steps: steps)
        let expected = try await expected(of: program, name: "\(seed)")
        coverage.add(program, expected)
        guard try await disagreement(program, expected, name: "\(seed)") != nil else { return nil }
        let small = await Shrinker(self).shrink(program)
        guard let found = try await disagreement(small, name: "\(seed)-small") else { return nil }
        return Difference(seed: seed, original: program, program: small, disagreement: found)
    }

    /// The whole program of a seed in Swift, to read and to run.
    public func swift(ofSeed seed: UInt64) throws -> String {
        SwiftProgram(try ProgramGenerator.program(seed: seed, steps: steps)).text
    }

    /// The first step of a program at which drivers saw different things; nil when there is none.
    package func disagreement(_ program: Program, name: String) async throws -> Disagreement? {
        try await disagreement(program, try await expected(of: program, name: name), name: name)
    }

    /// What the model sees.
    private func expected(of program: Program, name: String) async throws -> [Observation] {
        try await Execution.run(program.steps, program.schema.schema(), on: ModelDriver(), name: name)
    }

    private func disagreement(
        _ program: Program, _ expected: [Observation], name: String
    ) async throws -> Disagreement? {
        let schema = try program.schema.schema()
        for driver in drivers {
            let seen = try await Execution.run(program.steps, schema, on: driver, name: name)
            if let place = Differential.firstDifference(expected, seen) {
                return Disagreement(
                    path: (place < seen.count ? seen[place] : expected[place]).path, driver: driver.name,
                    expected: place < expected.count ? expected[place].description : "nothing",
                    found: place < seen.count ? seen[place].description : "nothing")
            }
        }
        return nil
    }

    private static func firstDifference(_ left: [Observation], _ right: [Observation]) -> Int? {
        for place in 0..<min(left.count, right.count) where !Observation.isSame(left[place], right[place]) {
            return place
        }
        return left.count == right.count ? nil : min(left.count, right.count)
    }
}

/// Where a driver and the model part.
package struct Disagreement: Sendable, Hashable {
    /// The place of the step; -1 and the number of a table for what is read at the end; -2 for what is followed of its changes.
    package let path: [Int]
    package let driver: String
    package let expected: String
    package let found: String
}

/// A seed on which drivers differ, and the smallest program that shows it.
public struct Difference: Sendable, CustomStringConvertible {
    /// The seed.
    public let seed: UInt64
    package let original: Program
    package let program: Program
    package let disagreement: Disagreement

    /// The driver that differs from the model.
    public var driver: String { disagreement.driver }
    /// What the model saw.
    public var expected: String { disagreement.expected }
    /// What the driver saw.
    public var found: String { disagreement.found }
    /// How many steps the small program has, those inside others counted.
    public var stepCount: Int { program.stepCount }
    /// The small program in Swift, to paste and run on any driver.
    public var swift: String { SwiftProgram(program).text }

    /// The seed, the step, what each saw, and the program.
    public var description: String {
        """
        seed \(seed): \(driver) differs from the model at \(place)
        model:
        \(expected.indented)
        \(driver):
        \(found.indented)
        as a program of \(stepCount) steps (\(original.stepCount) at first):

        \(swift)
        """
    }

    private var place: String {
        if disagreement.path.first == -2 {
            return disagreement.path.count == 1
                ? "the beginning, asking where its changes stand" : "the end, reading all changes"
        }
        if let table = disagreement.path.last, disagreement.path.first == -1 {
            return "the end, reading all of \(program.schema.tables[table].name)"
        }
        return "step \(disagreement.path.map { "\($0 + 1)" }.joined(separator: "."))"
    }
}

extension String {
    /// Each line four spaces to the right.
    fileprivate var indented: String {
        split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)" }.joined(separator: "\n")
    }
}

/// Stores of the model.
struct ModelDriver: ConformanceDriver {
    let name = "model"
    let isPersistent = false

    func open(_ name: String, clock: @escaping @Sendable () -> Timestamp) async throws -> any Storage {
        ModelStorage(clock: clock)
    }

    func remove(_ name: String) async throws {}
}
