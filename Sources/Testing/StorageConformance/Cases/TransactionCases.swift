import CairnCore

/// Transactions: as if they ran alone.
enum TransactionCases {
    private struct Abandon: Error {}

    static let all: [ConformanceCase] = [
        ConformanceCase(.l1, "A transaction that ends well is there") { store in
            let db = try await accounts(store)
            try await transfer(db, 30)
            try expectEqual(try await balances(db), [70, 130])
        },
        ConformanceCase(.l1, "A transaction that throws left nothing behind, and its error reaches the caller") {
            store in
            let db = try await accounts(store)
            do {
                try await db.transaction { tx in
                    try await tx.change("people", .int(1), ["age": .int(1)])
                    try await tx.records("people").delete(.int(2))
                    try await tx.insert("people", ["id": .int(3), "name": .string("c"), "country": .string("FR")])
                    throw Abandon()
                }
                throw ConformanceFailure("nothing was thrown", #fileID, #line)
            } catch is Abandon {}
            try expectEqual(try await balances(db), [100, 100])
            try expectEqual(try await db.records("people").count(), 2)
        },
        ConformanceCase(.l1, "A transaction sees its own writes by key, in queries, in counts, through indexes") {
            store in
            let db = try await accounts(store)
            let age = try db.column("age", of: "people")
            try await db.transaction { tx in
                try await tx.change("people", .int(1), ["age": .int(7)])
                try await tx.insert(
                    "people", ["id": .int(3), "name": .string("c"), "country": .string("FR"), "age": .int(8)])
                try await tx.records("people").delete(.int(2))
                try expectEqual(try await tx.records("people").get(.int(1))["age"], .int(7))
                try expect(try await tx.records("people").find(.int(2)) == nil, "a deleted record is found")
                let query = try db.query(
                    "people", where: .compare(column: age, .greater, .int(0)), order: [OrderTerm(column: age)])
                try expectEqual(try await tx.keys(query), ["1", "3"])
                try expectEqual(try await tx.count(query), 2)
                try expectEqual(try await tx.records("people").find([.int(1), .int(2), .int(3)]).count, 2)
            }
        },
        ConformanceCase(.l1, "Nobody outside sees a transaction before its commit") { store in
            let db = try await accounts(store)
            try await db.transaction { tx in
                try await tx.change("people", .int(1), ["age": .int(7)])
                try expectEqual(try await balances(db), [100, 100])
            }
            try expectEqual(try await balances(db), [7, 100])
        },
        ConformanceCase(.l1, "A transaction gives back what its body gives back") { store in
            let db = try await accounts(store)
            let sum = try await db.transaction { tx in
                var sum = 0
                for id in 1...2 {
                    if case .int(let age)? = try await tx.records("people").get(.int(id))["age"] { sum += age }
                }
                return sum
            }
            try expectEqual(sum, 200)
        },
        ConformanceCase(.l1, "A transaction that only reads commits") { store in
            let db = try await accounts(store)
            try expectEqual(try await db.transaction { try await $0.records("people").count() }, 2)
        },
        ConformanceCase(.l1, "An error inside that the body handles does not spoil the transaction") { store in
            let db = try await accounts(store)
            try await db.transaction { tx in
                try await expectError(.duplicate) {
                    try await tx.insert("people", ["id": .int(1), "name": .string("x"), "country": .string("FR")])
                }
                try await expectError(.notFound) { try await tx.records("people").delete(.int(99)) }
                try await expectError(.invalid) { try await tx.change("people", .int(1), ["age": .int(1000)]) }
                try await tx.change("people", .int(1), ["age": .int(5)])
            }
            try expectEqual(try await balances(db), [5, 100])
        },
        ConformanceCase(.l1, "A failed batch inside a transaction leaves none of its operations") { store in
            let db = try await accounts(store)
            let table = try require(db.schema.table(named: "people"), "people")
            try await db.transaction { tx in
                try await expectError(.duplicate) {
                    _ = try await tx.write([
                        .insert(table, QueryCases.person(table, 5, age: 1).values),
                        .insert(table, QueryCases.person(table, 1, age: 1).values),
                    ])
                }
                try expect(try await tx.records("people").find(.int(5)) == nil, "half of the batch is there")
            }
            try expectEqual(try await db.records("people").count(), 2)
        },
        ConformanceCase(.l1, "Writing to the store beside the transaction one is in is refused, not waited for") {
            store in
            let db = try await accounts(store)
            try await db.transaction { tx in
                try await expectError(.invalid) { try await db.session.change("people", .int(2), ["age": .int(1)]) }
                try await expectError(.invalid) { try await db.transaction { (_: Session) in } }
                try await tx.change("people", .int(1), ["age": .int(1)])
            }
            try await db.session.change("people", .int(2), ["age": .int(2)])
            try expectEqual(try await balances(db), [1, 2])
        },
        ConformanceCase(.l1, "A transaction of another store may be nested") { store in
            let (left, right) = (try await accounts(store, "left"), try await accounts(store, "right"))
            try await left.transaction { tx in
                _ = try await right.transaction { inner in try await inner.change("people", .int(1), ["age": .int(2)]) }
                try await tx.change("people", .int(1), ["age": .int(1)])
            }
            try expectEqual(try await balances(left), [1, 100])
            try expectEqual(try await balances(right), [2, 100])
        },
        ConformanceCase(.l1, "A transaction is closed when it is over") { store in
            let db = try await accounts(store)
            let escaped = try await db.transaction { $0 }
            try await expectError(.closed) { _ = try await escaped.records("people").find(.int(1)) }
            try await expectError(.closed) { try await escaped.change("people", .int(1), ["age": .int(1)]) }
            try await expectError(.closed) { _ = try await escaped.records("people").count() }
        },
        ConformanceCase(.l1, "A stale record is a conflict inside a transaction too, and is not tried again") { store in
            let db = try await accounts(store)
            let stale = try await db.records("people").get(.int(1))
            try await db.session.change("people", .int(1), ["age": .int(50)])
            var runs = 0
            try await expectError(.conflict) {
                try await db.transaction { tx in
                    runs += 1
                    _ = try await tx.records("people").update(stale)
                }
            }
            try expectEqual(runs, 1)
        },
        ConformanceCase(.l1, "What would wait for the transaction it is in is refused, and works after it") { store in
            let db = try await accounts(store)
            let token = OutcomeToken(rawValue: "memory:0:0")
            try await db.transaction { tx in
                try await expectError(.invalid) { try await db.maintain() }
                try await expectError(.invalid) { try await db.close() }
                let error = try await expectError(.invalid) { _ = try await db.outcome(of: token) }
                try expect("\(error)".contains("asks for an outcome"), "another refusal: \(error)")
                try await tx.change("people", .int(1), ["age": .int(50)])
            }
            try await db.maintain()
            try expectEqual(try await db.records("people").get(.int(1))["age"], .int(50))
        },
        ConformanceCase(.l1, "The records of a transaction carry one time") { store in
            let db = try await accounts(store)
            let time = store.clock.now
            try await db.transaction { tx in
                let first = try await tx.change("people", .int(1), ["age": .int(1)])
                store.clock.advance(seconds: 10)
                let second = try await tx.change("people", .int(2), ["age": .int(1)])
                try expectEqual([first.updatedAt, second.updatedAt], [time, time])
            }
            try expectEqual(try await db.records("people").get(.int(1)).updatedAt, time)
        },
        ConformanceCase(.l1, "A cancelled task rolls its transaction back") { store in
            let db = try await accounts(store)
            let task = Task {
                try await db.transaction { tx in
                    try await tx.change("people", .int(1), ["age": .int(1)])
                    withUnsafeCurrentTask { $0?.cancel() }
                }
            }
            do {
                try await task.value
                throw ConformanceFailure("the transaction of a cancelled task committed", #fileID, #line)
            } catch is CancellationError {}
            try expectEqual(try await balances(db), [100, 100])
            try await transfer(db, 1)
        },
        ConformanceCase(.l1, "A deadline that passed stops a transaction and rolls it back") { store in
            let db = try await accounts(store)
            try await expectError(.timeout) {
                try await withDeadline(after: .zero) {
                    _ = try await db.transaction { try await $0.change("people", .int(1), ["age": .int(1)]) }
                }
            }
            try expectEqual(try await balances(db), [100, 100])
        },
        ConformanceCase(.l1, "Rows being streamed in a transaction are those of the moment the stream began") { store in
            let db = try await QueryCases.people(store)
            let storage = try await store.storage(name: "store-stream")
            try await storage.apply(.create(db.schema))
            try await storage.attach(db.schema)
            let table = try require(db.schema.table(named: "people"), "people")
            _ = try await storage.commit(
                Batch((0..<20).map { .insert(table, try QueryCases.person(table, $0, age: $0).values) }))
            let transaction = try await storage.transaction()
            let cursor = try await transaction.rows(Query(table))
            var keys: [String] = []
            _ = try await cursor.next(5) { row in
                keys.append(KeyText.encode(try row.key()))
                return true
            }
            _ = try await transaction.write([
                .delete(table, .int(10), expecting: nil), .insert(table, QueryCases.person(table, 100, age: 1).values),
            ])
            while try await cursor.next(
                5,
                { row in
                    keys.append(KeyText.encode(try row.key()))
                    return true
                })
            {}
            cursor.close()
            await transaction.rollback()
            try await storage.close()
            try expectEqual(keys, (0..<20).map(String.init))
        },
    ]

    private static func accounts(_ store: ConformanceStore, _ name: String = "store") async throws -> Store {
        let db = try await store.open(Schemas.people, name: name)
        for id in 1...2 {
            try await db.insert(
                "people",
                ["id": .int(id), "name": .string("x"), "country": .string("FR"), "number": .int(id), "age": .int(100)])
        }
        return db
    }

    private static func transfer(_ db: Store, _ amount: Int) async throws {
        try await db.transaction { tx in
            for (id, change) in [(1, -amount), (2, amount)] {
                guard case .int(let age)? = try await tx.records("people").get(.int(id))["age"] else { return }
                try await tx.change("people", .int(id), ["age": .int(age + change)])
            }
        }
    }

    private static func balances(_ db: Store) async throws -> [Int] {
        try await db.records("people").all().prefix(2).map { record in
            if case .int(let age)? = record["age"] { age } else { -1 }
        }
    }
}
