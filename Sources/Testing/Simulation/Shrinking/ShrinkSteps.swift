import CairnCore

/// Leaves out steps and writes, and takes steps out of what they stand in.
enum ShrinkSteps {
    /// Runs of steps, in the program and inside steps, and of the writes of batches; the longest first.
    static func removals(_ program: Program) -> [Shrinker.Edit] {
        var edits: [Shrinker.Edit] = chunks(program.steps.count).map { range in
            { program in program.removing(range) }
        }
        for path in program.paths {
            guard let step = program.step(at: path) else { continue }
            edits += chunks(step.inner.count).map { range in
                { program in
                    program.replacing(path) { step in
                        guard range.upperBound <= step.inner.count else { return nil }
                        var step = step
                        step.inner.removeSubrange(range)
                        return [step]
                    }
                }
            }
            guard case .write(let writes, _) = step else { continue }
            edits += chunks(writes.count).map { range in
                { program in
                    program.replacing(path) { step in
                        guard case .write(var writes, let key) = step, range.upperBound <= writes.count else {
                            return nil
                        }
                        writes.removeSubrange(range)
                        return [.write(writes, idempotencyKey: key)]
                    }
                }
            }
        }
        return edits
    }

    /// Ranges to leave out of so many: halves, quarters, … , one by one; the last first, on which less depends.
    private static func chunks(_ count: Int) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var size = count / 2
        while size > 1 {
            ranges += stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }.reversed()
            size /= 2
        }
        return ranges + (0..<count).reversed().map { $0..<$0 + 1 }
    }

    /// The steps inside a step in its place.
    static func unwrappings(_ program: Program) -> [Shrinker.Edit] {
        program.paths.map { path in
            { program in program.replacing(path) { step in step.inner.isEmpty ? nil : step.inner } }
        }
    }

    /// Fewer options of a step.
    static func simplifications(_ program: Program) -> [Shrinker.Edit] {
        let simpler: [(Step) -> Step?] = [
            { step in
                guard case .write(let writes, _?) = step else { return nil }
                return .write(writes, idempotencyKey: nil)
            },
            { step in
                switch step {
                case .read(let read, _?): .read(read, from: nil)
                case .pages(let spec, let size, _?, let steps): .pages(spec, size: size, from: nil, steps)
                case .cursor(let spec, let first, _?, let steps): .cursor(spec, first: first, from: nil, steps)
                default: nil
                }
            },
            { step in
                switch step {
                case .pages(let spec, _, let from, _): .read(.rows(spec), from: from)
                case .cursor(let spec, _, let from, _): .read(.rows(spec), from: from)
                case .read(.count(let spec), let from): .read(.rows(spec), from: from)
                case .read(.including(let spec, let inclusions, _?), let from):
                    .read(.including(spec, inclusions, pageSize: nil), from: from)
                case .read(.including(let spec, let inclusions, nil), let from) where inclusions.isEmpty:
                    .read(.rows(spec), from: from)
                case .read(.select(let spec, let columns), let from) where columns.count > 1:
                    .read(.select(spec, Array(columns.dropLast())), from: from)
                default: nil
                }
            },
            { step in
                switch step {
                case .transaction(let steps, true): .transaction(steps, fails: false)
                case .savepoint(let steps, true): .savepoint(steps, fails: false)
                case .changes(let place, .some, let most): .changes(since: place, table: nil, most: most)
                case .changes(let place, nil, let most) where most != .max:
                    .changes(since: place, table: nil, most: .max)
                case .changes(let place, nil, .max) where place > 0: .changes(since: 0, table: nil, most: .max)
                case .update(let spec, let assignments) where assignments.count > 1:
                    .update(spec, Array(assignments.dropLast()))
                default: nil
                }
            },
        ]
        return program.paths.flatMap { path in
            simpler.map { change in { program in program.replacing(path) { change($0).map { [$0] } } } }
        }
    }
}

extension Program {
    /// Where each step stands, outer steps before those inside them.
    var paths: [[Int]] {
        func paths(_ steps: [Step], under path: [Int]) -> [[Int]] {
            steps.enumerated().flatMap { place, step in
                [path + [place]] + paths(step.inner, under: path + [place])
            }
        }
        return paths(steps, under: [])
    }

    /// The step at a place.
    func step(at path: [Int]) -> Step? {
        var steps = steps
        var found: Step?
        for place in path {
            guard steps.indices.contains(place) else { return nil }
            found = steps[place]
            steps = steps[place].inner
        }
        return found
    }

    func removing(_ range: Range<Int>) -> Program? {
        guard range.upperBound <= steps.count else { return nil }
        var copy = self
        copy.steps.removeSubrange(range)
        return copy
    }

    /// The program with other steps in the place of one; nil when the change is nil.
    func replacing(_ path: [Int], _ change: (Step) -> [Step]?) -> Program? {
        func replaced(_ steps: [Step], _ path: ArraySlice<Int>) -> [Step]? {
            guard let place = path.first, steps.indices.contains(place) else { return nil }
            var steps = steps
            if path.count == 1 {
                guard let new = change(steps[place]) else { return nil }
                steps.replaceSubrange(place...place, with: new)
                return steps
            }
            guard let inner = replaced(steps[place].inner, path.dropFirst()) else { return nil }
            steps[place].inner = inner
            return steps
        }
        guard let steps = replaced(steps, path[...]) else { return nil }
        return Program(schema: schema, steps: steps)
    }

    /// The program with each step changed, inner steps first; a step that becomes nil goes.
    func mapSteps(_ change: (Step) -> Step?) -> Program {
        func mapped(_ steps: [Step]) -> [Step] {
            steps.compactMap { step in
                var step = step
                step.inner = mapped(step.inner)
                return change(step)
            }
        }
        return Program(schema: schema, steps: mapped(steps))
    }
}
