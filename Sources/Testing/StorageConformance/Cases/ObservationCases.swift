import CairnCore

/// Observed queries: the result of now, and each that is another, down to the last.
enum ObservationCases {
    static let all: [ConformanceCase] = [
        ConformanceCase(.l2, "An observed query gives the result of now, then each new one") { store in
            let db = try await store.open(Schemas.people)
            try await ChangeCases.insert(1, "Ada", age: 36, into: db)
            var results = try adults(db).makeAsyncIterator()
            try expectEqual(try await results.next()?.map(\.key), [.int(1)])
            try await ChangeCases.insert(2, "Bob", age: 40, into: db)
            try expectEqual(try await results.next()?.map(\.key), [.int(1), .int(2)])
            let changed = try await db.session.change("people", .int(1), ["name": .string("Ada L.")])
            try expectEqual(try await results.next()?.first, changed)
            try await db.records("people").delete(.int(1))
            try expectEqual(try await results.next()?.map(\.key), [.int(2)])
        },
        ConformanceCase(.l2, "An observed query leaves out what does not change its result") { store in
            let db = try await store.open(Schemas.people)
            var results = try adults(db).makeAsyncIterator()
            try expectEqual(try await results.next()?.count, 0)
            try await ChangeCases.insert(1, "child", age: 3, into: db)
            try await db.session.change("people", .int(1), ["age": .int(4)])
            try await ChangeCases.insert(2, "Bob", age: 40, into: db)
            try expectEqual(try await results.next()?.map(\.key), [.int(2)])
        },
        ConformanceCase(
            .l2, "An observed query that is not read meanwhile gives the last state at once, and not each on the way"
        ) {
            store in
            let db = try await store.open(Schemas.people)
            var results = try adults(db).makeAsyncIterator()
            _ = try await results.next()
            for id in 1...20 { try await ChangeCases.insert(id, "n", age: 30, into: db) }
            try expectEqual(try await results.next()?.count, 20)
        },
        ConformanceCase(.l2, "An observed query begins again from the result of now") { store in
            let db = try await store.open(Schemas.people)
            let results = try adults(db)
            for count in 1...2 {
                try await ChangeCases.insert(count, "n", age: 30, into: db)
                var iterator = results.makeAsyncIterator()
                try expectEqual(try await iterator.next()?.count, count)
            }
        },
        ConformanceCase(
            .l2, "What a transaction did is observed whole, after its commit, and never what it rolled back"
        ) { store in
            let db = try await store.open(Schemas.people)
            for id in 1...2 { try await ChangeCases.insert(id, "n", age: 100, into: db) }
            let totals = Lock<[Int]>([])
            let both = Signal()
            let sums = db.observe { try await total($0) }
            let reading = Task {
                for try await total in sums {
                    totals.withLock { $0.append(total) }
                    if total == 201 { return }
                    both.send()
                }
            }
            await both.wait()
            for step in 1...20 {
                try await db.transaction { tx in
                    try await tx.change("people", .int(1), ["age": .int(100 - step)])
                    try await tx.change("people", .int(2), ["age": .int(100 + step)])
                }
                try? await db.transaction { tx in
                    try await tx.change("people", .int(1), ["age": .int(0)])
                    throw StorageError(.invalid, "on purpose")
                }
            }
            try await ChangeCases.insert(3, "last", age: 1, into: db)
            try await reading.value
            // The sum stays the same until the last commit, whatever is read in between.
            try expectEqual(totals.withLock { $0 }, [200, 201])
        },
        ConformanceCase(.l2, "Records that go or change with a deleted one are observed") { store in
            let db = try await store.open(Schemas.actions)
            try await db.insert("people", ["id": .int(1)])
            try await db.insert("teams", ["id": .int(7), "deputy": .int(1)])
            try await db.insert("members", ["team": .int(7), "person": .int(1)])
            var members = try db.records("members").observe(db.query("members")).makeAsyncIterator()
            var teams = try db.records("teams").observe(db.query("teams")).makeAsyncIterator()
            try expectEqual(try await members.next()?.count, 1)
            try expectEqual(try await teams.next()?.first?["deputy"], .int(1))
            try await db.records("people").delete(.int(1))
            try expectEqual(try await members.next()?.count, 0)
            try expectEqual(try await teams.next()?.first?["deputy"], .null)
        },
        ConformanceCase(.l2, "A query whose condition leads to another table is observed there, too") { store in
            let db = try await store.open(Schemas.library)
            let title = try db.column("title", of: "books"), name = try db.column("name", of: "authors")
            let author = try db.column("author", of: "books")
            try await db.insert("authors", ["id": .int(1), "name": .string("Ada")])
            try await db.insert("books", ["isbn": .string("b"), "title": .string("Notes"), "author": .int(1)])
            let authors = try require(db.schema.table(named: "authors"), "authors")
            let condition = Condition.reference(
                column: author, RelatedTable(authors.position), .compare(column: name, .equal, .string("Ada")))
            var results = try db.records("books").observe(
                db.query("books", where: condition, order: [OrderTerm(column: title)])
            ).makeAsyncIterator()
            try expectEqual(try await results.next()?.count, 1)
            try await db.session.change("authors", .int(1), ["name": .string("Ada L.")])
            try expectEqual(try await results.next()?.count, 0)
        },
        ConformanceCase(.l2, "Many observe at once while many write, and each comes to the last state") { store in
            let db = try await store.open(Schemas.people)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        var last = -1
                        for try await people in try adults(db) {
                            try expect(people.count > last, "a result came that is older than the one before")
                            last = people.count
                            if last == 60 { return }
                        }
                        throw ConformanceFailure("the observing ended at \(last)", #fileID, #line)
                    }
                }
                for number in 0..<6 {
                    group.addTask {
                        for place in 0..<10 {
                            try await ChangeCases.insert(number * 100 + place, "n", age: 30, into: db)
                        }
                    }
                }
                try await group.waitForAll()
            }
        },
        ConformanceCase(.l2, "Observing ends when the store is closed, and cannot begin after that") { store in
            let db = try await store.open(Schemas.people)
            let began = Signal()
            let observing = Task {
                var results = 0
                for try await _ in try adults(db) {
                    results += 1
                    began.send()
                }
                return results
            }
            await began.wait()
            try await db.close()
            try expectEqual(try await observing.value, 1)
            try await expectError(.closed) {
                for try await _ in try adults(db) {}
            }
        },
        ConformanceCase(.l2, "A task that observes is cancelled, or out of time, at once") { store in
            let db = try await store.open(Schemas.people)
            let began = Signal()
            let observing = Task {
                for try await _ in try adults(db) { began.send() }
            }
            await began.wait()
            observing.cancel()
            do {
                try await observing.value
                throw ConformanceFailure("a cancelled task went on", #fileID, #line)
            } catch is CancellationError {}
            var results = try adults(db).makeAsyncIterator()
            _ = try await results.next()
            try await expectError(.timeout) {
                try await withDeadline(after: .milliseconds(20)) { _ = try await results.next() }
            }
        },
        ConformanceCase(.l2, "A query of a transaction or a snapshot is not observed") { store in
            let db = try await store.open(Schemas.people)
            let query = try db.query("people")
            try await db.transaction { tx in
                try await expectError(.invalid) { for try await _ in try tx.records("people").observe(query) {} }
                try await expectError(.invalid) { for try await _ in try adults(db) {} }
            }
            try await db.snapshot { snapshot in
                _ = try await expectError(.invalid) {
                    for try await _ in try snapshot.records("people").observe(query) {}
                }
            }
        },
    ]

    /// People of at least 18, observed.
    private static func adults(_ db: Store) throws -> ResultSequence<[Record]> {
        let adult = Condition.compare(column: try db.column("age", of: "people"), .greaterOrEqual, .int(18))
        return try db.records("people").observe(db.query("people", where: adult))
    }

    private static func total(_ session: Session) async throws -> Int {
        let people = try session.records("people")
        var total = 0
        for person in try await people.all() {
            if case .int(let age)? = person["age"] { total += age }
        }
        return total
    }
}
