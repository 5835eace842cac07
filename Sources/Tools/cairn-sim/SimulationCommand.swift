import CairnCore
import Foundation
import Simulation
import StorageConformance

/// `cairn-sim differential --seeds A..B [--drivers memory,sqlite] [--steps N] [--mutant NAME] [--json]`, `cairn-sim program`,
/// `cairn-sim objects`, which is ``ObjectsCommand``, and `cairn-sim model`, which is ``ModelCommand``.
@main
struct SimulationCommand {
    private var seeds: ClosedRange<UInt64> = 1...500
    private var driverNames = ["memory", "sqlite"]
    private var steps = 40
    private var mutant: Mutant?
    private var most = 10
    private var isJSON = false
    /// Whether the programs are printed instead of run.
    private var isListing = false

    private static var usage: String {
        """
        cairn-sim differential runs random programs on several drivers and finds where they differ: schemas, writes, queries,
        pages, transactions, snapshots; the same rows in the same order and the same errors. Each driver is compared with a
        plain model of the contract. A seed that differs is made as small as it gets and printed as a program.

          cairn-sim program [--seeds A..B] [--steps N]      prints the programs in Swift
          cairn-sim differential [--seeds A..B] [--drivers LIST] [--steps N] [--mutant NAME] [--most N] [--json]

          --seeds A..B    the seeds, both ends included (1..500)
          --drivers LIST  memory, sqlite, sqlite-file, object; separated by commas (memory,sqlite)
          --steps N       steps of a program (40)
          --mutant NAME   plant a fault in the first driver, to see that it is found:
                          \(Mutant.all.map(\.name).joined(separator: ", "))
          --most N        stop after so many seeds that differ (10)
          --json          an object for programs instead of text

        Progress goes to the standard error. Exit codes: 0 no difference, 1 differences, 2 could not run.

        Example: cairn-sim differential --seeds 1..100000 --drivers memory,sqlite

        \(ObjectsCommand.usage)

        \(ModelCommand.usage)
        """
    }

    // MARK: Arguments

    private init(_ arguments: [String]) throws {
        var rest = arguments[...]
        switch rest.popFirst() {
        case "differential": break
        case "program": isListing = true
        default: throw UsageError(message: "the first word is 'differential', 'program', 'objects' or 'model'")
        }
        while let argument = rest.popFirst() {
            switch argument {
            case "--seeds": seeds = try Self.range(rest.popFirst())
            case "--drivers": driverNames = (rest.popFirst() ?? "").split(separator: ",").map(String.init)
            case "--steps": steps = try Self.number(rest.popFirst(), argument)
            case "--most": most = try Self.number(rest.popFirst(), argument)
            case "--mutant": mutant = try Self.mutant(rest.popFirst())
            case "--json": isJSON = true
            default: throw UsageError(message: "'\(argument)' is not known")
            }
        }
        if driverNames.isEmpty { throw UsageError(message: "--drivers needs at least one driver") }
    }

    static func range(_ text: String?) throws -> ClosedRange<UInt64> {
        let ends = (text ?? "").components(separatedBy: "..").map { UInt64($0) }
        if ends.count == 1, let only = ends[0] { return only...only }
        guard ends.count == 2, let first = ends[0], let last = ends[1], first <= last else {
            throw UsageError(message: "--seeds needs two numbers, like 1..500")
        }
        return first...last
    }

    /// How many seeds there are, as far as that can be counted.
    static func count(of seeds: ClosedRange<UInt64>) -> Int {
        let last = Int(clamping: seeds.upperBound - seeds.lowerBound)
        return last == .max ? last : last + 1
    }

    static func number(_ text: String?, _ option: String) throws -> Int {
        guard let text, let number = Int(text), number > 0 else {
            throw UsageError(message: "\(option) needs a number from 1")
        }
        return number
    }

    private static func mutant(_ name: String?) throws -> Mutant {
        guard let mutant = Mutant.all.first(where: { $0.name == name }) else {
            throw UsageError(
                message: "'\(name ?? "")' is no mutant; there are \(Mutant.all.map(\.name).joined(separator: ", "))")
        }
        return mutant
    }

    // MARK: Running

    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.isEmpty || arguments.contains("--help") || arguments.contains("-h") { return print(usage) }
        do {
            if arguments.first == "objects" { exit(try ObjectsCommand(arguments.dropFirst()).run() ? 0 : 1) }
            if arguments.first == "model" { exit(try ModelCommand(arguments.dropFirst()).run() ? 0 : 1) }
            let command = try SimulationCommand(arguments)
            if command.isListing { return try command.list() }
            exit(try await command.run() ? 0 : 1)
        } catch let error as UsageError {
            complain("\(error.message)\n\(usage)")
        } catch {
            complain("\(error)")
        }
        exit(2)
    }

    private static func complain(_ text: String) {
        FileHandle.standardError.write(Data("cairn-sim: \(text)\n".utf8))
    }

    private func list() throws {
        let differential = Differential([], steps: steps)
        for seed in seeds { print("// seed \(seed)\n\(try differential.swift(ofSeed: seed))\n") }
    }

    /// - Returns: Whether no seed showed a difference.
    private func run() async throws -> Bool {
        let folder = FileManager.default.temporaryDirectory.appending(path: "cairn-sim-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        var drivers = try driverNames.map { try Drivers.named($0, folder: folder) }
        if let mutant { drivers[0] = MutantDriver(drivers[0], mutant) }
        let differential = Differential(drivers, steps: steps)
        var progress = Progress(total: SimulationCommand.count(of: seeds), of: "seeds", finding: "differences")
        var differences: [Difference] = []
        var coverage = Coverage()
        for seed in seeds {
            do {
                if let difference = try await differential.run(seed: seed, counting: &coverage) {
                    differences.append(difference)
                    if !isJSON { print("\(difference)\n") }
                }
            } catch {
                throw CouldNotRun(seed: seed, error: error)
            }
            progress.advance(findings: differences.count)
            if differences.count >= most { break }
        }
        progress.end()
        let report = Report(
            seeds: seeds, checked: progress.done, drivers: drivers.map(\.name), differences: differences,
            coverage: coverage)
        print(isJSON ? report.json : report.summary)
        return differences.isEmpty
    }
}

/// A command line that cannot be understood.
struct UsageError: Error {
    let message: String
}

/// A seed on which nothing could be compared.
struct CouldNotRun: Error, CustomStringConvertible {
    let seed: UInt64
    let error: any Error

    var description: String { "seed \(seed) could not run: \(error)" }
}
