import CairnCore

/// What `explain` says, before a query runs and after.
enum PlanCases {
    static let all: [ConformanceCase] = [
        ConformanceCase(.l1, "A plan names the index that serves and the cost") { store in
            let db = try await QueryCases.people(store)
            let age = try db.column("age", of: "people")
            let name = try db.column("name", of: "people")
            let byAge = try await db.session.explain(
                db.query("people", where: .compare(column: age, .equal, .int(3)), limit: 1))
            try expectEqual(byAge.table, "people")
            try expectEqual(byAge.access, .index("by_age"))
            try expectEqual(byAge.requests, byAge.driver == "memory" || byAge.driver == "sqlite" ? 0 : byAge.requests)
            let contains = Condition.text(column: name, .contains, "x", ignoringCase: false)
            let byNothing = try await db.session.explain(db.query("people", where: contains))
            // Where records are requests, the entries of an index may tell which of them to read.
            let checked = byNothing.entryFilter ?? byNothing.filter
            try expect(byNothing.access == .table || byNothing.entryFilter != nil, "\(byNothing)")
            try expect(checked?.contains("name") ?? false, "the plan does not say what it filters: \(byNothing)")
            let id = try db.column("id", of: "people")
            let byKey = try await db.session.explain(db.query("people", where: .compare(column: id, .equal, .int(3))))
            try expectEqual(byKey.access, .key)
        },
        ConformanceCase(.l1, "A plan does not show values of sensitive columns") { store in
            let db = try await store.open(
                """
                { "database": "secrets", "tables": { "rows": { "columns": { "id": "int",
                "secret": { "type": "string", "sensitive": true } }, "key": "id" } } }
                """)
            let secret = try db.column("secret", of: "rows")
            for condition in [
                Condition.compare(column: secret, .equal, .string("hunter2")),
                .text(column: secret, .hasPrefix, "hunter2", ignoringCase: true),
                .isIn(column: secret, [.string("hunter2")]),
            ] {
                let plan = try await db.session.explain(db.query("rows", where: condition))
                try expect(!plan.description.contains("hunter2"), "the plan shows the secret: \(plan)")
            }
        },
        ConformanceCase(.l1, "A query that was run says what it took beside what it was expected to take") { store in
            let db = try await QueryCases.people(store)
            let age = try db.column("age", of: "people")
            let name = try db.column("name", of: "people")
            let few = try db.query("people", where: .compare(column: age, .less, .int(10)))
            let expected = try await db.session.explain(few)
            try expect(
                expected.run == nil && expected.readRows == nil, "it took something without having run: \(expected)")
            let plan = try await db.session.explain(few, run: true)
            let run = try require(plan.run, "what it took")
            try expectEqual(run.rows, 10)
            let isNative = plan.driver == "sqlite"
            // SQLite knows nothing of a table before it was maintained.
            try expectEqual(plan.estimatedRows == nil, isNative)
            // An engine of its own may rather read all rows by their keys than sort some.
            try expectEqual(plan.readRows, plan.access == .table ? 100 : 10)
            try expectEqual(run.requests == 0, isNative || plan.driver == "memory")
            try expect(plan.description.contains("  run     10 rows"), "\(plan)")
            let suffix = Condition.text(column: name, .hasSuffix, "77", ignoringCase: false)
            let all = try await db.session.explain(db.query("people", where: suffix), run: true)
            try expectEqual(all.run?.rows, 1)
            try expectEqual(all.readRows, all.entryFilter == nil ? 100 : 1)
        },
        ConformanceCase(.l1, "Groups that were computed say how many there are, and how many rows it took") { store in
            let db = try await QueryCases.people(store)
            let age = try db.column("age", of: "people")
            let rows = try db.query("people", where: .compare(column: age, .less, .int(10)))
            let query = AggregateQuery(rows, groups: [try db.column("name", of: "people")], aggregates: [.rows])
            let plan = try await db.session.explain(query, run: true)
            try expectEqual(plan.run?.rows, 10)
            // On an object store all entries of an index that has both columns are cheaper than ten records.
            try expectEqual(plan.readRows, plan.isCovered ? 100 : 10)
        },
        ConformanceCase(.l1, "What comes from the end of an index, or reads no row, says so when it was run") { store in
            let db = try await QueryCases.people(store)
            let age = try db.column("age", of: "people")
            let all = try db.query("people")
            let ends = AggregateQuery(all, aggregates: [.maximum(column: age)])
            let largest = try await db.session.explain(ends, run: true)
            try expectEqual(largest.run?.rows, 1)
            try expectEqual(largest.readRows, 1)
            let both = AggregateQuery(all, aggregates: [.minimum(column: age), .maximum(column: age)])
            let extremes = try await db.session.explain(both, run: true)
            // An engine of its own may rather read all entries once.
            try expectEqual(extremes.readRows, extremes.driver == "sqlite" ? 100 : 2)
            let count = try await db.session.explain(AggregateQuery(all, aggregates: [.rows]), run: true)
            try expectEqual(count.readRows, count.access == .count ? 0 : 100)
            let never = try await db.session.explain(db.query("people", where: .isIn(column: age, [])), run: true)
            try expectEqual(never.readRows, 0)
        },
        ConformanceCase(.l1, "The parts of an or say what each has read") { store in
            let db = try await QueryCases.people(store)
            let age = try db.column("age", of: "people")
            let id = try db.column("id", of: "people")
            let either = Condition.isIn(column: age, [.int(1), .int(2)]) || .compare(column: id, .equal, .int(2))
            let plan = try await db.session.explain(db.query("people", where: either), run: true)
            try expectEqual(plan.run?.rows, 2)
            try expectEqual(plan.access, .union)
            // SQLite counts a row once that several parts come to, and no part by itself.
            try expectEqual(plan.readRows, plan.driver == "sqlite" ? 2 : nil)
            try expectEqual(plan.parts.map(\.readRows), plan.driver == "sqlite" ? [nil, nil] : [2, 1])
        },
    ]
}
