import CairnCore

/// Limits: the same on every driver, checked before anything is written.
enum LimitCases {
    static let all: [ConformanceCase] =
        [
            ConformanceCase(.l0, "A key part of 200 bytes is taken, one of 201 refused") { store in
                let db = try await store.open()
                for (fits, tooLong) in [
                    (String(repeating: "a", count: 200), String(repeating: "a", count: 201)),
                    // Capitals and other characters count three bytes, as some object stores must escape them.
                    (String(repeating: "A", count: 66) + "aa", String(repeating: "A", count: 66) + "aaa"),
                    (String(repeating: "é", count: 33) + "aa", String(repeating: "é", count: 33) + "aaa"),
                    (String(repeating: "/", count: 66) + "-_", String(repeating: "/", count: 67)),
                ] {
                    try await db.insert("things", ["id": .string(fits)])
                    try expect(try await db.records("things").find(.text(fits)) != nil, "the record was not stored")
                    let error = try await expectError(.limit) {
                        try await db.insert("things", ["id": .string(tooLong)])
                    }
                    try expectEqual(error.details.column, "id")
                }
                try expectEqual(try await db.records("things").count(), 4)
            },
            ConformanceCase(.l0, "A whole key of 512 bytes is taken, one of 513 refused") { store in
                let db = try await store.open(
                    """
                    { "database": "keys", "tables": { "rows": { "columns": { "a": "string", "b": "string", "c": "string" },
                    "key": ["a", "b", "c"] } } }
                    """)
                func text(_ count: Int) -> Value { .string(String(repeating: "x", count: count)) }
                // 200 + 200 + 110 and two separators.
                try await db.insert("rows", ["a": text(200), "b": text(200), "c": text(110)])
                try await expectError(.limit) {
                    try await db.insert("rows", ["a": text(200), "b": text(200), "c": text(111)])
                }
                try expectEqual(try await db.records("rows").count(), 1)
            },
            ConformanceCase(.l0, "Too long a key is refused in a delete as well") { store in
                let db = try await store.open()
                try await expectError(.limit) {
                    try await db.records("things").delete(.text(String(repeating: "a", count: 201)))
                }
            },
            ConformanceCase(.l0, "A record of 4 MiB is taken, one byte more refused") { store in
                let db = try await store.open()
                // The key has one byte, the text the rest.
                try await db.insert(
                    "things", ["id": .string("a"), "text": .string(String(repeating: "x", count: (4 << 20) - 1))])
                guard case .string(let text)? = try await db.records("things").get(.text("a"))["text"] else {
                    throw ConformanceFailure("no text", #fileID, #line)
                }
                try expectEqual(text.utf8.count, (4 << 20) - 1)
                let error = try await expectError(.limit) {
                    try await db.insert(
                        "things", ["id": .string("b"), "text": .string(String(repeating: "x", count: 4 << 20))])
                }
                try expectEqual(error.details.table, "things")
                try expectEqual(try await db.records("things").count(), 1)
            },
            ConformanceCase(.l0, "A batch of more than 100,000 operations is refused before it is written") { store in
                let db = try await store.open(Schemas.people)
                let table = try require(db.schema.table(named: "people"), "people")
                let values = try QueryCases.person(table, 1, age: 1).values
                let operations = [WriteOperation](repeating: .insert(table, values), count: 100_001)
                let error = try await expectError(.limit) { _ = try await db.session.write(operations) }
                try expect(error.message.contains("100001"), "the error does not say how many: \(error)")
                try expectEqual(try await db.records("people").count(), 0)
            },
            ConformanceCase(.l0, "A batch of more than 64 MiB is refused before it is written") { store in
                let db = try await store.open()
                let table = try require(db.schema.table(named: "things"), "things")
                let text = Value.string(String(repeating: "x", count: (4 << 20) - 8))
                let operations = try (0..<17).map { index in
                    WriteOperation.insert(table, try Record(table, ["id": .string("\(index)"), "text": text]).values)
                }
                try await expectError(.limit) { _ = try await db.session.write(operations) }
                try expectEqual(try await db.records("things").count(), 0)
            },
            ConformanceCase(.l0, "A transaction has the limits of a batch, counted over all its writes") { store in
                let db = try await store.open()
                let text = Value.string(String(repeating: "x", count: (4 << 20) - 8))
                try await expectError(.limit) {
                    try await db.transaction { tx in
                        for index in 0..<17 {
                            try await tx.insert("things", ["id": .string("\(index)"), "text": text])
                        }
                    }
                }
                try expectEqual(try await db.records("things").count(), 0)
            },
            ConformanceCase(.l0, "JSON may nest 100 deep and no deeper") { store in
                let db = try await store.open()
                func nested(_ depth: Int) -> JSONValue { (1..<depth).reduce([]) { inner, _ in [inner] } }
                try await db.insert("things", ["id": .string("a"), "document": .json(nested(100))])
                try expectEqual(try await db.records("things").get(.text("a"))["document"], .json(nested(100)))
                try await expectError(.limit) {
                    try await db.insert("things", ["id": .string("b"), "document": .json(nested(101))])
                }
            },
            ConformanceCase(.l0, "A condition may compare with 16,000 values and no more") { store in
                let db = try await store.open()
                let column = try db.column("number", of: "things")
                try await db.insert("things", ["id": .string("a"), "number": .int(15_999)])
                func count(_ count: Int) async throws -> Int {
                    let list = Condition.isIn(column: column, (1..<count).map(Value.int))
                    return try await db.session.count(
                        db.query("things", where: list && .compare(column: column, .greater, .int(0))))
                }
                try expectEqual(try await count(16_000), 1)
                try await expectError(.query) { _ = try await count(16_001) }
                let chain = Condition.or((0..<16_000).map { .compare(column: column, .equal, .int($0)) })
                try expectEqual(try await db.session.count(db.query("things", where: chain)), 1)
            },
            ConformanceCase(.l0, "A condition may nest 20 deep and no deeper") { store in
                let db = try await store.open()
                let column = try db.column("number", of: "things")
                try await db.insert("things", ["id": .string("a"), "number": .int(1)])
                // Turned around an even number of times, and each time beside a part that changes nothing.
                let one = Condition.compare(column: column, .equal, .int(1))
                let nots = (0..<18).reduce(one) { inner, _ in .not(inner) }
                try expectEqual(try await db.session.count(db.query("things", where: nots)), 1)
                let mixed = (0..<19).reduce(one) { inner, step in
                    let others = (0..<20).map { Condition.compare(column: column, .notEqual, .int(100 + $0)) }
                    return step.isMultiple(of: 2) ? .and([inner] + others) : .or([inner, !others[0]])
                }
                try expectEqual(try await db.session.count(db.query("things", where: mixed)), 1)
                let tooDeep = (0..<20).reduce(one) { inner, _ in .not(inner) }
                try await expectError(.query) { _ = try await db.session.count(db.query("things", where: tooDeep)) }
            },
            ConformanceCase(.l0, "A condition as deep as allowed may be wide at each level") { store in
                let db = try await store.open()
                let column = try db.column("number", of: "things")
                try await db.insert("things", ["id": .string("a"), "number": .int(1)])
                let deep = (1..<Limits.conditionDepth).reduce(Condition.compare(column: column, .equal, .int(1))) {
                    inner, level in
                    let others = (1..<300).map { number -> Condition in
                        let comparison: Condition.Comparison = level.isMultiple(of: 2) ? .greater : .less
                        return .compare(column: column, comparison, .int(-number))
                    }
                    return level.isMultiple(of: 2) ? .and(others + [inner]) : .or(others + [inner])
                }
                try expectEqual(try await db.session.count(db.query("things", where: deep)), 1)
            },
            ConformanceCase(.l0, "A text operator looks for at most 4096 bytes") { store in
                let db = try await store.open()
                let column = try db.column("text", of: "things")
                let text = String(repeating: "a", count: Limits.operandBytes)
                try await db.insert("things", ["id": .string("a"), "text": .string(text + "b")])
                for match in [Condition.TextMatch.hasPrefix, .contains] {
                    let longest = Condition.text(column: column, match, text, ignoringCase: false)
                    try expectEqual(try await db.session.count(db.query("things", where: longest)), 1)
                    let longer = Condition.text(column: column, match, text + "b", ignoringCase: false)
                    try await expectError(.query) { _ = try await db.session.count(db.query("things", where: longer)) }
                }
            },
            ConformanceCase(.l0, "An idempotency key has 1 to 200 bytes") { store in
                let db = try await store.open()
                for key in ["", String(repeating: "k", count: 201)] {
                    try await expectError(.limit) {
                        try await db.write(idempotencyKey: key) { batch in
                            try batch.append(.insert(require(db.schema.table(named: "things"), "things"), record(db)))
                        }
                    }
                }
                try await db.write(idempotencyKey: String(repeating: "k", count: 200)) { batch in
                    try batch.append(.insert(require(db.schema.table(named: "things"), "things"), record(db)))
                }
                try expectEqual(try await db.records("things").count(), 1)
            },
            ConformanceCase(.l0, "A record with too few or too many values is refused") { store in
                let db = try await store.open(Schemas.composite)
                let table = try require(db.schema.table(named: "measures"), "measures")
                for count in [0, 3, 5] {
                    try await expectError(.invalid) {
                        _ = try await db.session.write([.insert(table, [Value](repeating: .int(1), count: count))])
                    }
                }
            },
        ]

    private static func record(_ db: Store) throws -> [Value] {
        try db.record("things", ["id": .string("a")]).values
    }
}
