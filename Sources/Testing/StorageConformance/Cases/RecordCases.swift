import CairnCore

/// Records: what is stored comes back.
enum RecordCases {
    static let all: [ConformanceCase] = [
        ConformanceCase(.l0, "A record that was inserted is found by its key") { store in
            let db = try await store.open()
            try await db.insert("things", ["id": .string("a"), "text": .string("hello"), "number": .int(7)])
            let record = try await db.records("things").get(.text("a"))
            try expectEqual(record["text"], .string("hello"))
            try expectEqual(record["number"], .int(7))
            try expectEqual(record["real"], .null, "a column that was not given")
        },
        ConformanceCase(.l0, "A key without a record is nil to find and an error to get") { store in
            let db = try await store.open()
            try await db.insert("things", ["id": .string("a")])
            try expect(try await db.records("things").find(.text("b")) == nil, "found a record that was never stored")
            let error = try await expectError(.notFound) { _ = try await db.records("things").get(.text("b")) }
            try expectEqual(error.details.table, "things")
            try expectEqual(error.details.id, "b")
        },
        ConformanceCase(.l0, "A new record has revision 1 and the time of its commit") { store in
            let db = try await store.open()
            let stored = try await db.insert("things", ["id": .string("a")])
            try expectEqual(stored.revision, 1)
            try expectEqual(stored.createdAt, store.clock.now)
            try expectEqual(stored.updatedAt, store.clock.now)
            let read = try await db.records("things").get(.text("a"))
            try expectEqual(read.metadata, stored.metadata)
        },
        ConformanceCase(.l0, "An update keeps the time of creation and moves revision and time of update") { store in
            let db = try await store.open()
            let created = try await db.insert("things", ["id": .string("a"), "number": .int(1)])
            store.clock.advance(seconds: 60)
            let updated = try await db.session.change("things", .text("a"), ["number": .int(2)])
            try expectEqual(updated.revision, 2)
            try expectEqual(updated.createdAt, created.createdAt)
            try expectEqual(updated.updatedAt, store.clock.now)
            let read = try await db.records("things").get(.text("a"))
            try expectEqual(read, updated)
        },
        ConformanceCase(.l0, "An update that changes nothing is an update all the same") { store in
            let db = try await store.open()
            let created = try await db.insert("things", ["id": .string("a")])
            try expectEqual(try await db.records("things").update(created).revision, 2)
        },
        ConformanceCase(.l0, "An update replaces every column") { store in
            let db = try await store.open()
            var record = try await db.insert(
                "things",
                ["id": .string("a"), "text": .string("x"), "number": .int(1), "texts": .array([.string("y")])])
            try record.set("text", .null)
            try record.set("texts", .array([]))
            try await db.records("things").update(record)
            let read = try await db.records("things").get(.text("a"))
            try expectEqual(read["text"], .null)
            try expectEqual(read["number"], .int(1))
            try expectEqual(read["texts"], .array([]))
        },
        ConformanceCase(.l0, "An upsert inserts a record that is not there") { store in
            let db = try await store.open()
            let record = try await db.records("things").upsert(db.record("things", ["id": .string("a")]))
            try expectEqual(record.revision, 1)
        },
        ConformanceCase(.l0, "An upsert updates a record that is there, whatever its revision") { store in
            let db = try await store.open()
            let created = try await db.insert("things", ["id": .string("a"), "number": .int(1)])
            store.clock.advance(seconds: 1)
            let record = try db.record("things", ["id": .string("a"), "number": .int(2)])
            let stored = try await db.records("things").upsert(record)
            try expectEqual(stored.revision, 2)
            try expectEqual(stored.createdAt, created.createdAt)
            try expectEqual(stored.updatedAt, store.clock.now)
            try expectEqual(try await db.records("things").get(.text("a"))["number"], .int(2))
        },
        ConformanceCase(.l0, "A deleted record is gone") { store in
            let db = try await store.open()
            try await db.insert("things", ["id": .string("a")])
            try await db.records("things").delete(.text("a"))
            try expect(try await db.records("things").find(.text("a")) == nil, "the record is still there")
            try expectEqual(try await db.records("things").count(), 0)
        },
        ConformanceCase(.l0, "Deleting a record that is not there is an error") { store in
            let db = try await store.open()
            try await expectError(.notFound) { try await db.records("things").delete(.text("a")) }
        },
        ConformanceCase(.l0, "Updating a record that is not there is an error") { store in
            let db = try await store.open()
            let record = try await db.insert("things", ["id": .string("a")])
            try await db.records("things").delete(.text("a"))
            try await expectError(.notFound) { try await db.records("things").update(record) }
        },
        ConformanceCase(.l0, "Inserting a key twice is an error that names it, and changes nothing") { store in
            let db = try await store.open()
            try await db.insert("things", ["id": .string("a"), "number": .int(1)])
            let error = try await expectError(.duplicate) {
                try await db.insert("things", ["id": .string("a"), "number": .int(2)])
            }
            try expectEqual(error.details.table, "things")
            try expectEqual(error.details.index, "primary")
            try expectEqual(error.details.otherID, "a")
            try expectEqual(try await db.records("things").get(.text("a"))["number"], .int(1))
        },
        ConformanceCase(.l0, "Several keys are read together; those without a record are left out") { store in
            let db = try await store.open()
            for id in ["a", "b", "c"] {
                try await db.insert("things", ["id": .string(id), "text": .string("is \(id)")])
            }
            let found = try await db.records("things").find([.text("c"), .text("x"), .text("a")])
            try expectEqual(Set(found.keys), [.text("a"), .text("c")])
            try expectEqual(found[.text("c")]?["text"], .string("is c"))
        },
        ConformanceCase(.l0, "Reading no keys reads nothing") { store in
            let db = try await store.open()
            try await db.insert("things", ["id": .string("a")])
            try expectEqual(try await db.records("things").find([Key]()).count, 0)
        },
        ConformanceCase(.l0, "A key asked for twice is found once") { store in
            let db = try await store.open()
            try await db.insert("things", ["id": .string("a")])
            try expectEqual(try await db.records("things").find([.text("a"), .text("a")]).count, 1)
        },
        ConformanceCase(.l0, "Five hundred keys are read together") { store in
            let db = try await store.open()
            let table = try require(db.schema.table(named: "things"), "table")
            let operations = try (0..<500).map { index in
                WriteOperation.insert(
                    table, try Record(table, ["id": .string("k\(index)"), "number": .int(index)]).values)
            }
            _ = try await db.session.write(operations)
            let found = try await db.records("things").find((0..<500).map { .text("k\($0)") })
            try expectEqual(found.count, 500)
            try expectEqual(found[.text("k321")]?["number"], .int(321))
        },
        ConformanceCase(.l0, "Records of one table do not appear in another") { store in
            let db = try await store.open(Schemas.library)
            try await db.insert("authors", ["id": .int(1), "name": .string("Ada")])
            try await db.insert("notes", ["id": .int(1), "text": .string("note")])
            try expectEqual(try await db.records("authors").count(), 1)
            try expectEqual(try await db.records("notes").count(), 1)
            try await db.records("notes").delete(.int(1))
            try expectEqual(try await db.records("authors").count(), 1)
        },
        ConformanceCase(.l0, "Defaults are filled in where a record does not say") { store in
            let db = try await store.open(Schemas.rules)
            try await db.insert("ruled", ["id": .int(1)])
            let record = try await db.records("ruled").get(.int(1))
            try expectEqual(record["share"], .double(0.5))
            try expectEqual(record["name"], .string("abc"))
            try expectEqual(record["list"], .array([.int(1)]))
            try expectEqual(record["state"], .string("draft"))
            try expectEqual(record["price"], .decimal(1))
            try expectEqual(record["raw"], .bytes([]))
        },
    ]
}
