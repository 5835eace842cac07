import CairnCore

/// Queries that come from outside, made to reach more than they say: what they name is a declared column or nothing, what they compare with is
/// a value and nothing else, and nothing they do is a write.
enum InjectionCases {
    static let all: [ConformanceCase] =
        names.map(name) + values.map(value)
        + [
            ConformanceCase(
                .l0, "Tables and columns that are called like words of SQL and of the language are read and written"
            ) {
                store in
                let db = try await store.open(words)
                for number in 1...3 {
                    try await db.insert(
                        "order",
                        [
                            "rowid": .string("r\(number)"), "oid": .int(number % 2), "select": .int(10 - number),
                            "from": .string("w"), "null": .null, "count": .int(number), "limit": .int(number),
                        ])
                }
                for (text, keys) in [
                    ("`order` where `select` = 8 and `from` = 'w' and `null` is null", ["r2"]),
                    ("`order` where `rowid` > 'r1' order by `oid` desc, `limit`", ["r3", "r2"]),
                    ("`order` where `rowid` = 'r3' or `count` = 1 order by `select`", ["r3", "r1"]),
                    ("`order` where `oid` in (0) and `limit` + 0 = 2", ["r2"]),
                ] {
                    try expectEqual(try await db.keys(Query(parsing: text, schema: db.schema)), keys, text)
                }
                let groups = try await db.session.rows(
                    matching: "`order` select `oid`, count(), max(`count`) group by `oid` order by count(), `oid`")
                try expectEqual(
                    groups.map(\.values), [[.int(0), .int(1), .int(2)], [.int(1), .int(2), .int(3)]])
                let query = try Query(parsing: "`order` where `select` < 9", schema: db.schema)
                let column = try db.column("count", of: "order")
                try expectEqual(try await db.session.update(query, [Assignment(column: column, value: .int(7))]), 2)
                try expectEqual(
                    try await db.session.delete(Query(parsing: "`order` where `count` = 7", schema: db.schema)), 2)
                try expectEqual(try await db.keys(db.query("order")), ["r1"])
            }
        ]

    private static let words = """
        {
          "database": "conformance",
          "tables": {
            "order": {
              "columns": {
                "rowid": "string", "oid": "int", "select": "int", "from": "string", "null": "string?", "count": "int",
                "limit": "int",
              },
              "key": "rowid",
              "indexes": { "group": ["oid", "limit desc"], "by": { "on": ["select"], "where": "`from` = 'w'" } },
            },
          },
        }
        """

    // MARK: Names

    /// What stands in the place of a name. None of them is a column of `rows`.
    private static let names = [
        "_revision", "_created_at", "_updated_at", "revision", "rowid", "oid", "_rowid_", "sqlite_master",
        "sqlite_schema",
        "_cairn_store", "_cairn_commits", "secrets.code", "rows.name", "main.secrets", "secrets", "code", "\"name\"",
        "*", "rows.*",
        "load_extension('x')", "cairn_match(name, 0, 'a')", "cairn_row(0, name)", "readfile('/etc/passwd')", "random()",
        "name; select 1", "name; drop table secrets", "name; delete from rows", "name -- x", "name/**/", "name/*",
        "name' or '1'='1",
        "`name\"`", "`name``", "`x` or 1 = 1 --`", "`name` union select code from secrets", "name) or (1 = 1",
        "settings->'a'",
        "settings->>'$.a'", "(select code from secrets)", "(select sql from sqlite_schema)",
        "case when 1 then name end",
        "name collate nocase", "cast(name as int)", "name || code", "x'00'", "?1", ":name", "@name", "$$name", "$1",
        "\u{0}name", "name\u{0}",
        "../secrets", "tables/secrets/_schema", "name\u{2028}", "nаme",
    ]

    /// Where a name stands in a query, in text and in JSON.
    private static func queries(_ name: String) -> [(text: String, isJSON: Bool)] {
        let json = JSONValue.string(name).description
        return [
            ("rows where \(name) = 1", false), ("rows where \(name) = 'a'", false), ("rows where id = \(name)", false),
            ("rows where id = \(name) and id = 1", false), ("rows where \(name) is null", false),
            ("rows where \(name) is not null", false),
            ("rows where \(name)", false), ("rows where not \(name)", false),
            ("rows where \(name) in ('a', 'b')", false),
            ("rows where \(name) like '%'", false), ("rows where \(name) exists", false),
            ("rows where count(\(name)) > 0", false),
            ("rows where id in (select \(name) from secrets)", false), ("rows where exists secrets by \(name)", false),
            ("rows order by \(name)", false), ("rows order by \(name) desc limit 1", false),
            ("rows limit \(name)", false),
            ("rows select \(name)", false), ("rows select name, \(name)", false), ("rows select max(\(name))", false),
            ("rows select \(name), count() group by \(name)", false),
            ("rows select count() group by name having \(name) > 0", false),
            ("\(name)", false), ("\(name) where id = 1", false), ("\(name) select count()", false),
            (#"{"from": "rows", "where": {\#(json): 1}}"#, true),
            (#"{"from": "rows", "where": {\#(json): {"like": "%"}}}"#, true),
            (#"{"from": "rows", "where": {\#(json): null}}"#, true), (#"{"from": "rows", "order": [\#(json)]}"#, true),
            (#"{"from": "rows", "select": [\#(json)]}"#, true), (#"{"from": \#(json)}"#, true),
            (#"{"from": "rows", "select": ["count()"], "group_by": [\#(json)]}"#, true),
            (#"{"from": "rows", "where": {"id": {"in": {"select": \#(json), "from": "secrets"}}}}"#, true),
            (#"{"from": "rows", "where": {"name": {\#(json): "a"}}}"#, true), (#"{"from": "rows", \#(json): 1}"#, true),
        ]
    }

    private static func name(_ name: String) -> ConformanceCase {
        ConformanceCase(.l0, "As a name, \(JSONValue.string(name)) reaches nothing") { store in
            let db = try await self.store(store)
            let before = try await content(db)
            for (text, isJSON) in queries(name) {
                let query: DynamicQuery
                do {
                    query =
                        try isJSON
                        ? DynamicQuery(parsingJSON: text, schema: db.schema)
                        : DynamicQuery(parsing: text, schema: db.schema)
                } catch let error as StorageError {
                    try expectEqual(error.code, .query, text)
                    continue
                }
                // It is what a query may say: then it says no more than a reader of the table `rows` may know.
                let isSecret = query.table.name == "secrets"
                for row in try await db.session.rows(of: query) {
                    try expect(isSecret || !row.values.contains(where: isCode), "\(text): \(row.values)")
                }
                _ = try await db.session.explain(query)
            }
            try expectEqual(try await content(db), before, name)
        }
    }

    private static func isCode(_ value: Value) -> Bool {
        if case .string(let text) = value { return text.contains("code of") }
        return false
    }

    // MARK: Values

    /// What stands in the place of a value.
    private static let values = [
        "' or 1 = 1 --", "'; drop table rows; --", "\" or \"\" = \"", "\\' or 1 = 1",
        "' union select code from secrets --", "%", "_%", "\\",
        "'", "''", "\"", "`", "$p", "{\"parameter\": \"p\"}", "null", "x' and name like '", "a\u{0}' or '1' = '1", "?",
        ":p", "../secrets/1",
        "\u{2019} or 1 = 1", "'||(select code from secrets)||'", "')) or ((1 = 1", "/* */", "\n;delete from rows;\n",
    ]

    private static func value(_ value: String) -> ConformanceCase {
        ConformanceCase(.l0, "As a value, \(JSONValue.string(value)) is that text and nothing else") { store in
            let db = try await self.store(store)
            try await db.insert(
                "rows",
                [
                    "id": .int(9), "name": .string(value),
                    "settings": .json(.object(JSONObject([.init(name: value, value: 1)]))),
                ])
            let before = try await content(db)
            let schema = db.schema
            let quoted = JSONValue.string(value).description
            let column = try db.column("name", of: "rows"), settings = try db.column("settings", of: "rows")
            var queries = try [
                Query(parsing: "rows where name = $p", schema: schema, parameters: ["p": .string(value)]),
                Query(parsing: "rows where name in $p", schema: schema, parameters: ["p": .array([.string(value)])]),
                Query(
                    parsing: "rows where name equals $p ignoring case", schema: schema,
                    parameters: ["p": .string(value)]),
                Query(parsing: "rows where name = \(quoted)", schema: schema),
                Query(parsing: "rows where name contains \(quoted) and id = 9", schema: schema),
                Query(parsing: "rows where settings[\(quoted)] = 1", schema: schema),
                Query(parsingJSON: #"{"from": "rows", "where": {"name": \#(quoted)}}"#, schema: schema),
                Query(
                    parsingJSON:
                        #"{"from": "rows", "where": {"name": {"begins with": \#(quoted), "ends with": \#(quoted)}}}"#,
                    schema: schema),
                db.query("rows", where: .compare(column: column, .equal, .string(value))),
                db.query("rows", where: .isIn(column: column, [.string(value), .string("nobody")])),
                db.query("rows", where: .hasPath(column: settings, [.member(value)])),
            ]
            for match in [Condition.TextMatch.equals, .hasPrefix, .hasSuffix, .contains] {
                queries.append(
                    try db.query(
                        "rows",
                        where: Condition.text(column: column, match, value, ignoringCase: true)
                            && .not(.isNull(column: settings))))
            }
            for query in queries {
                try expectEqual(try await db.keys(query), ["9"], "\(query.condition.map { "\($0)" } ?? "")")
                try expectEqual(try await db.session.count(query), 1)
            }
            // A record that is not there is not made by asking for it.
            try expect(try await db.records("secrets").find(.text(value)) == nil, "a secret is there")
            try expectEqual(try await content(db), before, value)
        }
    }

    // MARK: The store

    private static let schema = """
        {
          "database": "conformance",
          "tables": {
            "rows": {
              "columns": { "id": "int", "name": "string", "settings": "json?" },
              "key": "id",
              "indexes": { "by_name": ["name"] },
            },
            "secrets": { "columns": { "code": "string", "owner": "string" }, "key": "code" },
          },
        }
        """

    private static func store(_ store: ConformanceStore) async throws -> Store {
        let db = try await store.open(schema)
        for (id, name) in [(1, "a"), (2, "b"), (3, "name")] {
            try await db.insert("rows", ["id": .int(id), "name": .string(name)])
        }
        for owner in ["a", "b"] {
            try await db.insert("secrets", ["code": .string("code of \(owner)"), "owner": .string(owner)])
        }
        return db
    }

    /// All that the store has, revisions and times among it.
    private static func content(_ db: Store) async throws -> [Record] {
        var records: [Record] = []
        for table in db.schema.tables { records += try await db.records(table.name).all() }
        return records
    }
}
