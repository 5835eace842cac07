import Cairn
import CairnCore
import CairnSchema
import SQLiteStorage

/// `cairn adopt sqlite:FILE`: proposes a schema for a database that Cairn did not make, and takes its rows into a new store.
struct SQLiteAdopting {
    let address: String
    let arguments: ParsedArguments
    let console: Console

    func run() async throws -> ExitCode {
        let target = try self.target()
        let given = try arguments.value("schema").map { try AdoptCommand.schema($0) }
        let database = try ForeignDatabase(path: StoreURL(address).path)
        defer { console.progress.end() }
        let survey = try await SQLiteSurvey(database, console.progress)
        var view = SQLiteAdoptingView(address: address, target: arguments.value("to"))
        let schema: Schema
        if let given {
            schema = given
        } else {
            let proposal = SQLiteProposal(survey, of: address)
            view.proposal = proposal.text
            view.notes = proposal.notes
            let isSilent = arguments.isJSON || target != nil
            let proposed = try ProposedSchema(proposal.text, arguments, isSilent: isSilent, console)
            guard let readable = proposed.schema else {
                view.notes += proposed.notes
                view.show(arguments, console)
                return .found
            }
            schema = readable
        }
        let adoption = SQLiteAdoption(database: database, survey: survey, schema: schema, progress: console.progress)
        let report = try await adoption.check()
        view.report = report
        if report.problemCount == 0, let target { try await write(adoption, to: target) }
        console.progress.end()
        view.isDone = report.problemCount == 0 && target != nil
        view.show(arguments, console)
        return report.problemCount == 0 ? .done : .found
    }

    /// Where the new store is to be; nil when nothing is to be written.
    private func target() throws -> StoreURL? {
        for option in ["write", "leave-failing"] where arguments.has(option) {
            throw CommandError(
                .usage, "'--\(option)' is for folders and buckets: a SQLite database is never changed",
                remedy: "name a new store with --to, such as --to sqlite:new.db or --to s3://bucket/prefix")
        }
        guard let text = arguments.value("to") else { return nil }
        let target = try StoreURL(text)
        guard target.isPersistent else {
            throw CommandError(.usage, "\(target) ends with this program", remedy: "name a store that outlives it")
        }
        return target
    }

    private func write(_ adoption: SQLiteAdoption, to target: StoreURL) async throws {
        let storage = try await Stores.storage(at: arguments.value("to") ?? "")
        do {
            guard try await storage.schema() == nil else {
                throw CommandError(
                    .usage, "there is a store at \(target) already", remedy: "name a place where there is none")
            }
            let store = try await Store.open(storage, schema: adoption.schema)
            do {
                try await adoption.write(into: store)
            } catch let error as StorageError {
                throw StorageError(
                    error.code, "\(error.message); \(target) has a part of the rows",
                    remedy: "remove it, and adopt again: \(error.remedy ?? "the database was not changed")",
                    isRetryable: error.isRetryable, details: error.details)
            }
            try await store.close()
        } catch {
            // The first error is the one to tell.
            try? await storage.close()
            throw error
        }
    }
}

/// What it came to, as it is shown.
private struct SQLiteAdoptingView {
    let address: String
    let target: String?
    /// The proposed schema; nil when one was given.
    var proposal: String?
    var notes: [String] = []
    var report: SQLiteAdoption.Report?
    var isDone = false

    init(address: String, target: String?) {
        self.address = address
        self.target = target
    }

    private var allNotes: [String] { notes + (report?.notes ?? []) }

    func show(_ arguments: ParsedArguments, _ console: Console) {
        if arguments.isJSON { console.print(json) } else { write(console) }
    }

    /// To the output if a store was to be made; else to the error output, because the output has the schema.
    private func write(_ console: Console) {
        let stream: Console.Stream = proposal != nil && target == nil ? .errors : .output
        for note in allNotes {
            console.write("\(console.paint("note:", .warning, on: stream)) \(Printable.line(note))", to: stream)
        }
        guard let report else { return }
        for problem in report.problems {
            let place = ["table '\(problem.table)'", "row \(problem.row)", problem.column.map { "column '\($0)'" }]
                .compactMap { $0 }.joined(separator: ", ")
            console.write(
                "\(console.paint(Printable.line(place), .error, on: stream)): \(Printable.line(problem.message))",
                to: stream)
        }
        if report.problemCount > report.problems.count {
            console.write("and \(report.problemCount - report.problems.count) more", to: stream)
        }
        for line in TextTable.lines(report.tables.map { [$0.name, "\($0.rows) rows"] }) {
            console.write(line, to: stream)
        }
        console.write(verdict(report), to: stream)
    }

    private func verdict(_ report: SQLiteAdoption.Report) -> String {
        if report.problemCount > 0 {
            return
                "\(report.problemCount) rows do not fit. Nothing was written. Change the schema, or the rows in a copy of the database."
        }
        if isDone, let target { return "Adopted: \(ShellText.quoted(target)) has all rows. \(address) is as it was." }
        return "All rows fit the schema. Nothing was written; --to STORE makes a store of them."
    }

    private var json: String {
        JSONText.pretty { writer in
            writer.object { writer in
                writer.member("address", .string(address))
                writer.member("to", target.map(JSONValue.string) ?? .null)
                writer.member("adopted", .bool(isDone))
                writer.member("schema", proposal.map(JSONValue.string) ?? .null)
                writer.members("tables", report?.tables ?? []) { table, writer in
                    writer.member("name", .string(table.name))
                    writer.member("rows", .int(table.rows))
                }
                writer.member("problem_count", .int(report?.problemCount ?? 0))
                writer.members("problems", report?.problems ?? []) { problem, writer in
                    writer.member("table", .string(problem.table))
                    writer.member("row", .string(problem.row))
                    writer.member("column", problem.column.map(JSONValue.string) ?? .null)
                    writer.member("message", .string(problem.message))
                }
                writer.member("notes", .array(allNotes.map(JSONValue.string)))
            }
        }
    }
}
