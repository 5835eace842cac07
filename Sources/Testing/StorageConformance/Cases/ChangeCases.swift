import CairnCore

/// Changes: what is committed, in order, as it was before and after, and nothing else.
enum ChangeCases {
    static let all: [ConformanceCase] = telling + ending

    private static let telling: [ConformanceCase] = [
        ConformanceCase(.l2, "Changes tell what was inserted, updated and deleted, as it was before and after") {
            store in
            let db = try await store.open(Schemas.people)
            var changes = try db.records("people").changes().makeAsyncIterator()
            let inserted = try await insert(1, "Ada", into: db)
            store.clock.advance(seconds: 5)
            let updated = try await db.session.change("people", .int(1), ["name": .string("Ada L.")])
            try await db.records("people").delete(.int(1))
            try expectEqual(try await changes.next(), .inserted(inserted))
            try expectEqual(try await changes.next(), .updated(from: inserted, to: updated))
            try expectEqual(try await changes.next(), .deleted(updated))
        },
        ConformanceCase(.l2, "Changes begin with the call, not with the loop, and have nothing from before") { store in
            let db = try await store.open(Schemas.people)
            try await insert(1, "before", into: db)
            let changes = try db.records("people").changes()
            let record = try await insert(2, "after", into: db)
            try expectEqual(try await first(of: changes), .inserted(record))
        },
        ConformanceCase(.l2, "Changes of a store come commit by commit, those of a transaction together and once") {
            store in
            let db = try await store.open(Schemas.people)
            try await insert(1, "one", into: db)
            var commits = db.changes().makeAsyncIterator()
            try await db.transaction { tx in
                try await tx.change("people", .int(1), ["name": .string("uno")])
                try await tx.insert("people", person(2, "two"))
                try await tx.change("people", .int(1), ["name": .string("eins")])
                try await tx.insert("people", person(3, "three"))
                try await tx.records("people").delete(.int(3))
            }
            let commit = try require(try await commits.next(), "the commit")
            try expectEqual(commit.changes.map(text), ["1: one -> eins", "2:  -> two"])
            try expectEqual(commit.changes.first?.before?.revision, 1)
            try expectEqual(commit.changes.first?.after?.revision, 3)
            try expectEqual(commit.changes.first?.after?.updatedAt, commit.time)
            try await insert(4, "four", into: db)
            try expectEqual(try await commits.next()?.changes.map(text), ["4:  -> four"])
        },
        ConformanceCase(.l2, "Changes of a batch come in the order of its operations") { store in
            let db = try await store.open(Schemas.people)
            var commits = db.changes().makeAsyncIterator()
            try await db.write { batch in
                for id in [3, 1, 2] { try batch.append(insertion(id, "n\(id)", db)) }
            }
            try expectEqual(
                try await commits.next()?.changes.map(text), ["3:  -> n3", "1:  -> n1", "2:  -> n2"])
        },
        ConformanceCase(.l2, "Changes have nothing that failed, was rolled back, or was written before a savepoint") {
            store in
            let db = try await store.open(Schemas.people)
            try await insert(1, "one", into: db)
            var commits = db.changes().makeAsyncIterator()
            try await expectError(.duplicate) { try await insert(1, "again", into: db) }
            try await expectError(.invalid) {
                try await db.transaction { tx in
                    try await tx.insert("people", person(2, "two"))
                    throw StorageError(.invalid, "on purpose")
                }
            }
            try await db.transaction { tx in
                try? await tx.savepoint {
                    try await tx.insert("people", person(3, "three"))
                    try await tx.change("people", .int(1), ["name": .string("lost")])
                    throw StorageError(.invalid, "on purpose")
                }
                try await tx.insert("people", person(4, "four"))
            }
            try expectEqual(try await commits.next()?.changes.map(text), ["4:  -> four"])
        },
        ConformanceCase(.l2, "A transaction that began before the changes and commits after the call is told whole") {
            store in
            let db = try await store.open(Schemas.people)
            try await insert(1, "one", into: db)
            let commits = try await db.transaction { tx in
                try await tx.change("people", .int(1), ["name": .string("uno")])
                // Outside the task of the transaction, which may not wait for itself.
                let commits = await Task.detached { db.changes() }.value
                try await tx.insert("people", person(2, "two"))
                return commits
            }
            var iterator = commits.makeAsyncIterator()
            try expectEqual(try await iterator.next()?.changes.map(text), ["1: one -> uno", "2:  -> two"])
        },
        ConformanceCase(.l2, "Changes have the records that went or lost a reference with a deleted one") { store in
            let db = try await store.open(Schemas.actions)
            try await db.insert("people", ["id": .int(1)])
            try await db.insert("teams", ["id": .int(7), "deputy": .int(1)])
            try await db.insert("members", ["team": .int(7), "person": .int(1)])
            var commits = db.changes().makeAsyncIterator()
            try await db.records("people").delete(.int(1))
            let changes = try require(try await commits.next(), "the commit").changes
            try expectEqual(Set(changes.map(\.table.name)), ["people", "members", "teams"])
            try expectEqual(changes.count, 3)
            for change in changes where change.table.name == "teams" {
                try expectEqual(change.before?["deputy"], .int(1))
                try expectEqual(change.after?["deputy"], .null)
            }
            for change in changes where change.table.name != "teams" { try expectEqual(change.after, nil) }
        },
        ConformanceCase(.l2, "Changes of a table have none of another, and updates and deletes of a query are in them")
        { store in
            let db = try await store.open(Schemas.actions)
            for id in 1...3 { try await db.insert("people", ["id": .int(id)]) }
            var people = try db.records("people").changes().makeAsyncIterator()
            try await db.insert("teams", ["id": .int(7)])
            _ = try await db.session.delete(
                db.query("people", where: .compare(column: db.column("id", of: "people"), .greater, .int(1))))
            var gone: Set<Key> = []
            while gone.count < 2, let change = try await people.next() {
                gone.insert(try require(change.before, "the record").key)
            }
            try expectEqual(gone, [.int(2), .int(3)])
        },
        ConformanceCase(.l2, "A batch that is sent again under its idempotency key is told once") { store in
            let db = try await store.open(Schemas.people)
            var commits = db.changes().makeAsyncIterator()
            for _ in 0..<2 {
                try await db.write(idempotencyKey: "once") { try $0.append(insertion(1, "one", db)) }
            }
            try await insert(2, "two", into: db)
            try expectEqual(try await commits.next()?.changes.map(text), ["1:  -> one"])
            try expectEqual(try await commits.next()?.changes.map(text), ["2:  -> two"])
        },
        ConformanceCase(.l2, "Several readers of changes each get all of them, in the same order, from many writers") {
            store in
            let db = try await store.open(Schemas.people)
            let readers = (0..<3).map { _ in db.changes() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        for place in 0..<10 { try await insert(number * 100 + place, "n", into: db) }
                    }
                }
                try await group.waitForAll()
            }
            var seen: [[Key]] = []
            for reader in readers {
                var keys: [Key] = []
                var iterator = reader.makeAsyncIterator()
                while keys.count < 80, let commit = try await iterator.next() {
                    keys += commit.changes.compactMap { $0.after?.key }
                }
                seen.append(keys)
            }
            try expectEqual(Set(seen[0]).count, 80)
            try expect(seen[1] == seen[0] && seen[2] == seen[0], "the readers saw different orders")
            // Each writer waited for its insert before the next.
            for number in 0..<8 {
                let own = (0..<10).map { Key.int(number * 100 + $0) }
                try expectEqual(seen[0].filter(own.contains), own)
            }
        },
    ]

    private static let ending: [ConformanceCase] = [
        ConformanceCase(.l2, "A reader of changes that is too slow gets what came before, in order, then an error") {
            store in
            let db = try await store.open(Schemas.people)
            var changes = try db.records("people").changes(buffer: 3).makeAsyncIterator()
            for id in 1...5 { try await insert(id, "n", into: db) }
            for id in 1...3 { try expectEqual(try await changes.next()?.after?.key, .int(id)) }
            let error = try await expectError(.changesMissed) { _ = try await changes.next() }
            try expect(error.remedy?.contains("changes(") == true, "no remedy is named: \(error)")
            try expectEqual(try await changes.next(), nil)
            // A new reader begins anew, and a commit larger than its room is taken whole.
            var fresh = db.changes(buffer: 2).makeAsyncIterator()
            try await db.write { batch in
                for id in 10...15 { try batch.append(insertion(id, "n", db)) }
            }
            try expectEqual(try await fresh.next()?.changes.count, 6)
        },
        ConformanceCase(.l2, "Changes end when the store is closed, and cannot begin after that") { store in
            let db = try await store.open(Schemas.people)
            let changes = db.changes()
            async let rest = collect(changes)
            try await insert(1, "one", into: db)
            try await db.close()
            try expectEqual(try await rest.map { $0.changes.map(text) }, [["1:  -> one"]])
            try await expectError(.closed) { _ = try await collect(db.changes()) }
        },
        ConformanceCase(.l2, "A task that waits for changes is cancelled, or out of time, at once") { store in
            let db = try await store.open(Schemas.people)
            let waiting = Task { try await collect(db.changes()) }
            waiting.cancel()
            do {
                _ = try await waiting.value
                throw ConformanceFailure("a cancelled task went on", #fileID, #line)
            } catch is CancellationError {}
            try await expectError(.timeout) {
                try await withDeadline(after: .milliseconds(20)) { _ = try await collect(db.changes()) }
            }
        },
        ConformanceCase(.l2, "Changes are of the store: not of a transaction or a snapshot") { store in
            let db = try await store.open(Schemas.people)
            try await db.transaction { tx in
                try await expectError(.invalid) { _ = try await first(of: tx.records("people").changes()) }
                try await expectError(.invalid) { _ = try await collect(db.changes()) }
            }
            try await db.snapshot { snapshot in
                _ = try await expectError(.invalid) { _ = try await first(of: snapshot.records("people").changes()) }
            }
        },
    ]

    // MARK: Helpers

    static func person(_ id: Int, _ name: String, age: Int = 0) -> [String: Value] {
        ["id": .int(id), "name": .string(name), "country": .string("FR"), "age": .int(age)]
    }

    @discardableResult
    static func insert(_ id: Int, _ name: String, age: Int = 0, into db: Store) async throws -> Record {
        try await db.insert("people", person(id, name, age: age))
    }

    private static func insertion(_ id: Int, _ name: String, _ db: Store) throws -> WriteOperation {
        let record = try db.record("people", person(id, name))
        return .insert(record.table, record.values)
    }

    /// The key of a record, and its names before and after.
    static func text(_ change: Change<Record>) -> String {
        func name(_ record: Record?) -> String {
            guard case .string(let name)? = record?["name"] else { return "" }
            return name
        }
        let key = (change.after ?? change.before).map { KeyText.encode($0.key) } ?? ""
        return "\(key): \(name(change.before)) -> \(name(change.after))"
    }

    private static func first(of changes: ChangeSequence<Record>) async throws -> Change<Record>? {
        for try await change in changes { return change }
        return nil
    }

    private static func collect(_ commits: CommitSequence) async throws -> [CommittedChanges] {
        var all: [CommittedChanges] = []
        for try await commit in commits { all.append(commit) }
        return all
    }
}
