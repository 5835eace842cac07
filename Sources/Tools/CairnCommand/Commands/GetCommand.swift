import CairnCore
import CairnSchema

/// `cairn get`: shows one record.
struct GetCommand: Command {
    let signature = Signature(
        name: "get", purpose: "shows one record of a store",
        operands: [
            ExistingStore.operand,
            Operand(name: "TABLE", help: "the table, as the schema calls it"),
            Operand(
                name: "KEY",
                help: "the key of the record, as messages of Cairn write it, or its plain value; parts joined by '/'"),
        ],
        options: PastMoment.options + [
            Option(name: "show-sensitive", help: "show the columns the schema declares sensitive")
        ],
        notes: [PastMoment.note, ExistingStore.note, "Exits with 1 when there is no such record."],
        examples: [
            "cairn get sqlite:atlas.db cities 2988507", "cairn get sqlite:atlas.db countries FR --json",
            "cairn get file:atlas/ cities 2988507 --pinned june",
            "cairn get 's3://photos/atlas?region=eu-west-1' cities 2988507",
        ])

    /// What stands for a value that is not shown, here as in query plans.
    static let hidden = "•••"

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let moment = try PastMoment(arguments)
        return try await ExistingStore.with(arguments.operand("STORE")) { store in
            let table = try store.table(named: arguments.operand("TABLE"))
            let key = try KeyArgument.key(arguments.operand("KEY"), of: table)
            let found = try await moment.read(store) { session in
                try await RecordRepository(session, table: table.name).find(key)
            }
            guard let record = found else {
                ErrorReport.write(StorageError.missing(table, key), console, isJSON: arguments.isJSON)
                return .found
            }
            let view = RecordView(record, showsSensitive: arguments.has("show-sensitive"))
            console.print(arguments.isJSON ? view.json : view.text(console))
            return .done
        }
    }
}

/// A record as it is shown.
private struct RecordView {
    private let record: Record
    private let showsSensitive: Bool

    init(_ record: Record, showsSensitive: Bool) {
        self.record = record
        self.showsSensitive = showsSensitive
    }

    /// The columns in the order of the schema, then what Cairn keeps; nil for a value that is not shown.
    private var members: [(name: String, value: Value?)] {
        let columns = record.table.columns.map { column in
            (column.name, column.isSensitive && !showsSensitive ? nil : record.values[column.position])
        }
        return columns + [
            ("_revision", .int(record.revision)), ("_created_at", .timestamp(record.createdAt)),
            ("_updated_at", .timestamp(record.updatedAt)),
        ]
    }

    func text(_ console: Console) -> String {
        let width = members.map(\.name.count).max() ?? 0
        let lines = members.map { name, value in
            let padding = String(repeating: " ", count: width - name.count)
            return "\(console.paint(name, .name))\(padding)  \(value.map(Printable.value) ?? GetCommand.hidden)"
        }
        return lines.joined(separator: "\n")
    }

    var json: String {
        JSONText.object(members.map { ($0.name, $0.value.map(ValueJSON.value) ?? .string(GetCommand.hidden)) })
    }
}
