import CairnCore

/// Values without anything in them: empty texts, bytes and lists, which are not null.
enum EmptyCases {
    static let all: [ConformanceCase] = [
        ConformanceCase(.l0, "A text, bytes or a list is empty with nothing in it, and null is neither empty nor not") {
            store in
            for (name, schema) in [("plain", Schemas.things), ("indexed", Schemas.indexedThings)] {
                let db = try await store.open(schema, name: name)
                var ids = ["null"]
                try await db.insert("things", ["id": .string("null")])
                // A row has a value in one column only: in the others it is null.
                for column in columns {
                    for (id, value) in [("empty", column.empty)] + column.others.enumerated().map({ ("\($0)", $1) }) {
                        ids.append("\(column.name)-\(id)")
                        try await db.insert("things", ["id": .string("\(column.name)-\(id)"), column.name: value])
                    }
                }
                ids.sort()
                for column in columns {
                    let position = try db.column(column.name, of: "things")
                    let isEmpty = column.isEmpty(position)
                    let empty = ["\(column.name)-empty"]
                    let others = column.others.indices.map { "\(column.name)-\($0)" }
                    try expectEqual(try await db.keys(db.query("things", where: isEmpty)), empty, column.name)
                    try expectEqual(try await db.keys(db.query("things", where: !isEmpty)), others, column.name)
                    // Empty is what has no length.
                    let noLength = Condition.computed(.count(column: position), .equal, .value(.int(0)))
                    try expectEqual(try await db.keys(db.query("things", where: noLength)), empty, column.name)
                    let orNull = isEmpty || .isNull(column: position)
                    try expectEqual(
                        try await db.keys(db.query("things", where: orNull)), ids.filter { !others.contains($0) },
                        column.name)
                    try expectEqual(try await db.session.count(db.query("things", where: isEmpty)), 1, column.name)
                }
            }
        }
    ]

    private struct Column: Sendable {
        let name: String
        let isEmpty: @Sendable (Int) -> Condition
        let empty: Value
        let others: [Value]
    }

    private static let columns = [
        Column(
            name: "text", isEmpty: { TypedColumn<String?>($0).isEmpty }, empty: .string(""),
            others: [.string(" "), .string("\0")]),
        Column(
            name: "raw", isEmpty: { TypedColumn<[UInt8]?>($0).isEmpty }, empty: .bytes([]),
            others: [.bytes([0]), .bytes([255])]),
        Column(
            name: "texts", isEmpty: { TypedColumn<[String]?>($0).isEmpty }, empty: .array([]),
            others: [.array([.string("")]), .array([.string("[]")])]),
        Column(
            name: "numbers", isEmpty: { TypedColumn<[Int]?>($0).isEmpty }, empty: .array([]),
            others: [.array([.int(0)])]),
        Column(
            name: "flags", isEmpty: { TypedColumn<[Bool]?>($0).isEmpty }, empty: .array([]),
            others: [.array([.bool(false)])]),
        Column(
            name: "raws", isEmpty: { TypedColumn<[[UInt8]]?>($0).isEmpty }, empty: .array([]),
            others: [.array([.bytes([])])]),
        Column(
            name: "days", isEmpty: { TypedColumn<[CalendarDate]?>($0).isEmpty }, empty: .array([]),
            others: [.array([.date(.min)])]),
        Column(
            name: "documents", isEmpty: { TypedColumn<[JSONValue]?>($0).isEmpty }, empty: .array([]),
            others: [.array([.json(.null)]), .array([.json(.array([]))])]),
    ]
}
