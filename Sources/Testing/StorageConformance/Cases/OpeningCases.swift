import CairnCore

/// Opening and closing.
enum OpeningCases {
    static let all: [ConformanceCase] = [
        ConformanceCase(.l0, "A store that holds nothing has no schema, then the one it was given") { store in
            let storage = try await store.storage()
            try expect(try await storage.schema() == nil, "a new store has a schema")
            let schema = try Schema(parsing: Schemas.people)
            _ = try await Store.open(storage, schema: schema)
            try expectEqual(try await storage.schema()?.id, schema.id)
            try await storage.close()
        },
        ConformanceCase(.l0, "A store is not given a schema twice") { store in
            let storage = try await store.storage()
            try await storage.apply(.create(Schema(parsing: Schemas.people)))
            try await expectError(.schemaMismatch) { try await storage.apply(.create(Schema(parsing: Schemas.people))) }
            try await storage.close()
        },
        ConformanceCase(.l0, "A migration before the opening is made, or refused by a driver that makes none") {
            store in
            let storage = try await store.storage()
            let old = try Schema(parsing: Schemas.people)
            let new = try Schema(parsing: Schemas.people.replacing("\"by_age\"", with: "\"by_years\""))
            try await storage.apply(.create(old))
            do {
                try await storage.apply(.migrate(Migration(from: old, to: new)))
                try expectEqual(try await storage.schema()?.id, new.id)
            } catch let error as StorageError where error.code == .unsupported {
                try expect(error.remedy != nil, "the error says nothing to do")
                try expectEqual(try await storage.schema()?.id, old.id)
            }
            try await storage.close()
        },
        ConformanceCase(.l0, "Another schema is refused, saying what differs, and nothing is changed") { store in
            let storage = try await store.storage()
            _ = try await Store.open(storage, schema: Schema(parsing: Schemas.people))
            let other = try Schema(parsing: Schemas.people.replacing("\"by_age\"", with: "\"by_years\""))
            let error = try await expectError(.schemaMismatch) { _ = try await Store.open(storage, schema: other) }
            try expect(error.message.contains("people"), "the error does not name the table: \(error)")
            try expect(error.remedy != nil, "the error says nothing to do")
            try expectEqual(try await storage.schema()?.id, try Schema(parsing: Schemas.people).id)
            try await storage.close()
        },
        ConformanceCase(.l0, "An open store refuses to be opened with its columns in another order, and mixes up none")
        { store in
            let storage = try await store.storage(name: "twice")
            func schema(_ columns: String) throws -> Schema {
                try Schema(
                    parsing: """
                        { "database": "d", "tables": { "rows": { "columns": { "id": "int", \(columns) }, "key": "id" } } }
                        """)
            }
            let one = try await Store.open(storage, schema: schema(#""a": "string", "b": "string""#))
            try await expectError(.unsupported) {
                _ = try await Store.open(storage, schema: schema(#""b": "string", "a": "string""#))
            }
            try await one.insert("rows", ["id": .int(1), "a": .string("A"), "b": .string("B")])
            let same = try await Store.open(storage, schema: schema(#""a": "string", "b": "string""#))
            try expectEqual(try await same.records("rows").get(.int(1))["a"], .string("A"))
            try await one.close()
        },
        ConformanceCase(.l0, "The same schema in another order, with comments and docs, opens the store") { store in
            let text = """
                { "database": "d", "tables": { "rows": { "columns": { "id": "int", "a": "string", "b": "int?" }, "key": "id" } } }
                """
            let reordered = """
                // Written by someone else.
                { "tables": { "rows": { "doc": "Rows.", "key": ["id"],
                  "columns": { "b": { "type": "int?", "doc": "A number." }, "a": { "type": "string" }, "id": "int" } } },
                  "database": "d" }
                """
            try expectEqual(try Schema(parsing: text).id, try Schema(parsing: reordered).id)
            guard store.isPersistent else { return }
            let first = try await store.open(text)
            try await first.insert("rows", ["id": .int(1), "a": .string("x"), "b": .int(2)])
            try await first.close()
            let second = try await store.open(reordered)
            let record = try await second.records("rows").get(.int(1))
            try expectEqual([record["id"], record["a"], record["b"]], [.int(1), .string("x"), .int(2)])
        },
        ConformanceCase(.l0, "A tool opens a store by the schema it holds") { store in
            let storage = try await store.storage()
            let first = try await Store.open(storage, schema: Schema(parsing: Schemas.people))
            try await first.insert("people", ["id": .int(1), "name": .string("x"), "country": .string("FR")])
            guard store.isPersistent else { return try await storage.close() }
            try await storage.close()
            let tool = try await Store.open(existing: store.storage())
            try expectEqual(tool.schema.id, first.schema.id)
            try expectEqual(try await tool.records("people").get(.int(1))["name"], .string("x"))
            try await tool.close()
        },
        ConformanceCase(.l0, "A tool that opens a store without a schema is told so") { store in
            let storage = try await store.storage()
            try await expectError(.notAStore) { _ = try await Store.open(existing: storage) }
            try await storage.close()
        },
        ConformanceCase(.l0, "A closed store refuses everything, and closing twice does no harm") { store in
            let db = try await store.open()
            try await db.insert("things", ["id": .string("a")])
            try await db.close()
            try await db.close()
            try await expectError(.closed) { _ = try await db.records("things").find(.text("a")) }
            try await expectError(.closed) { _ = try await db.records("things").find([.text("a")]) }
            try await expectError(.closed) { _ = try await db.records("things").count() }
            try await expectError(.closed) { _ = try await db.records("things").all() }
            try await expectError(.closed) { try await db.insert("things", ["id": .string("b")]) }
            try await expectError(.closed) { try await db.transaction { _ in } }
            try await expectError(.closed) { try await db.snapshot { _ in } }
        },
        ConformanceCase(.l0, "A table the schema does not have is refused with the nearest name") { store in
            let db = try await store.open(Schemas.people)
            let error = try await expectError(.invalid) { _ = try db.records("poeple") }
            try expect(error.remedy?.contains("people") ?? false, "no suggestion: \(error)")
        },
        ConformanceCase(.l0, "A column the table does not have is refused with the nearest name") { store in
            let db = try await store.open(Schemas.people)
            let error = try await expectError(.invalid) { _ = try db.record("people", ["nmae": .string("x")]) }
            try expect(error.remedy?.contains("name") ?? false, "no suggestion: \(error)")
        },
        ConformanceCase(.l0, "A store says what it can do") { store in
            let storage = try await store.storage()
            let capabilities = storage.capabilities
            try expect(
                !capabilities.driver.isEmpty && !capabilities.location.isEmpty, "no name or place: \(capabilities)")
            try expectEqual(capabilities.isolation, .serializable)
            try expect(capabilities.isWritable, "the store cannot be written")
            try await storage.close()
        },
        ConformanceCase(.l0, "Observers hear what was asked, how it went and how long it took") { store in
            let events = Lock([OperationEvent]())
            let db = try await store.open(
                Schemas.people, observers: [{ event in events.withLock { $0.append(event) } }])
            try await db.insert("people", ["id": .int(1), "name": .string("x"), "country": .string("FR")])
            _ = try await db.records("people").find(.int(1))
            _ = try await db.records("people").find([.int(1), .int(2)])
            _ = try await db.records("people").all()
            _ = try await db.records("people").count()
            try await expectError(.notFound) { try await db.records("people").delete(.int(9)) }
            try await db.transaction { _ = try await $0.records("people").count() }
            let heard = events.withLock { $0 }
            try expectEqual(heard.map(\.kind), [.write, .get, .find, .query, .count, .write, .count, .transaction])
            try expectEqual(heard.map(\.rows), [1, 1, 1, 1, 1, 1, 1, 0])
            try expectEqual(heard[5].outcome, .failure(.notFound))
            try expectEqual(heard[3].plan?.table, "people")
            try expect(heard.allSatisfy { $0.duration >= .zero }, "a negative duration")
        },
    ]
}
