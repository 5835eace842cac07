import CairnCore

/// Makes a program that fails smaller as long as it fails.
///
/// Delta debugging (Zeller, Hildebrandt 2002): parts are left out, the largest first; then what is left is made simpler, piece by
/// piece, until no single change leaves a program that fails. Nothing is random: the same program shrinks to the same.
struct Shrinker {
    private let differential: Differential
    /// How many programs may be tried. Most programs are small long before.
    private let attempts: Int

    init(_ differential: Differential, attempts: Int = 3000) {
        self.differential = differential
        self.attempts = attempts
    }

    /// A change of a program; nil when it cannot be made.
    typealias Edit = (Program) -> Program?

    /// What is tried, the most promising first.
    private static let passes: [@Sendable (Program) -> [Edit]] = [
        ShrinkSteps.removals, ShrinkSteps.unwrappings, ShrinkSteps.simplifications, ShrinkQueries.simplifications,
        ShrinkQueries.fewerAggregates, ShrinkInclusions.simplifications,
        ShrinkSchema.removals, ShrinkSchema.simplifications, ShrinkValues.simplifications,
    ]

    func shrink(_ program: Program) async -> Program {
        var run = Run(differential: differential, remaining: attempts, program: program)
        await run.cut()
        var size = 0
        repeat {
            size = run.improvements
            for pass in Shrinker.passes { await run.apply(pass) }
        } while run.improvements > size && run.remaining > 0
        return run.program
    }

    /// One shrinking under way.
    private struct Run {
        let differential: Differential
        var remaining: Int
        var program: Program
        var improvements = 0

        /// Leaves out all that comes after the step that fails.
        mutating func cut() async {
            guard let place = await failure(of: program)?.path.first, place >= 0 else { return }
            var candidate = program
            candidate.steps.removeSubrange((place + 1)...)
            await take(candidate)
        }

        /// Tries the edits of a pass; after one that was good, those of the new program from the same place on.
        mutating func apply(_ pass: (Program) -> [Edit]) async {
            var place = 0
            var edits = pass(program)
            while place < edits.count, remaining > 0 {
                if let candidate = edits[place](program), candidate != program, await take(candidate) {
                    edits = pass(program)
                } else {
                    place += 1
                }
            }
        }

        @discardableResult
        private mutating func take(_ candidate: Program) async -> Bool {
            guard await failure(of: candidate) != nil else { return false }
            program = candidate
            improvements += 1
            return true
        }

        /// How a program fails; nil when it does not, or makes no sense.
        private mutating func failure(of program: Program) async -> Disagreement? {
            remaining -= 1
            do {
                return try await differential.disagreement(program, name: "shrinking")
            } catch {
                return nil
            }
        }
    }
}
