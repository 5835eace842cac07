import CairnCore

/// What is kept of commits to tables that ask for it, for those who come later.
enum FollowingCases {
    static let all: [ConformanceCase] = behind + broken

    private static let behind: [ConformanceCase] = [
        ConformanceCase(.l2, "Changes behind a position are told in their order, as they were before and after") {
            try await follow($0) { db in
                let start = try await db.changePosition()
                let inserted = try await team(1, "one", db)
                let updated = try await db.session.change("teams", .int(1), ["name": .string("eins")])
                try await db.records("teams").delete(updated.key)
                var changes = try db.records("teams").changes(since: start).makeAsyncIterator()
                try expectEqual(try await changes.next()?.change, .inserted(inserted))
                try expectEqual(try await changes.next()?.change, .updated(from: inserted, to: updated))
                try expectEqual(try await changes.next()?.change, .deleted(updated))
            }
        },
        ConformanceCase(.l2, "Behind the position of now there is what is committed from now on") {
            try await follow($0) { db in
                try await team(1, "one", db)
                var changes = try db.records("teams").changes(since: await db.changePosition()).makeAsyncIterator()
                for id in 2...5 {
                    try await team(id, "n\(id)", db)
                    try expectEqual(try await changes.next()?.after?.key, .int(id))
                }
            }
        },
        ConformanceCase(.l2, "A loop that begins anew behind each change loses nothing and gets nothing twice") {
            try await follow($0) { db in
                var position = try await db.changePosition()
                try await team(1, "one", db)
                // The records of two tables in one commit, so that a position stands inside of it.
                try await db.write { batch in
                    for id in 1...3 {
                        batch.append(try insertion(member(id, of: 1, db)))
                        let team = try db.record("teams", ["id": .int(id), "name": .string("t\(id)")])
                        batch.append(.upsert(team.table, team.values))
                    }
                }
                try await member(4, of: 2, into: db)
                var members: [Key?] = []
                for _ in 1...4 {
                    var changes = try db.records("members").changes(since: position).makeAsyncIterator()
                    let change = try require(try await changes.next(), "a change")
                    members.append(change.after?.key)
                    position = ChangePosition(rawValue: change.position.description)
                }
                try expectEqual(members, (1...4).map(Key.int))
                try expectEqual(position, try await db.changePosition(), "the position of the last change")
            }
        },
        ConformanceCase(.l2, "Behind a position inside a commit the rest of the commit is told, of all tables") {
            try await follow($0) { db in
                let start = try await db.changePosition()
                try await db.write { batch in
                    for id in 1...3 {
                        batch.append(try insertion(db.record("teams", ["id": .int(id), "name": .string("t")])))
                    }
                }
                var changes = try db.records("teams").changes(since: start).makeAsyncIterator()
                let first = try require(try await changes.next(), "a change")
                var commits = db.changes(since: first.position).makeAsyncIterator()
                let rest = try require(try await commits.next(), "the commit")
                try expectEqual(rest.changes.map { $0.after?.key }, [.int(2), .int(3)])
                try expectEqual(rest.start, first.position)
                var again = db.changes(since: start).makeAsyncIterator()
                let whole = try require(try await again.next(), "the commit")
                try expectEqual(whole.changes.count, 3)
                try expectEqual(whole.position, rest.position)
                try expectEqual(whole.time, whole.changes.first?.after?.createdAt)
            }
        },
        ConformanceCase(.l2, "Behind the last change of a table in a commit, what it did to other tables is still told")
        {
            try await follow($0) { db in
                let start = try await db.changePosition()
                try await db.write { batch in
                    batch.append(try insertion(db.record("teams", ["id": .int(1), "name": .string("t")])))
                    batch.append(try insertion(member(1, of: 1, db)))
                }
                try await team(2, "two", db)
                var teams = try db.records("teams").changes(since: start).makeAsyncIterator()
                let first = try require(try await teams.next(), "a change")
                var commits = db.changes(since: first.position).makeAsyncIterator()
                try expectEqual(try await commits.next()?.changes.map(\.table.name), ["members"])
                try expectEqual(try await commits.next()?.changes.map(\.table.name), ["teams"])
                var again = try db.records("teams").changes(since: first.position).makeAsyncIterator()
                try expectEqual(try await again.next()?.after?.key, .int(2))
            }
        },
        ConformanceCase(.l2, "What a transaction did is one commit, each record once, and in no table that keeps none")
        {
            try await follow($0) { db in
                try await team(1, "one", db)
                let start = try await db.changePosition()
                try await db.insert("notes", ["id": .int(1), "text": .string("not kept")])
                try await db.transaction { tx in
                    try await tx.insert("notes", ["id": .int(2), "text": .string("not kept")])
                    try await tx.change("teams", .int(1), ["name": .string("uno")])
                    try await tx.change("teams", .int(1), ["name": .string("eins")])
                    try await tx.insert("teams", ["id": .int(2), "name": .string("two")])
                    // Made and deleted again: nothing happened.
                    try await tx.insert("teams", ["id": .int(3), "name": .string("three")])
                    try await tx.records("teams").delete(.int(3))
                }
                try await team(4, "four", db)
                var commits = db.changes(since: start).makeAsyncIterator()
                let commit = try require(try await commits.next(), "the commit")
                try expectEqual(commit.changes.map(ChangeCases.text), ["1: one -> eins", "2:  -> two"])
                try expectEqual(commit.changes.first?.before?.revision, 1)
                try expectEqual(commit.changes.first?.after?.revision, 3)
                try expectEqual(try await commits.next()?.changes.map(ChangeCases.text), ["4:  -> four"])
            }
        },
        ConformanceCase(.l2, "What failed, was rolled back, or was sent again under its key is not among the changes") {
            try await follow($0) { db in
                try await team(1, "one", db)
                let start = try await db.changePosition()
                try await expectError(.duplicate) { try await team(1, "again", db) }
                struct Enough: Error {}
                do {
                    try await db.transaction { tx in
                        try await tx.insert("teams", ["id": .int(2), "name": .string("two")])
                        throw Enough()
                    }
                } catch is Enough {}
                for _ in 1...2 {
                    try await db.write(idempotencyKey: "k") { batch in
                        batch.append(try insertion(db.record("teams", ["id": .int(3), "name": .string("three")])))
                    }
                }
                try await db.transaction { tx in
                    try await tx.insert("teams", ["id": .int(4), "name": .string("four")])
                    do {
                        try await tx.savepoint {
                            try await tx.insert("teams", ["id": .int(5), "name": .string("five")])
                            throw Enough()
                        }
                    } catch is Enough {}
                }
                var commits = db.changes(since: start).makeAsyncIterator()
                try expectEqual(try await commits.next()?.changes.map(ChangeCases.text), ["3:  -> three"])
                try expectEqual(try await commits.next()?.changes.map(ChangeCases.text), ["4:  -> four"])
            }
        },
        ConformanceCase(.l2, "Records that went with a deleted one are among the changes that are kept") {
            try await follow($0) { db in
                try await team(1, "one", db)
                for id in 1...2 { try await member(id, of: 1, into: db) }
                let start = try await db.changePosition()
                try await db.records("teams").delete(.int(1))
                var commits = db.changes(since: start).makeAsyncIterator()
                let changes = try require(try await commits.next(), "the commit").changes
                try expectEqual(changes.count, 3)
                try expectEqual(changes.filter { $0.after == nil && $0.before != nil }.count, 3)
                try expectEqual(changes.filter { $0.table.name == "members" }.count, 2)
            }
        },
        ConformanceCase(.l2, "Values of every type are kept as they are") { store in
            let schema = Schemas.things.replacing("\"key\": \"id\",", with: "\"key\": \"id\", \"changes\": true,")
            try await follow(store, schema) { db in
                let start = try await db.changePosition()
                var written: [Record] = []
                for (place, column) in Schemas.orderedColumns.enumerated() {
                    for (number, value) in Ladder.values(of: column).enumerated() {
                        let id = Value.string("\(place)-\(number)")
                        written.append(try await db.insert("things", ["id": id, column: value]))
                    }
                }
                var changes = try db.records("things").changes(since: start).makeAsyncIterator()
                for record in written { try expectEqual(try await changes.next()?.change, .inserted(record)) }
            }
        },
        ConformanceCase(.l2, "Several loops each get all, in the same order, from many writers and many commits") {
            try await follow($0) { db in
                let start = try await db.changePosition()
                let loops = (0..<3).map { _ in db.changes(since: start) }
                try await withThrowingTaskGroup(of: [Key].self) { group in
                    for changes in loops {
                        group.addTask {
                            var keys: [Key] = []
                            for try await commit in changes {
                                keys += commit.changes.compactMap { $0.after?.key }
                                if keys.count == 80 { break }
                            }
                            return keys
                        }
                    }
                    for writer in 0..<4 {
                        group.addTask {
                            for number in 1...20 { try await team(writer * 100 + number, "n", db) }
                            return []
                        }
                    }
                    var orders: [[Key]] = []
                    for try await keys in group where !keys.isEmpty { orders.append(keys) }
                    try expectEqual(orders.count, 3)
                    try expectEqual(Set(orders).count, 1, "orders")
                    try expectEqual(Set(orders[0]).count, 80)
                }
            }
        },
        ConformanceCase(.l2, "A position is good for the next run of the program", needsPersistence: true) { store in
            var position: ChangePosition?
            try await follow(store) { db in
                position = try await db.changePosition()
                try await team(1, "one", db)
                try await db.close()
            }
            try await follow(store) { db in
                try await team(2, "two", db)
                var commits = db.changes(since: try require(position, "the position")).makeAsyncIterator()
                try expectEqual(try await commits.next()?.changes.map(ChangeCases.text), ["1:  -> one"])
                try expectEqual(try await commits.next()?.changes.map(ChangeCases.text), ["2:  -> two"])
            }
        },
    ]

    private static let broken: [ConformanceCase] = [
        ConformanceCase(.l2, "A table that keeps no changes is not followed, and the error says what to declare") {
            store in
            try await follow(store) { db in
                let position = try await db.changePosition()
                let error = try await expectError(.unsupported) {
                    _ = try await first(of: db.records("notes").changes(since: position))
                }
                try expect(error.message.contains("'notes'"), "it does not name the table: \(error)")
                try expect(error.remedy?.contains("\"changes\": true") == true, "no remedy is named: \(error)")
            }
            let without = try await store.open(Schemas.people, name: "without")
            try await expectError(.unsupported) { _ = try await without.changePosition() }
            try await expectError(.unsupported) {
                var commits = without.changes(since: ChangePosition(rawValue: "a:b:1")).makeAsyncIterator()
                _ = try await commits.next()
            }
        },
        ConformanceCase(.l2, "A position of another store has expired, and a text that is none is invalid") { store in
            try await follow(store) { db in
                let other = try await store.open(followed, name: "other")
                try await team(1, "one", other)
                let own = try await db.changePosition()
                for foreign in [
                    try await other.changePosition().rawValue, "\(own)7", "some:where:1", "\(own):7",
                ] {
                    let error = try await expectError(.snapshotExpired) {
                        _ = try await first(of: db.records("teams").changes(since: ChangePosition(rawValue: foreign)))
                    }
                    try expect(error.remedy?.contains("changePosition()") == true, "no remedy is named: \(error)")
                }
                for text in ["", "1", "\(own)+", "\(own)+x", "\(own)+1", "\(own)+0.a", "a:b:", ":::"] {
                    try await expectError(.invalid) {
                        _ = try await first(of: db.records("teams").changes(since: ChangePosition(rawValue: text)))
                    }
                }
            }
        },
        ConformanceCase(.l2, "Following is of the store: not of a transaction or a snapshot") {
            try await follow($0) { db in
                let position = try await db.changePosition()
                try await db.transaction { tx in
                    try await expectError(.invalid) {
                        _ = try await first(of: tx.records("teams").changes(since: position))
                    }
                    try await expectError(.invalid) {
                        _ = try await first(of: db.records("teams").changes(since: position))
                    }
                }
                try await db.snapshot { snapshot in
                    _ = try await expectError(.invalid) {
                        _ = try await first(of: snapshot.records("teams").changes(since: position))
                    }
                }
            }
        },
        ConformanceCase(.l2, "Following ends with the close of the store, a deadline, or the cancellation of its task")
        {
            try await follow($0) { db in
                let position = try await db.changePosition()
                let waiting = Task { try await first(of: db.records("teams").changes(since: position)) }
                waiting.cancel()
                do {
                    _ = try await waiting.value
                    throw ConformanceFailure("a cancelled task went on", #fileID, #line)
                } catch is CancellationError {}
                try await expectError(.timeout) {
                    try await withDeadline(after: .milliseconds(20)) {
                        _ = try await first(of: db.records("teams").changes(since: position))
                    }
                }
                var changes = try db.records("teams").changes(since: position).makeAsyncIterator()
                try await team(1, "one", db)
                try expectEqual(try await changes.next()?.after?.key, .int(1))
                try await db.close()
                try expectEqual(try await changes.next(), nil)
                try await expectError(.closed) {
                    _ = try await first(of: db.records("teams").changes(since: position))
                }
            }
        },
    ]

    // MARK: Helpers

    private static let followed = """
        {
          "database": "conformance",
          "tables": {
            "teams": { "columns": { "id": "int", "name": "string" }, "key": "id", "changes": true },
            "members": {
              "columns": { "id": "int", "team": { "references": "teams", "on_delete": "cascade" } },
              "key": "id", "changes": true,
            },
            "notes": { "columns": { "id": "int", "text": "string" }, "key": "id" },
          },
        }
        """

    /// Opens a store of tables that keep their changes. A driver that keeps none is asked to say so, and for nothing else.
    private static func follow(
        _ store: ConformanceStore, _ schema: String = followed, _ body: (Store) async throws -> Void
    ) async throws {
        let db = try await store.open(schema)
        if db.capabilities.keepsChanges { return try await body(db) }
        try await expectError(.unsupported) { _ = try await db.changePosition() }
    }

    private static func insertion(_ record: Record) -> WriteOperation { .insert(record.table, record.values) }

    @discardableResult
    private static func team(_ id: Int, _ name: String, _ db: Store) async throws -> Record {
        try await db.insert("teams", ["id": .int(id), "name": .string(name)])
    }

    private static func member(_ id: Int, of team: Int, _ db: Store) throws -> Record {
        try db.record("members", ["id": .int(id), "team": .int(team)])
    }

    private static func member(_ id: Int, of team: Int, into db: Store) async throws {
        _ = try await db.records("members").insert(member(id, of: team, db))
    }

    private static func first(of changes: KeptChangeSequence<Record>) async throws -> KeptChange<Record>? {
        for try await change in changes { return change }
        return nil
    }
}
