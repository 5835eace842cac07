import Foundation

/// How much is run, from the environment: `Tests/run --fuzz` sets it.
struct FuzzSettings: Sendable {
    /// How many inputs each target gets beside its corpus.
    var count = 2000
    /// What the inputs are made from.
    var seed: UInt64 = 1
    /// Whether the process does nothing else: then progress is shown, and memory is limited.
    var isLong = false
    /// The targets to run.
    var targets = FuzzTargets.allCases
    /// The only input to run, by its index.
    var only: Int?

    /// - Throws: ``FuzzFailure`` for a variable that says nothing.
    static func ofProcess() throws -> FuzzSettings {
        try FuzzSettings(ProcessInfo.processInfo.environment)
    }

    /// `CAIRN_FUZZ` is how many inputs, `CAIRN_FUZZ_SEED` what they are made from, `CAIRN_FUZZ_TARGETS` the names of some
    /// targets, `CAIRN_FUZZ_INPUT` one input as failures name it: `schema:1:4711`.
    init(_ variables: [String: String]) throws {
        func number<Number: FixedWidthInteger>(_ name: String) throws -> Number? {
            guard let text = variables[name] else { return nil }
            guard let number = Number(text), number >= 0 else {
                throw FuzzFailure("\(name) is a number, not '\(text)'")
            }
            return number
        }
        func target(_ name: Substring) throws -> FuzzTargets {
            if let target = FuzzTargets(rawValue: String(name)) { return target }
            throw FuzzFailure(
                "there is no fuzz target '\(name)'; there are \(FuzzTargets.allCases.map(\.rawValue).joined(separator: ", "))"
            )
        }
        if let count: Int = try number("CAIRN_FUZZ") {
            self.count = count
            isLong = true
        }
        seed = try number("CAIRN_FUZZ_SEED") ?? seed
        guard let input = variables["CAIRN_FUZZ_INPUT"] else {
            if let names = variables["CAIRN_FUZZ_TARGETS"], !names.isEmpty {
                targets = try names.split(separator: ",").map(target)
            }
            return
        }
        let parts = input.split(separator: ":")
        guard parts.count == 3, let seed = UInt64(parts[1]), let index = Int(parts[2]) else {
            throw FuzzFailure("CAIRN_FUZZ_INPUT is a target, a seed and an index, like schema:1:4711, not '\(input)'")
        }
        targets = [try target(parts[0])]
        self.seed = seed
        only = index
    }
}
