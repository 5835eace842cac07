import CairnSchema

/// Reads of a program, from a store, a snapshot or a transaction of the expanded schema.
struct WindowReader: StorageReader {
    let view: WindowView
    let base: any StorageReader

    func get(_ table: Table, _ key: Key, _ body: (RowReader) throws -> Void) async throws -> Bool {
        let table = try view.table(table)
        return try await view.presenting {
            try await base.get(table.expanded, key) { row in try body(WindowRow(table, row)) }
        }
    }

    func get(_ table: Table, _ keys: [Key], _ body: (Int, RowReader) throws -> Void) async throws {
        let table = try view.table(table)
        try await view.presenting {
            try await base.get(table.expanded, keys) { place, row in try body(place, WindowRow(table, row)) }
        }
    }

    func rows(_ query: Query) async throws -> any RowCursor {
        QueryMeasure.current?.note { view.presented($0) }
        let rows = try await view.presenting { try await base.rows(try view.expanded(query)) }
        return WindowCursor(view, try view.table(query.table), rows)
    }

    func count(_ query: Query) async throws -> Int {
        try await view.presenting { try await base.count(try view.expanded(query)) }
    }

    func explain(_ query: Query) async throws -> QueryPlan {
        let plan = try await view.presenting { try await base.explain(try view.expanded(query)) }
        return view.presented(plan)
    }

    func aggregate(_ query: AggregateQuery) async throws -> [[Value]] {
        QueryMeasure.current?.note { view.presented($0) }
        return try await view.presenting { try await base.aggregate(try view.expanded(query)) }
    }

    func explain(_ query: AggregateQuery) async throws -> QueryPlan {
        let plan = try await view.presenting { try await base.explain(try view.expanded(query)) }
        return view.presented(plan)
    }
}

/// A row of the store with the columns of a program. Valid as long as the row it is made of.
private final class WindowRow: RowReader {
    private let base: RowReader
    private let places: [Int]

    init(_ table: WindowTable, _ base: RowReader) {
        self.base = base
        places = table.places
        super.init(table: table.presented)
    }

    override var revision: Int { base.revision }
    override var createdAt: Timestamp { base.createdAt }
    override var updatedAt: Timestamp { base.updatedAt }

    override func isNull(_ column: Int) throws -> Bool { try base.isNull(places[column]) }
    override func string(_ column: Int) throws -> String { try base.string(places[column]) }
    override func int(_ column: Int) throws -> Int { try base.int(places[column]) }
    override func double(_ column: Int) throws -> Double { try base.double(places[column]) }
    override func bool(_ column: Int) throws -> Bool { try base.bool(places[column]) }
    override func uuid(_ column: Int) throws -> UUID { try base.uuid(places[column]) }
    override func bytes(_ column: Int) throws -> [UInt8] { try base.bytes(places[column]) }
    override func timestamp(_ column: Int) throws -> Timestamp { try base.timestamp(places[column]) }
    override func date(_ column: Int) throws -> CalendarDate { try base.date(places[column]) }
    override func decimal(_ column: Int) throws -> DecimalNumber { try base.decimal(places[column]) }
    override func json(_ column: Int) throws -> JSONValue { try base.json(places[column]) }
    override func elements(_ column: Int) throws -> [Value] { try base.elements(places[column]) }
    override func value(_ column: Int) throws -> Value { try base.value(places[column]) }
}

private final class WindowCursor: RowCursor {
    private let view: WindowView
    private let table: WindowTable
    private let base: any RowCursor

    init(_ view: WindowView, _ table: WindowTable, _ base: any RowCursor) {
        self.view = view
        self.table = table
        self.base = base
    }

    func next(_ count: Int, _ body: (RowReader) throws -> Bool) async throws -> Bool {
        try await view.presenting { try await base.next(count) { row in try body(WindowRow(table, row)) } }
    }

    func close() { base.close() }
}

/// A snapshot of a program.
struct WindowSnapshot: StorageSnapshot {
    let reader: WindowReader
    let base: any StorageSnapshot

    init(_ view: WindowView, _ base: any StorageSnapshot) {
        reader = WindowReader(view: view, base: base)
        self.base = base
    }

    func close() async { await base.close() }
}

/// What reads through a window.
protocol WindowReading: StorageReader {
    var reader: WindowReader { get }
}

extension WindowReading {
    func get(_ table: Table, _ key: Key, _ body: (RowReader) throws -> Void) async throws -> Bool {
        try await reader.get(table, key, body)
    }

    func get(_ table: Table, _ keys: [Key], _ body: (Int, RowReader) throws -> Void) async throws {
        try await reader.get(table, keys, body)
    }

    func rows(_ query: Query) async throws -> any RowCursor { try await reader.rows(query) }
    func count(_ query: Query) async throws -> Int { try await reader.count(query) }
    func explain(_ query: Query) async throws -> QueryPlan { try await reader.explain(query) }

    func aggregate(_ query: AggregateQuery) async throws -> [[Value]] { try await reader.aggregate(query) }
    func explain(_ query: AggregateQuery) async throws -> QueryPlan { try await reader.explain(query) }
}

extension WindowSnapshot: WindowReading {}
