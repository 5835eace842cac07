import CairnCore
import CairnSchema
import SQLiteStorage

/// What the values of one column of a SQLite database are, over all rows.
struct ColumnFacts {
    /// The kinds of values that SQLite tells apart.
    private(set) var nulls = 0
    private(set) var ints = 0
    private(set) var reals = 0
    private(set) var texts = 0
    private(set) var blobs = 0
    /// The largest integer, whatever its sign.
    private var largest = 0
    /// Whether every real number can be a Julian day of the years 1 to 4000.
    private var areJulian = true
    /// The types that no value has ruled out.
    private var possible: Set<ValueType> = [
        .bool, .int, .double, .decimal, .date, .timestamp, .uuid, .json, .string, .bytes,
    ]

    mutating func add(_ value: ForeignValue) {
        switch value {
        case .null:
            nulls += 1
            return
        case .int(let int):
            ints += 1
            largest = max(largest, int == .min ? .max : abs(int))
        case .real(let real):
            reals += 1
            areJulian = areJulian && (1_721_000...3_200_000).contains(real)
        case .text, .brokenText: texts += 1
        case .blob: blobs += 1
        }
        // Which unit numbers count is known only at the end; that they can be times shows then.
        possible = possible.filter { type in
            switch (type, value) {
            case (.timestamp, .int), (.date, .int), (.timestamp, .real), (.date, .real): true
            // Any number is JSON, and any text in quotes: that a column is meant to be shows by its objects and lists.
            case (.json, .text(let text)): text.first == "{" || text.first == "[" ? converts(value, type) : false
            default: converts(value, type)
            }
        }
    }

    private func converts(_ value: ForeignValue, _ type: ValueType) -> Bool {
        ForeignConversion(type: type).value(value) != nil
    }

    var count: Int { ints + reals + texts + blobs }

    /// Whether all values are of a type.
    func fits(_ type: ValueType) -> Bool { possible.contains(type) }

    /// How values become those of a type.
    func conversion(to type: ValueType) -> ForeignConversion {
        ForeignConversion(
            type: type, integers: .init(largest: largest), reals: reals > 0 && areJulian ? .julianDays : .seconds)
    }

    /// The type for a column that was declared as so: what is meant if all values are that, else what they are.
    func type(declared: String) -> ValueType {
        let meant = ColumnFacts.meaning(of: declared)
        if let meant, count == 0 || fits(meant) { return meant }
        let stored: [ValueType] = [.int, .double, .string, .bytes]
        if count > 0, let type = stored.first(where: fits) { return type }
        // Of several kinds: the declared one, so that those of other kinds are found.
        if let meant, meant == .int || meant == .double || meant == .bytes || meant == .decimal { return meant }
        return .string
    }

    /// What somebody meant who declared a column as so; nil for a word that means nothing (sqlite.org, "Datatypes In SQLite", and the
    /// words that other databases have).
    static func meaning(of declared: String) -> ValueType? {
        let text = declared.uppercased()
        func has(_ words: String...) -> Bool { words.contains { text.contains($0) } }
        if has("BOOL") { return .bool }
        if has("DATETIME", "TIMESTAMP") { return .timestamp }
        if text.hasPrefix("DATE") { return .date }
        if has("UUID", "GUID", "UNIQUEIDENTIFIER") { return .uuid }
        if has("JSON") { return .json }
        if has("DECIMAL", "NUMERIC", "MONEY", "CURRENCY") { return .decimal }
        if has("INT") { return .int }
        if has("CHAR", "CLOB", "TEXT", "STRING", "ENUM") || text == "TIME" { return .string }
        if has("BLOB", "BINARY", "BYTEA") { return .bytes }
        if has("REAL", "FLOA", "DOUB") { return .double }
        return nil
    }
}
