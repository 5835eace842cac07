import CairnCore

/// Programs of two schemas that use one store at once: each sees its own, and what one writes reaches the other.
enum WindowCases {
    static let all: [ConformanceCase] = reading + following + changing + refusing + ending

    // MARK: Reading what the other one writes

    private static let reading: [ConformanceCase] = [
        ConformanceCase(.l1, "What a program of the old schema writes, one of the new schema reads as its own") {
            store in
            guard let window = try await Window.open(store) else { return }
            try await ada(window.old)
            let record = try await window.new.records("people").get(.int(1))
            let wanted: [String: Value] = [
                "first": .string("Ada"), "last": .string("Lovelace"), "size": .decimal(DecimalNumber(3)),
                "number": .int(7), "alias": .string("al"), "state": .string("open"),
                "day": .date(try day("2026-05-04")), "memo": .string("m"), "note": .string("none"),
            ]
            for (name, value) in wanted { try expectEqual(record[name], value, name) }
            try expectEqual(record.revision, 1)
            try expect(record["nick"] == nil && record["full"] == nil, "the program sees what it does not know")
        },
        ConformanceCase(.l1, "What a program of the new schema writes, one of the old schema reads as its own") {
            store in
            guard let window = try await Window.open(store) else { return }
            try await alan(window.new)
            let record = try await window.old.records("people").get(.int(2))
            let wanted: [String: Value] = [
                "full": .string("Alan Turing"), "size": .int(2), "number": .string("12"), "nick": .string("t"),
                "code": .string("c"), "seen": .timestamp(try time("2026-06-07T00:00:00Z")), "memo": .null,
            ]
            for (name, value) in wanted { try expectEqual(record[name], value, name) }
        },
        ConformanceCase(.l1, "Records from before are read by programs of both schemas", needsPersistence: true) {
            store in
            let window = try await Window.open(store) { old in
                try await old.insert("towns", ["id": .int(5), "title": .string("Paris")])
                try await ada(old)
                try await old.session.change("people", .int(1), ["town": .int(5)])
            }
            guard let window else { return }
            let record = try await window.new.records("people").get(.int(1))
            try expectEqual(
                [record["first"], record["size"], record["town"], record["note"]],
                [.string("Ada"), .decimal(DecimalNumber(3)), .int(5), .string("none")])
            try expectEqual(try await window.new.records("cities").get(.int(5))["title"], .string("Paris"))
            try expectEqual(try await window.old.records("people").get(.int(1))["full"], .string("Ada Lovelace"))
        },
        ConformanceCase(.l1, "Queries, orders, sums and pages of either program are of its own columns") { store in
            guard let window = try await Window.open(store) else { return }
            for size in 1...9 {
                try await window.old.insert(
                    "people",
                    [
                        "id": .int(size), "full": .string("P\(size) Q\(size % 3)"), "size": .int(10 - size),
                        "number": .string("\(size)"), "code": .string(size % 2 == 0 ? "c" : "o"),
                    ])
            }
            let (old, new) = (window.old, window.new)
            let (oldSize, newSize) = (try old.column("size", of: "people"), try new.column("size", of: "people"))
            try expectEqual(
                try await old.keys(
                    old.query(
                        "people", where: .compare(column: oldSize, .less, .int(4)), order: [OrderTerm(column: oldSize)])
                ),
                ["9", "8", "7"])
            try expectEqual(
                try await new.keys(
                    new.query(
                        "people", where: .compare(column: newSize, .less, .decimal(DecimalNumber(4))),
                        order: [OrderTerm(column: newSize)])),
                ["9", "8", "7"])
            let closed = Condition.compare(column: try new.column("state", of: "people"), .equal, .string("closed"))
            let rows = try new.query(
                "people", where: closed, order: [OrderTerm(column: try new.column("last", of: "people"))])
            try expectEqual(try await new.keys(rows), ["6", "4", "2", "8"])
            try expectEqual(try await new.records("people").count(rows), 4)
            try expectEqual(
                try await new.session.explain(rows).access, .index("by_state"), "the index of the new schema")
            let nick = Condition.compare(column: try old.column("nick", of: "people"), .equal, .string("x"))
            try expectEqual(
                try await old.session.explain(old.query("people", where: nick)).access, .index("by_nick"),
                "the name that the old schema has for it")
            try expectEqual(try await old.session.explain(old.query("towns")).table, "towns")
            try expectEqual(
                try await new.records("people").aggregate(
                    AggregateQuery(rows, aggregates: [.sum(column: newSize), .rows])),
                [[.decimal(DecimalNumber(20)), .int(4)]])
            let page = try await new.records("people").page(
                try new.query("people", order: [OrderTerm(column: newSize)]), size: 4)
            try expectEqual(page.items.map { $0["id"] }, [9, 8, 7, 6].map(Value.int))
            let next = try await new.records("people").page(
                try new.query("people", order: [OrderTerm(column: newSize)]), size: 4, after: page.next)
            try expectEqual(next.items.map { $0["id"] }, [5, 4, 3, 2].map(Value.int))
        },
        ConformanceCase(.l1, "Queries of either program follow references to what it calls its tables") { store in
            guard let window = try await Window.open(store) else { return }
            try await window.new.insert("cities", ["id": .int(5), "title": .string("Paris")])
            try await ada(window.old)
            try await window.old.session.change("people", .int(1), ["town": .int(5)])
            for (program, table) in [(window.old, "towns"), (window.new, "cities")] {
                let target = try require(program.schema.table(named: table), table)
                let condition = Condition.reference(
                    column: try program.column("town", of: "people"), RelatedTable(target.position),
                    .compare(column: try program.column("title", of: table), .equal, .string("Paris")))
                try expectEqual(try await program.keys(program.query("people", where: condition)), ["1"])
            }
        },
        ConformanceCase(.l2, "A snapshot and a transaction of either program see its own") { store in
            guard let window = try await Window.open(store) else { return }
            try await ada(window.old)
            try await window.new.snapshot { view in
                try expectEqual(try await view.records("people").get(.int(1))["first"], .string("Ada"))
            }
            try await window.new.transaction { tx in
                try await tx.change("people", .int(1), ["first": .string("Augusta")])
                try expectEqual(try await tx.records("people").get(.int(1))["last"], .string("Lovelace"))
                try? await tx.savepoint {
                    try await tx.change("people", .int(1), ["first": .string("Gone")])
                    throw Stop()
                }
            }
            try expectEqual(
                try await window.old.records("people").get(.int(1))["full"], .string("Augusta Lovelace"))
        },
        ConformanceCase(.l2, "Changes of a store that programs of two schemas use come to a program as its own") {
            store in
            guard let window = try await Window.open(store) else { return }
            var changes = try window.old.records("people").changes().makeAsyncIterator()
            let inserted = try await ada(window.old)
            let updated = try await window.old.session.change("people", .int(1), ["full": .string("Ada L")])
            try expectEqual(try await changes.next(), .inserted(inserted))
            try expectEqual(try await changes.next(), .updated(from: inserted, to: updated))
        },
    ]

    // MARK: Following what both write

    private static let following: [ConformanceCase] = [
        ConformanceCase(
            .l2, "Where a consumer of one schema stood, inside a commit too, one of the other goes on and loses nothing"
        ) {
            store in
            let window = try await Window.open(store, from: Schemas.followedBefore, to: Schemas.followedAfter)
            guard let window, window.old.capabilities.keepsChanges else { return }
            let start = try await window.old.changePosition()
            try await insert([("gone", 1), ("t", 1), ("t", 2)], window.old)
            try await insert([("gone", 2), ("gone", 3)], window.old)
            try await insert([("t", 3), ("added", 1)], window.new)
            var old = try window.old.records("t").changes(since: start).makeAsyncIterator()
            var first = try require(try await old.next(), "a change")
            try expectEqual(first.after?.key, .int(1))
            var new = try window.new.records("t").changes(since: first.position).makeAsyncIterator()
            for id in [2, 3] { try expectEqual(try await new.next()?.after?.key, .int(id)) }
            var gone = try window.old.records("gone").changes(since: first.position).makeAsyncIterator()
            let inside = try require(try await gone.next(), "a change")
            try expectEqual(inside.after?.key, .int(2))
            var commits = window.new.changes(since: inside.position).makeAsyncIterator()
            try expectEqual(try await commits.next()?.changes.map(\.table.name), ["t", "added"])
            for _ in [2, 3] { first = try require(try await old.next(), "a change") }
            var rest = window.new.changes(since: first.position).makeAsyncIterator()
            try expectEqual(try await rest.next()?.changes.map(\.table.name), ["added"])
        }
    ]

    // MARK: Changing what the other one wrote

    private static let changing: [ConformanceCase] = [
        ConformanceCase(.l1, "A program changes a record and loses nothing that only the other one knows") { store in
            guard let window = try await Window.open(store) else { return }
            try await ada(window.old)
            try await window.new.session.change("people", .int(1), ["note": .string("kept"), "memo": .string("n")])
            let seen = try await window.old.records("people").get(.int(1))["seen"]
            try expectEqual(seen, .timestamp(try time("2026-05-04T03:02:01Z")), "the time of the day")
            try await window.old.session.change("people", .int(1), ["size": .int(4), "nick": .null])
            var record = try await window.old.records("people").get(.int(1))
            try record.set("memo", .string("o"))
            try await window.old.records("people").upsert(record)
            let found = try await window.new.records("people").get(.int(1))
            try expectEqual(
                [found["note"], found["memo"], found["size"], found["alias"], found["first"]],
                [.string("kept"), .string("o"), .decimal(DecimalNumber(4)), .null, .string("Ada")])
            try expectEqual(found.revision, 4)
        },
        ConformanceCase(.l1, "What is made from a value is made anew when that is changed, and only then") { store in
            guard let window = try await Window.open(store) else { return }
            try await ada(window.old)
            try await window.old.session.change("people", .int(1), ["full": .string("Mary Ann Evans")])
            let mary = try await window.new.records("people").get(.int(1))
            try expectEqual([mary["first"], mary["last"]], [.string("Mary"), .string("Ann Evans")])
            try await window.new.session.change(
                "people", .int(1), ["last": .null, "state": .string("closed"), "day": .date(try day("2026-01-02"))])
            let record = try await window.old.records("people").get(.int(1))
            try expectEqual(
                [record["full"], record["code"], record["seen"]],
                [.string("Mary"), .string("c"), .timestamp(try time("2026-01-02T00:00:00Z"))])
        },
        ConformanceCase(.l1, "Two programs that write in turn each go on from what the other one wrote") { store in
            guard let window = try await Window.open(store) else { return }
            try await ada(window.old)
            for turn in 0..<6 {
                let old = try await window.old.records("people").get(.int(1))
                try expectEqual(old["size"], .int(3 + 2 * turn))
                try await window.old.session.change("people", .int(1), ["size": .int(4 + 2 * turn)])
                let new = try await window.new.records("people").get(.int(1))
                try expectEqual(new["size"], .decimal(DecimalNumber(4 + 2 * turn)))
                try await window.new.session.change(
                    "people", .int(1), ["size": .decimal(DecimalNumber(5 + 2 * turn))])
            }
        },
        ConformanceCase(.l1, "A batch that writes one record several times is one for the other program, too") {
            store in
            guard let window = try await Window.open(store) else { return }
            let table = try require(window.old.schema.table(named: "people"), "people")
            let (first, second) = (try person(1, "A B", window.old), try person(1, "C D", window.old))
            let (third, fourth) = (try person(2, "E F", window.old), try person(2, "G H", window.old))
            let receipt = try await window.old.write { batch in
                batch.append(.insert(table, first))
                batch.append(.update(table, second, expecting: nil))
                batch.append(.upsert(table, third))
                batch.append(.delete(table, .int(2), expecting: nil))
                batch.append(.upsert(table, fourth))
            }
            try expectEqual(receipt.results.count, 5)
            try expectEqual(try await window.new.records("people").get(.int(1))["first"], .string("C"))
            try expectEqual(try await window.new.records("people").get(.int(2))["last"], .string("H"))
        },
        ConformanceCase(.l1, "A batch under an idempotency key is written once, whatever the other program does") {
            store in
            guard let window = try await Window.open(store) else { return }
            try await ada(window.old)
            var record = try await window.old.records("people").get(.int(1))
            try record.set("size", .int(8))
            let values = record.values
            let first = try await send(values, window.old)
            try await window.new.session.change("people", .int(1), ["note": .string("since")])
            try expectEqual(try await send(values, window.old), first)
            try await window.new.records("people").delete(.int(1))
            try expectEqual(try await send(values, window.old), first)
            try expectEqual(try await window.old.records("people").count(), 0)
        },
        ConformanceCase(.l1, "What a program deletes takes along what only the other one knows, as that one says") {
            store in
            guard let window = try await Window.open(store) else { return }
            try await ada(window.old)
            try await window.new.insert("notes", ["id": .int(1), "person": .int(1), "text": .string("x")])
            try await window.old.records("people").delete(.int(1))
            try expectEqual(try await window.new.records("notes").count(), 0)
        },
        ConformanceCase(
            .l1, "A delete under a key stays possible when the other schema adds references, and takes nothing along"
        ) {
            store in
            guard let window = try await Window.open(store) else { return }
            try await ada(window.old)
            try await alan(window.new)
            try await window.new.insert("notes", ["id": .int(1), "person": .int(1), "text": .string("x")])
            let table = try require(window.old.schema.table(named: "people"), "people")
            func delete(_ id: Int) async throws -> Receipt {
                try await window.old.write(idempotencyKey: "delete \(id)") {
                    $0.append(.delete(table, Key(.int(id)), expecting: nil))
                }
            }
            let first = try await delete(2)
            try expectEqual(try await delete(2), first)
            try await expectError(.reference) { _ = try await delete(1) }
            try expectEqual(try await window.new.records("notes").count(), 1)
            try expectEqual(try await window.new.records("people").all().map(\.key), [.int(1)])
        },
        ConformanceCase(
            .l1, "No delete makes a reference null that something is made from, as the other side would not know"
        ) {
            store in
            guard let window = try await Window.open(store, from: Schemas.owned, to: Schemas.owners) else { return }
            try await window.old.insert("towns", ["id": .int(5)])
            try await window.old.insert("people", ["id": .int(1), "town": .int(5)])
            for program in [window.old, window.new] {
                try await expectError(.reference) { try await program.records("towns").delete(.int(5)) }
            }
            try expectEqual(try await window.new.records("people").get(.int(1))["place"], .string("5"))
            try await window.new.session.change("people", .int(1), ["place": .null])
            try await window.old.records("towns").delete(.int(5))
        },
    ]

    // MARK: Refusing

    private static let refusing: [ConformanceCase] = [
        ConformanceCase(
            .l1, "What the other program could not read is refused, naming record and column, and nothing is written"
        ) {
            store in
            guard let window = try await Window.open(store) else { return }
            try await ada(window.old)
            try await alan(window.new)
            let refused: [(Store, String, Value)] = [
                (window.old, "number", .string("x")), (window.old, "number", .string("007")),
                (window.new, "size", .decimal(try require(DecimalNumber("2.5"), "a number"))),
                (window.new, "state", .string("gone")), (window.new, "first", .string("Mary Ann")),
            ]
            for (program, column, value) in refused {
                let error = try await expectError(.invalid) {
                    try await program.session.change("people", .int(1), [column: value, "memo": .string("never")])
                }
                try expectEqual(error.details.id, "1", "\(error)")
                try expect(error.details.column != nil && error.remedy != nil, "\(error)")
                try await expectError(.invalid) {
                    try await program.transaction { tx in
                        try await tx.change("people", .int(2), ["memo": .string("never")])
                        try await tx.change("people", .int(1), [column: value])
                    }
                }
            }
            try expectEqual(try await window.new.records("people").get(.int(1))["memo"], .string("m"))
            try expectEqual(try await window.old.records("people").get(.int(2))["memo"], .null)
        },
        ConformanceCase(.l1, "Conflicts and duplicates are told to a program by its own names") { store in
            guard let window = try await Window.open(store) else { return }
            let stale = try await ada(window.old)
            try await window.new.session.change("people", .int(1), ["note": .string("n")])
            let conflict = try await expectError(.conflict) { try await window.old.records("people").update(stale) }
            try expectEqual(conflict.details.actualRevision, 2)
            var record = stale
            try record.set("id", .int(9))
            let twin = record
            let duplicate = try await expectError(.duplicate) {
                try await window.old.records("people").insert(twin)
            }
            try expectEqual(duplicate.details.index, "by_nick")
            try await expectError(.notFound) { try await window.old.session.change("people", .int(77), [:]) }
        },
        ConformanceCase(.l0, "Only programs of the two schemas open the store, and a tool reads it and writes nothing")
        {
            store in
            guard let window = try await Window.open(store) else { return }
            try await ada(window.old)
            guard store.isPersistent else { return }
            let storage = try await store.storage(name: Window.name)
            let third = try Schema(parsing: Schemas.before.replacing("\"by_size\"", with: "\"by_length\""))
            let error = try await expectError(.schemaMismatch) { _ = try await Store.open(storage, schema: third) }
            try expect(error.message.contains("use the store at once"), "\(error)")
            let tool = try await Store.open(existing: storage)
            let record = try await tool.records("people").get(.int(1))
            try expectEqual([record["full"], record["first"]], [.string("Ada Lovelace"), .string("Ada")])
            try await expectError(.unsupported) { try await tool.records("people").delete(.int(1)) }
            let whole = try await Store.open(try await store.storage(name: Window.name), schema: tool.schema)
            try await expectError(.unsupported) { try await whole.records("people").delete(.int(1)) }
            try await whole.close()
            try await tool.close()
        },
    ]

    // MARK: Ending

    private static let ending: [ConformanceCase] = [
        ConformanceCase(
            .l1, "A window that is completed leaves the new schema, with all that both wrote", needsPersistence: true
        ) {
            store in
            guard let window = try await Window.open(store) else { return }
            try await ada(window.old)
            try await alan(window.new)
            try await window.close(store) { try Migration.complete($0, allowsDestructive: true) }
            let new = try await store.open(Schemas.after, name: Window.name)
            let records = try await new.records("people").all()
            try expectEqual(records.map { $0["first"] }, [.string("Ada"), .string("Alan")])
            try expectEqual(records.map { $0["size"] }, [3, 2].map { Value.decimal(DecimalNumber($0)) })
            try expectEqual(records.map { $0["note"] }, [.string("none"), .string("x")])
        },
        ConformanceCase(
            .l1, "A window that is aborted leaves the old schema, with all of it that both wrote",
            needsPersistence: true
        ) {
            store in
            guard let window = try await Window.open(store) else { return }
            try await ada(window.old)
            try await alan(window.new)
            try await window.new.insert("cities", ["id": .int(5), "title": .string("Paris")])
            try await window.close(store) { try Migration.abort($0, allowsDestructive: true) }
            let old = try await store.open(Schemas.before, name: Window.name)
            let records = try await old.records("people").all()
            try expectEqual(records.map { $0["full"] }, [.string("Ada Lovelace"), .string("Alan Turing")])
            try expectEqual(records.map { $0["code"] }, [.string("o"), .string("c")])
            try expectEqual(records.map { $0["number"] }, [.string("7"), .string("12")])
            try expectEqual(try await old.records("towns").get(.int(5))["title"], .string("Paris"))
        },
    ]

    // MARK: Helpers

    private struct Stop: Error {}

    @discardableResult
    private static func ada(_ old: Store) async throws -> Record {
        try await old.insert(
            "people",
            [
                "id": .int(1), "full": .string("Ada Lovelace"), "size": .int(3), "number": .string("7"),
                "nick": .string("al"), "seen": .timestamp(try time("2026-05-04T03:02:01Z")), "memo": .string("m"),
            ])
    }

    private static func alan(_ new: Store) async throws {
        try await new.insert(
            "people",
            [
                "id": .int(2), "first": .string("Alan"), "last": .string("Turing"), "size": .decimal(DecimalNumber(2)),
                "number": .int(12), "alias": .string("t"), "state": .string("closed"),
                "day": .date(try day("2026-06-07")), "note": .string("x"),
            ])
    }

    /// The values of a record of the old schema.
    private static func person(_ id: Int, _ full: String, _ old: Store) throws -> [Value] {
        let given: [String: Value] = [
            "id": .int(id), "full": .string(full), "size": .int(1), "number": .string("1"),
        ]
        return try old.record("people", given).values
    }

    /// Updates the first revision of a record under a key.
    private static func send(_ values: [Value], _ old: Store) async throws -> Receipt {
        let table = try require(old.schema.table(named: "people"), "people")
        return try await old.write(idempotencyKey: "k") { $0.append(.update(table, values, expecting: 1)) }
    }

    /// Inserts records that have a key only, in one commit.
    private static func insert(_ records: [(table: String, id: Int)], _ program: Store) async throws {
        try await program.write { batch in
            for (table, id) in records {
                let record = try program.record(table, ["id": .int(id)])
                batch.append(.insert(record.table, record.values))
            }
        }
    }

    private static func day(_ text: String) throws -> CalendarDate { try require(CalendarDate(text), "the day") }
    private static func time(_ text: String) throws -> Timestamp { try require(Timestamp(text), "the time") }
}
