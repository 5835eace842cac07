import Cairn
import CairnCore
import CairnSchema
import ObjectStorage

/// `cairn adopt`: makes a store of records that another program wrote.
struct AdoptCommand: Command {
    let signature = Signature(
        name: "adopt", purpose: "makes a store of what another program wrote: records of DDAO, or a SQLite database",
        operands: [
            Operand(
                name: "ADDRESS",
                help:
                    "where the records are, such as file:folder/ or s3://bucket/prefix, or the database, such as sqlite:old.db"
            )
        ],
        options: [
            Option(name: "schema", value: "FILE", help: "the schema to check the records by, and to use", kind: .file),
            Option(
                name: "output", value: "FILE", help: "write the proposed schema there, and not to the output",
                kind: .file),
            Option(name: "write", help: "of a folder or bucket: make the store; without it nothing is changed"),
            Option(name: "to", value: "STORE", help: "of a SQLite database: write its rows into a new store there"),
            Option(name: "leave-failing", help: "with --write: leave records that cannot be adopted as they are"),
        ],
        notes: [
            "First without --write: reads every record and proposes a schema file, by what the program declared and by what the values are, and says what does not fit. Read it, change it, and check the records by it with --schema. Then --write makes the store around the records: each is committed first, then its file is written anew, in the envelope that DDAO reads too, its ids, values and times kept. Files that describe the tables, and files under other names than Cairn gives them, are kept in _trash/adopt/. It goes on where it was cut short.",
            "A SQLite database is read and never changed. Tables, columns, keys, unique and other indexes, foreign keys, defaults, and CHECK constraints that are lists or bounds become a schema file; what it cannot say is told, table by table. Names become lower snake case. Texts, numbers and blobs become times, days, truth values, decimals and UUIDs where columns are declared so. Every row is checked before any is written: a value that does not fit is named with table, row and column. --to then writes all rows into a new store, of any kind.",
            "Stop the other program first, and let it only read afterwards. A time with more than six digits behind the second loses those beyond.",
            ExistingStore.note,
            "Exits with 1 when records cannot be adopted: all of them are named, and without --leave-failing nothing is changed.",
        ],
        examples: [
            "cairn adopt s3://peers --output Schemas/peers.jsonc",
            "cairn adopt s3://peers --schema Schemas/peers.jsonc",
            "cairn adopt s3://peers --schema Schemas/peers.jsonc --write",
            "cairn adopt sqlite:shop.db --output Schemas/shop.jsonc",
            "cairn adopt sqlite:shop.db --schema Schemas/shop.jsonc --to s3://shop/data",
        ])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        try check(arguments)
        let address = arguments.operand("ADDRESS")
        if try StoreURL(address).scheme == .sqlite {
            return try await SQLiteAdopting(address: address, arguments: arguments, console: console).run()
        }
        if arguments.has("to") {
            throw CommandError(
                .usage, "'--to' is for a SQLite database: records in a folder or a bucket stay where they are",
                remedy: "make a store around them with --write")
        }
        let writes = arguments.has("write")
        let given = try arguments.value("schema").map { try AdoptCommand.schema($0) }
        let opened = try await Stores.objects(at: StoreURL(address), writes: writes)
        defer { console.progress.end() }
        var view = AdoptionView(address: address, writes: writes)
        let schema: Schema
        if let given {
            schema = given
        } else {
            let found = try await ForeignTables(objects: opened.objects, progress: console.progress).read()
            let proposal = SchemaProposal(found.schema, found.observations, of: address)
            view.proposal = proposal.text
            view.notes = found.notes + proposal.notes
            let proposed = try ProposedSchema(proposal.text, arguments, isSilent: arguments.isJSON || writes, console)
            guard let readable = proposed.schema else {
                view.notes += proposed.notes
                view.show(arguments, console)
                return .found
            }
            schema = readable
        }
        let adoption = Adoption(opened.objects, schema, opened.options) { [progress = console.progress] state in
            progress.show("\(state.isWriting ? "adopts" : "checks") \(state.table): \(state.done) records")
        }
        let report = try await writes ? adoption.run(leavingProblems: arguments.has("leave-failing")) : adoption.check()
        console.progress.end()
        view.report = report
        view.show(arguments, console)
        return report.problems.isEmpty ? .done : .found
    }

    private func check(_ arguments: ParsedArguments) throws {
        if arguments.has("schema"), arguments.has("output") {
            throw CommandError(
                .usage, "'--output' is for a proposed schema, and '--schema' gives one", remedy: "leave one of them out"
            )
        }
        if arguments.has("leave-failing"), !arguments.has("write") {
            throw CommandError(.usage, "'--leave-failing' needs '--write'", remedy: "leave it out")
        }
    }

    /// The schema of a file.
    static func schema(_ path: String) throws -> Schema {
        let file = try SchemaFile(path)
        guard let schema = file.outcome.schema, !file.outcome.diagnostics.contains(where: { $0.severity == .error })
        else {
            throw CommandError(
                .file, "\(path) has errors", remedy: "cairn check \(ShellText.quoted(path)) tells them")
        }
        return schema
    }
}

/// What an adoption came to, as it is shown.
private struct AdoptionView {
    let address: String
    let writes: Bool
    /// The proposed schema; nil when one was given.
    var proposal: String?
    var notes: [String] = []
    var report: AdoptionReport?

    init(address: String, writes: Bool) {
        self.address = address
        self.writes = writes
    }

    private var allNotes: [String] { notes + (report?.notes ?? []) }

    func show(_ arguments: ParsedArguments, _ console: Console) {
        if arguments.isJSON { console.print(json) } else { write(console) }
    }

    /// To the output if the store was to be made; else to the error output, because the output has the schema.
    private func write(_ console: Console) {
        let stream: Console.Stream = proposal != nil && !writes ? .errors : .output
        for note in allNotes {
            console.write("\(console.paint("note:", .warning, on: stream)) \(Printable.line(note))", to: stream)
        }
        guard let report else { return }
        for problem in report.problems {
            let object = console.paint(Printable.line(problem.object), .error, on: stream)
            console.write("\(object): \(Printable.line(problem.message))", to: stream)
        }
        let rows = report.tables.map { table in
            [table.name, "\(table.records) records", table.already == 0 ? "" : "\(table.already) in the store already"]
        }
        for line in TextTable.lines(rows) { console.write(line, to: stream) }
        console.write(verdict(report), to: stream)
    }

    private func verdict(_ report: AdoptionReport) -> String {
        let count = report.problems.count
        if report.isDone {
            return count == 0
                ? "Adopted. cairn doctor \(ShellText.quoted(address)) looks over it."
                : "Adopted, but for \(count) records, which were left as they are."
        }
        if count == 0 { return "All records fit the schema. Nothing was changed; --write makes the store." }
        return "\(count) records cannot be adopted as they are. Nothing was changed."
    }

    private var json: String {
        JSONText.pretty { writer in
            writer.object { writer in
                writer.member("address", .string(address))
                writer.member("adopted", .bool(report?.isDone ?? false))
                writer.member("schema", proposal.map(JSONValue.string) ?? .null)
                writer.members("tables", report?.tables ?? []) { table, writer in
                    writer.member("name", .string(table.name))
                    writer.member("records", .int(table.records))
                    writer.member("already", .int(table.already))
                }
                writer.members("problems", report?.problems ?? []) { problem, writer in
                    writer.member("object", .string(problem.object))
                    writer.member("table", .string(problem.table))
                    writer.member("message", .string(problem.message))
                }
                writer.member("notes", .array(allNotes.map(JSONValue.string)))
            }
        }
    }
}
