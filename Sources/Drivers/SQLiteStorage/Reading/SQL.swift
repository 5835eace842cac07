public import CairnCore

/// A statement of SQL with its values, each of which is bound and never part of the text:
/// `"SELECT name FROM cities WHERE population > \(least) ORDER BY name"`.
///
/// It is made of a literal. A `String` of the program is no SQL, and one that stands in `\( )` is a value like any other, whatever it
/// says. Values are stored as the columns of Cairn store them: times in microseconds since 1970, dates in days, truth values as 0
/// and 1, UUIDs and decimals as blobs, arrays and JSON as JSON text.
public struct SQL: ExpressibleByStringInterpolation, Sendable {
    /// The text, with a `?` for each value.
    public let text: String
    /// The values, in the order of the text.
    public let values: [Value]

    /// A statement without values.
    public init(stringLiteral text: String) {
        self.text = text
        values = []
    }

    /// A statement with values.
    public init(stringInterpolation parts: StringInterpolation) {
        text = parts.text
        values = parts.values
    }

    /// Takes text from the literal, and values from what is interpolated.
    public struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""
        fileprivate var values: [Value] = []

        /// For the compiler.
        public init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + interpolationCount)
        }

        /// Text of the literal.
        public mutating func appendLiteral(_ literal: String) { text += literal }

        /// A value of the type of a column.
        public mutating func appendInterpolation(_ value: some ColumnValue) {
            text += "?"
            values.append(value.columnValue)
        }

        /// Several values, for `IN`: `"… WHERE country IN \(list: countries)"`. Of none it is an empty list.
        public mutating func appendInterpolation(list: some Sequence<some ColumnValue>) {
            let list = list.map(\.columnValue)
            text += "(\(repeatElement("?", count: list.count).joined(separator: ", ")))"
            values += list
        }
    }
}

/// A row that SQL gave: values as SQLite has them, by the names or the positions of its columns.
public struct SQLRow: Sendable, Hashable {
    /// The names of the columns: those of `AS` where the statement says so.
    public let columns: [String]
    /// The values: null, `int`, `double`, `string` or `bytes`.
    public let values: [Value]

    /// The value of a column as a type that columns can have, such as `String`, `Int?`, `Timestamp`, `City.ID`.
    /// - Throws: `query.invalid` when there is no such column, or its value is not of the type.
    public func get<Result: ColumnValue>(_ column: String, as type: Result.Type = Result.self) throws -> Result {
        guard let place = columns.firstIndex(where: { Utf8.equal($0, column) }) else {
            throw StorageError(
                .query, "the row has no column '\(column)'",
                remedy: NearestName.hintOrList(column, among: columns))
        }
        return try get(place, as: type)
    }

    /// The value at a position, as a type that columns can have.
    /// - Throws: `query.invalid` when there is no such column, or its value is not of the type.
    public func get<Result: ColumnValue>(_ place: Int, as type: Result.Type = Result.self) throws -> Result {
        guard values.indices.contains(place) else {
            throw StorageError(.query, "the row has \(values.count) columns, and none at position \(place)")
        }
        for form in SQLRow.forms(of: values[place]) {
            if let result = Result(columnValue: form) { return result }
        }
        throw StorageError(
            .query, "the value of column '\(columns[place])' is not a \(Result.self)",
            remedy: "ask for the type the statement gives; one that may be null is an optional")
    }

    /// What a value of SQLite may be a stored form of, the plainest first.
    private static func forms(of value: Value) -> [Value] {
        switch value {
        case .int(let int):
            var forms: [Value] = [value, .double(Double(int))]
            if int == 0 || int == 1 { forms.append(.bool(int == 1)) }
            if let time = Timestamp(microseconds: Int64(int)) { forms.append(.timestamp(time)) }
            if let date = CalendarDate(daysSinceEpoch: int) { forms.append(.date(date)) }
            return forms
        case .bytes(let bytes):
            let uuid = bytes.withUnsafeBytes { UUID(bytes: $0) }
            return [value] + [uuid.map(Value.uuid), SQLiteColumn.decimal(bytes).map(Value.decimal)].compactMap(\.self)
        case .string(let text):
            let arrays = SQLRow.elements.lazy.compactMap { ValueJSON.parse(text, as: .array($0)) }
            return [value] + [(try? JSONValue(parsing: text)).map(Value.json)].compactMap(\.self) + arrays
        default: return [value]
        }
    }

    private static let elements: [ValueType] = [
        .string, .int, .double, .bool, .uuid, .bytes, .timestamp, .date, .decimal, .json,
    ]
}
