import CairnCore
import CairnSchema

/// Shows records, or rows of what a query selects, one after the other.
protocol RecordOutput {
    /// Takes the values of a row, and the record they are if they are one; shows them now or a little later.
    mutating func add(_ values: [Value], of record: Record?, _ console: Console)
    /// Shows what is left.
    mutating func end(_ console: Console)
}

extension RecordOutput {
    /// Takes a record.
    mutating func add(_ record: Record, _ console: Console) { add(record.values, of: record, console) }
}

/// Each record as JSON in a line of its own.
struct RecordLines: RecordOutput {
    private let columns: [SelectedColumn]
    private let showsSensitive: Bool

    init(_ columns: [SelectedColumn], showsSensitive: Bool) {
        self.columns = columns
        self.showsSensitive = showsSensitive
    }

    mutating func add(_ values: [Value], of record: Record?, _ console: Console) {
        let line = JSONText.compact { writer in
            writer.object { writer in
                for (column, value) in zip(columns, values) {
                    writer.name(column.name)
                    if column.isSensitive, !showsSensitive {
                        writer.string(GetCommand.hidden)
                    } else {
                        ValueJSON.write(value, to: &writer)
                    }
                }
                guard let record else { return }
                writer.member("_revision", .int(record.revision))
                writer.member("_created_at", .string(record.createdAt.description))
                writer.member("_updated_at", .string(record.updatedAt.description))
            }
        }
        console.print(line)
    }

    mutating func end(_ console: Console) {}
}

/// Values with commas between them (RFC 4180). Null is nothing, and the empty text two quotes: so of one column alone null is an empty
/// line, which is a record of RFC 4180, though some programs leave it out. The help of the command says so.
struct RecordCSV: RecordOutput {
    private let columns: [SelectedColumn]
    private let showsSensitive: Bool
    private var hasHeader = false

    init(_ columns: [SelectedColumn], showsSensitive: Bool) {
        self.columns = columns
        self.showsSensitive = showsSensitive
    }

    mutating func add(_ values: [Value], of record: Record?, _ console: Console) {
        printHeader(console)
        let fields = zip(columns, values).map { column, value in
            column.isSensitive && !showsSensitive ? GetCommand.hidden : RecordCSV.field(value)
        }
        console.print(fields.joined(separator: ",") + "\r")
    }

    mutating func end(_ console: Console) { printHeader(console) }

    private mutating func printHeader(_ console: Console) {
        if hasHeader { return }
        hasHeader = true
        console.print(columns.map { RecordCSV.quoted($0.name) }.joined(separator: ",") + "\r")
    }

    /// A value as text: that of JSON, without the quotes around it.
    static func field(_ value: Value) -> String {
        switch ValueJSON.value(value) {
        case .null: value.isNull ? "" : "null"
        case .string(let text): quoted(text)
        case let json: quoted(json.description)
        }
    }

    private static func quoted(_ text: String) -> String {
        guard text.isEmpty || text.utf8.contains(where: { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }) else { return text }
        return "\"\(text.replacing("\"", with: "\"\""))\""
    }
}

/// Records for people: columns aligned by what stands in the first thousand.
struct RecordTable: RecordOutput {
    /// How many records are looked at before the first is shown.
    private static let sample = 1000
    /// How wide a value gets; what is longer is cut.
    static let widest = 60

    private let columns: [SelectedColumn]
    /// What one row is called.
    private let unit: String
    private let showsSensitive: Bool
    private var waiting: [[String]] = []
    private var widths: [Int]?
    private var count = 0

    init(_ columns: [SelectedColumn], unit: String = "record", showsSensitive: Bool) {
        self.columns = columns
        self.unit = unit
        self.showsSensitive = showsSensitive
    }

    mutating func add(_ values: [Value], of record: Record?, _ console: Console) {
        count += 1
        let cells = zip(columns, values).map { column, value in
            column.isSensitive && !showsSensitive
                ? GetCommand.hidden : RecordTable.shortened(Printable.value(value))
        }
        if let widths {
            console.print(line(cells, widths))
        } else {
            waiting.append(cells)
            if waiting.count == RecordTable.sample { show(console) }
        }
    }

    mutating func end(_ console: Console) {
        if widths == nil { show(console) }
        console.report(count == 1 ? "1 \(unit)" : "\(count) \(unit)s")
    }

    private mutating func show(_ console: Console) {
        let names = columns.map(\.name)
        let widths = names.indices.map { column in
            waiting.reduce(names[column].count) { max($0, $1[column].count) }
        }
        if !waiting.isEmpty {
            let heading = zip(names, widths).map { name, width in
                console.paint(name, .name) + String(repeating: " ", count: width - name.count)
            }
            console.print(RecordTable.trimmingEnd(heading.joined(separator: "  ")))
        }
        for cells in waiting { console.print(line(cells, widths)) }
        waiting = []
        self.widths = widths
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        let padded = zip(columns, zip(cells, widths)).map { column, cell in
            let padding = String(repeating: " ", count: max(0, cell.1 - cell.0.count))
            return RecordTable.isRight(column.type) ? padding + cell.0 : cell.0 + padding
        }
        return RecordTable.trimmingEnd(padded.joined(separator: "  "))
    }

    /// Numbers stand below one another by their ends.
    private static func isRight(_ type: ValueType) -> Bool { type == .int || type == .double || type == .decimal }

    private static func trimmingEnd(_ text: String) -> String {
        var text = text
        while text.hasSuffix(" ") { text.removeLast() }
        return text
    }

    private static func shortened(_ text: String) -> String {
        text.count > widest ? text.prefix(widest - 1) + "…" : text
    }
}
