import CairnCore
import CairnSchema

/// `cairn query`: asks a store, and shows the records.
struct QueryCommand: Command {
    let signature = Signature(
        name: "query", purpose: "asks a store, and shows the records",
        operands: [
            ExistingStore.operand,
            Operand(
                name: "QUERY",
                help: "TABLE [select …] [where …] [group by …] [having …] [order by COLUMN [desc], …] [limit N]"),
        ],
        options: [
            ParameterOption.option
        ] + PastMoment.options + [
            Option(
                name: "csv", help: "commas between values, a record a line, the names of the columns first (RFC 4180)"),
            Option(name: "show-sensitive", help: "show the columns the schema declares sensitive"),
        ],
        notes: [
            "A condition compares columns with values (= != < <= > >=, between 1 and 5, in (1, 2), is null, begins with, ends with, contains, like, matches, equals, these with ignoring case behind them: name equals \"rome\" ignoring case), with one another and with what is computed (+ - * /, count(name)), joined by and, or, not and brackets. Texts, times and ids stand in double or single quotes. A path leads into JSON: settings[\"theme\"] = \"dark\".",
            "Conditions lead to other tables: country.name = \"France\" to the record that a reference names, exists cities by country (population > 1_000_000) to those that refer to one, country in (select iso from countries order by population desc limit 10) to the values of other rows.",
            "With select it shows columns in place of whole records, or aggregates: count(), count(timezone), count(distinct timezone), sum, average, min, max. With group by a row for each group, having chooses among them and order by orders them; without, one row of all.",
            "A query that begins with a brace is read as JSON: { \"from\": \"cities\", \"where\": { \"country\": \"FR\", \"population\": { \">\": 100000 } }, \"order\": [\"name\"], \"limit\": 10 }. Places in messages are places in it.",
            ParameterOption.note,
            "With --csv null is nothing, and the empty text two quotes. Of one column alone null is then an empty line: where a program skips those, select a second one, such as the key.",
            "With --json each record is an object in a line of its own; without select it has all columns as they are stored and _revision, _created_at, _updated_at. All records are of one moment, and are shown as they are read: a query of a large table needs little memory where an index or the key has its order.",
            PastMoment.note, ExistingStore.note,
        ],
        examples: [
            "cairn query sqlite:atlas.db 'cities where country = \"FR\" and population > 100_000 order by name limit 10'",
            "cairn query file:atlas/ 'countries where languages contains \"fr\"' --csv",
            "cairn query sqlite:atlas.db 'cities select country, count(), sum(population) group by country having count() > 10 order by sum(population) desc limit 5'",
            "cairn query sqlite:atlas.db 'cities where country = $c' --set \"c=$COUNTRY\"",
            "cairn query file:atlas/ 'cities where country = \"FR\"' --as-of 4711",
            "cairn query sqlite:atlas.db '{ \"from\": \"cities\", \"where\": { \"country\": \"FR\" }, \"limit\": 10 }'",
        ])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        guard !(arguments.isJSON && arguments.has("csv")) else {
            throw CommandError(.usage, "--json and --csv are two forms of the same", remedy: "choose one")
        }
        let moment = try PastMoment(arguments)
        try await ExistingStore.with(arguments.operand("STORE")) { store in
            let query = try DynamicQuery(
                parsing: arguments.operand("QUERY"), schema: store.schema, texts: try ParameterOption.texts(arguments))
            let showsSensitive = arguments.has("show-sensitive")
            var output: any RecordOutput =
                if arguments.isJSON {
                    RecordLines(query.columns, showsSensitive: showsSensitive)
                } else if arguments.has("csv") {
                    RecordCSV(query.columns, showsSensitive: showsSensitive)
                } else {
                    RecordTable(
                        query.columns, unit: query.isOfRecords ? "record" : "row", showsSensitive: showsSensitive)
                }
            // Who has seen enough has gone.
            try await moment.read(store) { session in
                if case .records(let records) = query.content {
                    try await session.read(records) { row in
                        output.add(try Record(row: row), console)
                        return console.failure == nil
                    }
                } else {
                    try await session.read(query) { row in
                        output.add(row.values, of: nil, console)
                        return console.failure == nil
                    }
                }
            }
            output.end(console)
        }
        return .done
    }
}

extension DynamicQuery {
    /// Whether it gives whole records.
    fileprivate var isOfRecords: Bool {
        if case .records = content { return true }
        return false
    }
}
