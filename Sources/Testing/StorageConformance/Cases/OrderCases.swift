import CairnCore

/// Order: one for all drivers, whichever way a query is answered.
enum OrderCases {
    static let all: [ConformanceCase] =
        Schemas.orderedColumns.flatMap { column in
            [
                order(column, descending: false, indexed: false), order(column, descending: true, indexed: false),
                order(column, descending: false, indexed: true), order(column, descending: true, indexed: true),
            ]
        } + [
            ConformanceCase(.l0, "Without an order records come by key") { store in
                let db = try await store.open()
                for id in ["b", "a", "B", "c", ""] { try await db.insert("things", ["id": .string(id)]) }
                try expectEqual(try await db.keys(db.query("things")), ["%", "B", "a", "b", "c"])
            },
            ConformanceCase(.l0, "Without an order records come by key, also when an index finds them") { store in
                let db = try await store.open(Schemas.people)
                for (id, age) in [(3, 30), (1, 40), (2, 50), (4, 35)] { try await insert(db, id, age: age) }
                let age = try db.column("age", of: "people")
                let query = try db.query("people", where: .compare(column: age, .greater, .int(30)))
                try expectEqual(try await db.keys(query), ["1", "2", "4"])
            },
            ConformanceCase(.l0, "Ties are ordered by key, ascending, in either direction") { store in
                let db = try await store.open(Schemas.people)
                for (id, age) in [(5, 1), (2, 2), (3, 1), (1, 2), (4, 1)] { try await insert(db, id, age: age) }
                let age = try db.column("age", of: "people")
                try expectEqual(
                    try await db.keys(db.query("people", order: [OrderTerm(column: age)])), ["3", "4", "5", "1", "2"])
                try expectEqual(
                    try await db.keys(db.query("people", order: [OrderTerm(column: age, isDescending: true)])),
                    ["1", "2", "3", "4", "5"])
            },
            ConformanceCase(.l0, "Several columns order one after the other, each in its direction") { store in
                let db = try await store.open(Schemas.people)
                for (id, name, age) in [(1, "b", 1), (2, "a", 2), (3, "b", 3), (4, "a", 1)] {
                    try await insert(db, id, name: name, age: age)
                }
                let (name, age) = (try db.column("name", of: "people"), try db.column("age", of: "people"))
                func keys(_ order: [OrderTerm]) async throws -> [String] {
                    try await db.keys(db.query("people", order: order))
                }
                try expectEqual(
                    try await keys([OrderTerm(column: name), OrderTerm(column: age)]), ["4", "2", "1", "3"])
                try expectEqual(
                    try await keys([OrderTerm(column: name), OrderTerm(column: age, isDescending: true)]),
                    ["2", "4", "3", "1"])
                try expectEqual(
                    try await keys([OrderTerm(column: name, isDescending: true), OrderTerm(column: age)]),
                    ["1", "3", "4", "2"])
                try expectEqual(
                    try await keys([OrderTerm(column: age), OrderTerm(column: name, isDescending: true)]),
                    ["1", "4", "2", "3"])
            },
            ConformanceCase(.l0, "A column named twice in an order counts where it stands first") { store in
                let db = try await store.open(Schemas.people)
                for (id, age) in [(1, 2), (2, 1)] { try await insert(db, id, age: age) }
                let age = try db.column("age", of: "people")
                let order = [OrderTerm(column: age), OrderTerm(column: age, isDescending: true)]
                try expectEqual(try await db.keys(db.query("people", order: order)), ["2", "1"])
            },
            ConformanceCase(.l0, "The key can be an order, downwards too") { store in
                let db = try await store.open(Schemas.people)
                for id in [2, 10, 1] { try await insert(db, id) }
                let id = try db.column("id", of: "people")
                try expectEqual(
                    try await db.keys(db.query("people", order: [OrderTerm(column: id, isDescending: true)])),
                    ["10", "2", "1"])
            },
            ConformanceCase(.l0, "An order by a column without order is refused") { store in
                let db = try await store.open()
                for column in ["document", "texts"] {
                    let term = OrderTerm(column: try db.column(column, of: "things"))
                    try await expectError(.query) { _ = try await db.keys(db.query("things", order: [term])) }
                }
            },
        ]

    /// All values of a type in one order, with nulls, inserted in another.
    private static func order(_ column: String, descending: Bool, indexed: Bool) -> ConformanceCase {
        let direction = descending ? "descending, null last" : "ascending, null first"
        let way = indexed ? "through an index" : "by sorting"
        return ConformanceCase(.l0, "'\(column)' orders \(direction), \(way)") { store in
            let db = try await store.open(indexed ? Schemas.indexedThings : Schemas.things)
            let ladder = [.null] + Ladder.values(of: column)
            // Keys run against the values, so that an order by key would be seen.
            for step in ladder.indices.map({ $0 * 7 % ladder.count }).uniqued(orAll: ladder.indices) {
                try await db.insert("things", ["id": .string(key(ladder.count - step)), column: ladder[step]])
            }
            let term = OrderTerm(column: try db.column(column, of: "things"), isDescending: descending)
            let wanted = ladder.indices.map { key(ladder.count - $0) }
            let found = try await db.keys(db.query("things", order: [term]))
            try expectEqual(found, descending ? wanted.reversed() : wanted)
        }
    }

    private static func key(_ number: Int) -> String { (number < 10 ? "k0" : "k") + String(number) }

    private static func insert(_ db: Store, _ id: Int, name: String = "x", age: Int = 0) async throws {
        try await db.insert(
            "people",
            ["id": .int(id), "name": .string(name), "country": .string("FR"), "number": .int(id), "age": .int(age)])
    }
}

extension Array where Element == Int {
    /// The array if it has each of `all` once, else `all`: seven steps reach every place only if seven does not divide them.
    fileprivate func uniqued(orAll all: Range<Int>) -> [Int] { Set(self).count == all.count ? self : Array(all) }
}
