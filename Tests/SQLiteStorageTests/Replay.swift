import CairnCore
import Foundation
import MemoryStorage
import SQLiteStorage
import Testing
import WriterProgram

/// What the programs of writers make of stores that nothing ever happens to, to compare a store with that something did happen to.
final class Replay {
    private struct Course {
        let program: WriterProgram
        /// A store in memory for each writer: they do not depend on one another.
        let store: Store
        /// The rows before the first step, and after each.
        var rows: [[String]] = [[]]
    }

    let seed: UInt64
    private var courses: [Int: Course] = [:]

    init(seed: UInt64, writers: ClosedRange<Int>, size: WriterProgram.Size = .large) async throws {
        self.seed = seed
        for writer in writers {
            courses[writer] = Course(
                program: WriterProgram(writer: writer, seed: seed, size: size),
                store: try await Store.open(MemoryStorage(), schema: Schema(parsing: WriterProgram.schema)))
        }
    }

    /// A store whose rows no number of steps explains.
    struct Difference: Error, CustomStringConvertible {
        let description: String
    }

    /// Finds out how many steps of a writer a store has. What was acknowledged must be there, and of the rest all or nothing of
    /// the one step that was under way.
    /// - Parameter isAlive: Whether a step may be under way.
    @discardableResult
    func find(_ writer: Int, in store: Store, acknowledged: Int, isAlive: Bool = true) async throws -> Int {
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

    private func course(_ writer: Int) throws -> Course { try #require(courses[writer]) }

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
    func goOn(_ writer: Int, in store: Store, from step: Int, count: Int) async throws -> Int {
        for number in step..<step + count { try await course(writer).program.step(number, on: store) }
        return try await find(writer, in: store, acknowledged: step + count, isAlive: false)
    }
}

/// Checks what SQLite itself says of a file: that tables, indexes, unique values and references agree.
func expectIntact(
    _ path: String, vfs: String? = nil, _ comment: Comment, sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let database = try RawDatabase(path, vfs: vfs)
    #expect(try database.column("PRAGMA integrity_check") == ["ok"], comment, sourceLocation: sourceLocation)
    #expect(try database.column("PRAGMA foreign_key_check").isEmpty, comment, sourceLocation: sourceLocation)
}

/// Copies a database as its processes left it.
func copyDatabase(_ path: String, to copy: String) throws {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        try? FileManager.default.removeItem(atPath: copy + suffix)
        guard FileManager.default.fileExists(atPath: path + suffix) else { continue }
        try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix)
    }
}
