import CairnCore

/// Spans of days as conditions on columns of times and of days. The zones are those of the system: tzdata must be installed.
enum DaySpanCases {
    static let all: [ConformanceCase] =
        spans.map(span)
        + [
            ConformanceCase(.l0, "Today, yesterday, this and the last weeks, months and years are those of the zone") {
                store in
                let zone = try LocalZone("Europe/Paris")
                let now = try time("2026-03-31T22:30:00Z")
                let db = try await store.open(Schemas.indexedThings)
                // The instants are the beginnings of the days in Paris but for the first, which is the end of one.
                for (place, (instant, day)) in [
                    ("2025-04-01T21:59:59.999999Z", "2025-04-01"), ("2025-04-01T22:00:00Z", "2025-04-02"),
                    ("2026-03-01T23:00:00Z", "2026-03-02"), ("2026-03-18T23:00:00Z", "2026-03-19"),
                    ("2026-03-25T23:00:00Z", "2026-03-26"), ("2026-03-30T22:00:00Z", "2026-03-31"),
                    ("2026-03-31T22:00:00Z", "2026-04-01"), ("2026-04-01T22:00:00Z", "2026-04-02"),
                ].enumerated() {
                    try await db.insert(
                        "things",
                        ["id": .string("\(place)"), "instant": .timestamp(time(instant)), "day": .date(date(day))])
                }
                try await db.insert("things", ["id": .string("null")])
                for (span, wanted) in [
                    (DaySpan.today(in: zone, now: now), ["6"]), (.yesterday(in: zone, now: now), ["5"]),
                    (.last(1, .days, in: zone, now: now), ["6"]), (.last(2, .days, in: zone, now: now), ["5", "6"]),
                    (.last(7, .days, in: zone, now: now), ["4", "5", "6"]),
                    (.last(2, .weeks, in: zone, now: now), ["3", "4", "5", "6"]),
                    (.last(1, .months, in: zone, now: now), ["2", "3", "4", "5", "6"]),
                    (.last(1, .years, in: zone, now: now), ["1", "2", "3", "4", "5", "6"]),
                    // From a Monday to a Sunday.
                    (.thisWeek(in: zone, now: now), ["5", "6", "7"]),
                    (.thisMonth(in: zone, now: now), ["6", "7"]),
                    (.thisYear(in: zone, now: now), ["2", "3", "4", "5", "6", "7"]),
                ] {
                    for column in Column.allCases {
                        let condition = try column.isIn(span, db)
                        try expectEqual(try await db.keys(db.query("things", where: condition)), wanted, "\(span)")
                    }
                }
            },
            ConformanceCase(.l0, "A span without a day has no row, and every row is outside of it, null too") { store in
                let db = try await store.open(Schemas.indexedThings)
                try await db.insert(
                    "things",
                    [
                        "id": .string("a"), "instant": .timestamp(time("2026-01-01T12:00:00Z")),
                        "day": .date(date("2026-01-01")),
                    ])
                try await db.insert("things", ["id": .string("null")])
                for span in [
                    DaySpan(from: try date("2026-01-02"), to: try date("2026-01-01")), .last(0, .days),
                    .last(-1, .years),
                ] {
                    for column in Column.allCases {
                        let condition = try column.isIn(span, db)
                        try expectEqual(try await db.keys(db.query("things", where: condition)), [], "\(span)")
                        try expectEqual(try await db.session.count(db.query("things", where: condition)), 0, "\(span)")
                        try expectEqual(
                            try await db.keys(db.query("things", where: !condition)), ["a", "null"], "\(span)")
                    }
                }
            },
        ]

    /// The two columns a span is a condition on.
    private enum Column: String, CaseIterable {
        case instant, day

        func isIn(_ span: DaySpan, _ db: Store) throws -> Condition {
            let position = try db.column(rawValue, of: "things")
            return switch self {
            case .instant: TypedColumn<Timestamp?>(position).in(span)
            case .day: TypedColumn<CalendarDate?>(position).in(span)
            }
        }

        func value(_ text: String) throws -> Value {
            switch self {
            case .instant: .timestamp(try time(text))
            case .day: .date(try date(text))
            }
        }
    }

    private enum Zone: Sendable {
        case named(String)
        case minutes(Int)

        func zone() throws -> LocalZone {
            switch self {
            case .named(let name): try LocalZone(name)
            case .minutes(let minutes): try require(LocalZone(minutesFromUTC: minutes), "the zone at \(minutes)")
            }
        }
    }

    /// A span, and what is in it and what is not, from the earliest to the latest.
    private struct Span: Sendable {
        let name: String
        let column: Column
        let first: String
        let last: String
        let zone: Zone
        let inside: [String]
        let outside: [String]

        init(
            _ name: String, _ column: Column, _ first: String, _ last: String, in zone: Zone = .minutes(0),
            inside: [String], outside: [String]
        ) {
            self.name = name
            self.column = column
            self.first = first
            self.last = last
            self.zone = zone
            self.inside = inside
            self.outside = outside
        }
    }

    private static let spans: [Span] = [
        Span(
            "of 23 hours, where clocks are set forward", .instant, "2026-03-29", "2026-03-29",
            in: .named("Europe/Paris"),
            inside: ["2026-03-28T23:00:00Z", "2026-03-29T12:00:00Z", "2026-03-29T21:59:59.999999Z"],
            outside: ["2026-03-28T22:59:59.999999Z", "2026-03-29T22:00:00Z"]),
        Span(
            "of 25 hours, where they are set back", .instant, "2026-10-25", "2026-10-25", in: .named("Europe/Paris"),
            inside: [
                "2026-10-24T22:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T22:59:59.999999Z",
            ],
            outside: ["2026-10-24T21:59:59.999999Z", "2026-10-25T23:00:00Z"]),
        Span(
            "with two midnights", .instant, "2025-11-02", "2025-11-02", in: .named("America/Havana"),
            inside: ["2025-11-02T04:00:00Z", "2025-11-02T05:00:00Z", "2025-11-03T04:59:59.999999Z"],
            outside: ["2025-11-02T03:59:59.999999Z", "2025-11-03T05:00:00Z"]),
        Span(
            "that never was", .instant, "2011-12-30", "2011-12-30", in: .named("Pacific/Apia"), inside: [],
            outside: ["2011-12-30T09:59:59.999999Z", "2011-12-30T10:00:00Z"]),
        Span(
            "from the end of a February to the next day", .instant, "2024-02-29", "2024-03-01",
            inside: ["2024-02-29T00:00:00Z", "2024-03-01T23:59:59.999999Z"],
            outside: ["2024-02-28T23:59:59.999999Z", "2024-03-02T00:00:00Z"]),
        Span(
            "that is the first there is", .instant, "0001-01-01", "0001-01-01",
            inside: ["0001-01-01T00:00:00Z", "0001-01-01T23:59:59.999999Z"], outside: ["0001-01-02T00:00:00Z"]),
        Span(
            "that began before the first instant there is", .instant, "0001-01-01", "0001-01-01", in: .minutes(330),
            inside: ["0001-01-01T00:00:00Z", "0001-01-01T18:29:59.999999Z"], outside: ["0001-01-01T18:30:00Z"]),
        Span(
            "that is the last there is", .instant, "9999-12-31", "9999-12-31",
            inside: ["9999-12-31T00:00:00Z", "9999-12-31T23:59:59.999999Z"], outside: ["9999-12-30T23:59:59.999999Z"]),
        Span(
            "that ends after the last instant there is", .instant, "9999-12-31", "9999-12-31", in: .minutes(-330),
            inside: ["9999-12-31T05:30:00Z", "9999-12-31T23:59:59.999999Z"], outside: ["9999-12-31T05:29:59.999999Z"]),
        Span(
            "that has all times", .instant, "0001-01-01", "9999-12-31",
            inside: ["0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"], outside: []),
        Span(
            "of days, whatever the zone", .day, "2024-02-28", "2024-03-01", in: .named("Europe/Paris"),
            inside: ["2024-02-28", "2024-02-29", "2024-03-01"], outside: ["2024-02-27", "2024-03-02"]),
        Span(
            "of the first day alone", .day, "0001-01-01", "0001-01-01", in: .minutes(-330), inside: ["0001-01-01"],
            outside: ["0001-01-02"]),
        Span(
            "of the last day alone", .day, "9999-12-31", "9999-12-31", in: .minutes(330), inside: ["9999-12-31"],
            outside: ["9999-12-30"]),
        Span(
            "that has all days", .day, "0001-01-01", "9999-12-31",
            inside: ["0001-01-01", "1969-12-31", "1970-01-01", "9999-12-31"], outside: []),
    ]

    private static func span(_ span: Span) -> ConformanceCase {
        ConformanceCase(.l0, "A span \(span.name) has its \(span.column)s and no others, and null is on neither side") {
            store in
            let days = DaySpan(from: try date(span.first), to: try date(span.last), in: try span.zone.zone())
            for (name, schema) in [("plain", Schemas.things), ("indexed", Schemas.indexedThings)] {
                let db = try await store.open(schema, name: name)
                let column = span.column.rawValue
                for (prefix, texts) in [("in", span.inside), ("out", span.outside)] {
                    for (place, text) in texts.enumerated() {
                        try await db.insert(
                            "things", ["id": .string("\(prefix)\(place)"), column: span.column.value(text)])
                    }
                }
                try await db.insert("things", ["id": .string("null")])
                let condition = try span.column.isIn(days, db)
                let inside = span.inside.indices.map { "in\($0)" }
                try expectEqual(try await db.keys(db.query("things", where: condition)), inside, name)
                let order = [OrderTerm(column: try db.column(column, of: "things"), isDescending: true)]
                try expectEqual(
                    try await db.keys(db.query("things", where: condition, order: order)), inside.reversed(), name)
                try expectEqual(
                    try await db.keys(db.query("things", where: !condition)), span.outside.indices.map { "out\($0)" },
                    name)
            }
        }
    }

    private static func time(_ text: String) throws -> Timestamp { try require(Timestamp(text), text) }
    private static func date(_ text: String) throws -> CalendarDate { try require(CalendarDate(text), text) }
}
