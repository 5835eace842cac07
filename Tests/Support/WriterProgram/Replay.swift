package import CairnCore
import CairnSchema
import MemoryStorage

/// What the programs of writers make of stores that nothing ever happens to, to compare a store with that something did happen to.
package final class Replay {
    private struct Course {
        let program: WriterProgram
        /// A store in memory for each writer: they do not depend on one another.
        let store: Store
        /// The rows before the first step, and after each.
        var rows: [[String]] = [[]]
    }

    package let seed: UInt64
    private var courses: [Int: Course] = [:]

    package init(seed: UInt64, writers: ClosedRange<Int>, size: WriterProgram.Size = .large) async throws {
        self.seed = seed
        for writer in writers {
            courses[writer] = Course(
                program: WriterProgram(writer: writer, seed: seed, size: size),
                store: try await Store.open(MemoryStorage(), schema: Schema(parsing: WriterProgram.schema)))
        }
    }

    /// A store whose rows no number of steps explains.
    package struct Difference: Error, CustomStringConvertible {
        package let description: String
    }

    /// Finds out how many steps of a writer a store has. What was acknowledged must be there, and of the rest all or nothing of
    /// the one step that was under way.
    /// - Parameter isAlive: Whether a step may be under way.
    @discardableResult
    package func find(_ writer: Int, in store: Store, acknowledged: Int, isAlive: Bool = true) async throws -> Int {
        let found = try await course(writer).program.rows(of: store.session)
        var wanted = try await rows(of: writer, after: acknowledged)
        if found == wanted { return acknowledged }
        if isAlive {
            let next = try await rows(of: writer, after: acknowledged + 1)
            if found == next { return acknowledged + 1 }
            wanted = ["either"] + wanted + ["or"] + next
        }
        throw Difference(
            description: """
                writer \(writer) was acknowledged \(acknowledged) steps. Its rows are
                \(found.joined(separator: "\n"))
                but must be
                \(wanted.joined(separator: "\n"))
                """)
    }

    private func course(_ writer: Int) throws -> Course {
        guard let course = courses[writer] else { throw Difference(description: "there is no writer \(writer)") }
        return course
    }

    /// The rows a writer has after so many steps.
    private func rows(of writer: Int, after steps: Int) async throws -> [String] {
        var course = try course(writer)
        while course.rows.count <= steps {
            try await course.program.step(course.rows.count - 1, on: course.store)
            course.rows.append(try await course.program.rows(of: course.store.session))
        }
        courses[writer] = course
        return course.rows[steps]
    }

    /// Takes the next steps of a writer in a store, and finds them there.
    /// - Returns: How many steps it has now.
    package func goOn(_ writer: Int, in store: Store, from step: Int, count: Int) async throws -> Int {
        for number in step..<step + count { try await course(writer).program.step(number, on: store) }
        return try await find(writer, in: store, acknowledged: step + count, isAlive: false)
    }
}
