import CairnCore
import CairnSchema
import Testing

@testable import ObjectStorage

@Suite("Turns of writers")
struct TurnsTests {
    private static let pace = Duration.milliseconds(20)

    /// A writer in a log, and what it believes.
    private struct Scene {
        var turns = Turns(author: "me")
        var number = 0
        var now = Duration.seconds(100)

        init() { turns.keepPace(TurnsTests.pace) }

        /// Somebody writes the next number, a while later.
        mutating func write(_ author: String, after: Duration = TurnsTests.pace, since: Duration? = .milliseconds(40))
            throws
        {
            number += 1
            now += after
            if author == "me" { return turns.wrote(number, at: now) }
            let record = CommitRecord(
                store: "", number: number, previous: CommitRecord.noHash, commit: "\(author)-0123",
                schema: try Schema(
                    parsing: #"{ "database": "none", "tables": { "t": { "columns": { "id": "int" }, "key": "id" } } }"#
                ).id, time: .epoch, kind: .commit)
            turns.heard(of: record, at: now, since: since.map { now - $0 })
        }

        var place: Int { turns.place(at: now) }
    }

    @Test("Who has not written, or not for the longest time, is next at once")
    func next() throws {
        var scene = Scene()
        #expect(scene.place == 0)
        for author in ["a", "b", "c"] { try scene.write(author) }
        #expect(scene.place == 0)
        try scene.write("me")
        #expect(scene.place == 3)
        for (author, place) in [("a", 2), ("b", 1), ("c", 0)] {
            try scene.write(author)
            #expect(scene.place == place)
        }
    }

    @Test("One waits the longer the more come before, and not for ever")
    func patience() {
        let scene = Scene()
        let times = (1...30).map { scene.turns.patience($0) }
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 <= $1 } && times[0] == Self.pace * 3)
        #expect(times.last == Self.pace * 32)
    }

    @Test("Who lets turns go by is waited for more and more seldom, until he takes one")
    func misses() throws {
        var scene = Scene()
        /// Whether the other is waited for after each of some numbers of his, when he never comes in his turn.
        func waits(_ count: Int) throws -> [Bool] {
            try (0..<count).map { _ in
                try scene.write("a")
                try scene.write("me")
                let waits = scene.place == 1
                scene.turns.miss(at: scene.now)
                for _ in 0..<5 { try scene.write("me") }
                return waits
            }
        }
        #expect(try waits(6) == [true, true, false, true, false, false])
        #expect(try waits(10).filter { $0 }.count == 2)
        // Now he comes, when he is waited for.
        while scene.place == 0 {
            try scene.write("a")
            try scene.write("me")
        }
        try scene.write("a")
        #expect(try waits(2) == [true, true])
    }

    @Test("Who comes as often as he would in turn is waited for again, whoever was quicker")
    func often() throws {
        var scene = Scene()
        for _ in 0..<6 {
            try scene.write("a")
            try scene.write("me")
            #expect(scene.place == 1)
            scene.turns.miss(at: scene.now)
        }
    }

    @Test("Nobody is waited for who may have written long ago, or was not heard of for long")
    func old() throws {
        var scene = Scene()
        try scene.write("a", since: nil)
        try scene.write("b", since: .seconds(60))
        try scene.write("me")
        #expect(scene.place == 0)
        try scene.write("c")
        try scene.write("me")
        #expect(scene.place == 1)
        scene.now += .seconds(10)
        #expect(scene.place == 0)
    }

    @Test("What a reader of the same process saw first is no other writer's")
    func own() throws {
        var turns = Turns(author: "me")
        let record = CommitRecord(
            store: "", number: 1, previous: CommitRecord.noHash, commit: "me-0123",
            schema: try Schema(
                parsing: #"{ "database": "none", "tables": { "t": { "columns": { "id": "int" }, "key": "id" } } }"#
            ).id, time: .epoch, kind: .commit)
        turns.heard(of: record, at: .zero, since: .zero)
        turns.wrote(1, at: .zero)
        turns.wrote(2, at: .zero)
        #expect(turns.place(at: .zero) == 0)
    }

    @Test("Who writes alone without a pause rests now and then; who pauses, or is not alone, does not")
    func rests() throws {
        func rests(_ author: String? = nil, after: Duration = TurnsTests.pace) throws -> Int {
            var scene = Scene()
            return try (0..<200).count { step in
                if let author, step % 20 == 0 { try scene.write(author) }
                try scene.write("me", after: after)
                return scene.turns.rest(at: scene.now) != nil
            }
        }
        #expect((2...4).contains(try rests()))
        #expect(try rests(after: .milliseconds(100)) == 0)
        #expect(try rests("a") == 0)
    }
}
