import Cairn
import CairnCore
import CairnSchema
import ObjectStorage

/// `cairn rebuild`: makes a store again from its record files.
struct RebuildCommand: Command {
    let signature = Signature(
        name: "rebuild", purpose: "makes a store in a folder or a bucket again from its record files",
        operands: [ExistingStore.workedOn],
        options: [
            Option(name: "force", help: "also when nothing seems to be missing"),
            Option(
                name: "no-wait", help: "no other program has the store open: do not wait until it cannot write any more"
            ),
            Option(
                name: "accept", value: "PROBLEM", isRepeated: true,
                help: "rebuild in spite of problems of this kind",
                kind: .choice(RebuildProblem.Kind.allCases.map(\.rawValue))),
            Option(name: "schema", value: "FILE", help: "the schema, where nothing in the store says it", kind: .file),
        ],
        notes: [
            "For a store whose log, checkpoints or index files are lost or damaged. What the log still has beyond the record files is written into them; everything keeps its revisions and times. Everything is checked before anything is written, also against the newest checkpoint as far as that can be read: with problems nothing is changed, and all of them are named. Records that are accepted in spite of one stay as they are; files that cannot be read are left where they are, and out of the indexes; a record whose file is missing is lost.",
            "Where other programs may have the store open it tells them that it is another one now, and waits half an hour by the store's clock. They must open it again.",
            ExistingStore.note, "Exits with 1 when there are problems in the way.",
        ],
        examples: [
            "cairn rebuild file:atlas/", "cairn rebuild s3://photos/atlas --no-wait",
            "cairn rebuild file:atlas/ --accept unreadable_file",
        ])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let address = arguments.operand("STORE")
        let schema = try arguments.value("schema").map { try AdoptCommand.schema($0) }
        let opened = try await Stores.objects(at: StoreURL(address), writes: true)
        var options = RebuildOptions()
        options.isForced = arguments.has("force")
        options.waits = !arguments.has("no-wait")
        options.accepted = Set(arguments.values("accept").compactMap(RebuildProblem.Kind.init))
        options.schema = schema
        options.recordAttributes = opened.options.recordAttributes
        options.recordTags = opened.options.recordTags
        let progress = console.progress
        defer { progress.end() }
        let report = try await ObjectStorage.rebuild(opened.objects, options) { state in
            progress.show(RebuildCommand.line(state))
        }
        progress.end()
        let view = RebuildView(report, address, isForced: options.isForced)
        console.print(arguments.isJSON ? view.json : view.text(console))
        return report.isDone ? .done : .found
    }

    /// How far one is, in words.
    static func line(_ state: RebuildProgress) -> String {
        let total = state.total.map { " of \($0)" } ?? ""
        return switch state.phase {
        case .log: "log: \(state.done)\(total) records"
        case .files: "\(state.table ?? "files"): \(state.done)\(total) files"
        case .waiting: "waits until nobody else can write: \(state.done)\(total) s"
        case .writing: "writes: \(state.done)\(total) objects"
        }
    }
}

/// What a rebuild came to, as it is shown.
private struct RebuildView {
    private let report: RebuildReport
    private let address: String
    private let isForced: Bool

    init(_ report: RebuildReport, _ address: String, isForced: Bool) {
        self.isForced = isForced
        self.report = report
        self.address = address
    }

    func text(_ console: Console) -> String {
        var lines = report.problems.map { problem in
            let kind = console.paint("\(problem.kind.rawValue):", report.isDone ? .warning : .error)
            return "\(kind) \(Printable.line(problem.object))\n  \(Printable.line(problem.message))"
        }
        lines += report.notes.map { "\(console.paint("note:", .warning)) \(Printable.line($0))" }
        let rows = report.tables.map { table in
            [
                table.name, "\(table.records) records", "\(table.deleted) deleted",
                table.fromLog == 0 ? "" : "\(table.fromLog) files written from the log",
            ]
        }
        lines += TextTable.lines(rows)
        if report.isDone {
            lines.append("Rebuilt. Commits go on behind number \(report.commit).")
        } else {
            let kinds =
                (isForced ? ["--force"] : [])
                + Set(report.problems.map(\.kind.rawValue)).sorted().map { "--accept \($0)" }
            lines.append(
                "Nothing was changed: \(report.problems.count) problems. Mend the files, or accept them: cairn rebuild \(ShellText.quoted(address)) \(kinds.joined(separator: " "))"
            )
        }
        return lines.joined(separator: "\n")
    }

    var json: String {
        JSONText.pretty { writer in
            writer.object { writer in
                writer.member("store", .string(address))
                writer.member("rebuilt", .bool(report.isDone))
                writer.member("commit", report.isDone ? .int(report.commit) : .null)
                writer.members("tables", report.tables) { table, writer in
                    writer.member("name", .string(table.name))
                    writer.member("records", .int(table.records))
                    writer.member("deleted", .int(table.deleted))
                    writer.member("from_log", .int(table.fromLog))
                }
                writer.members("problems", report.problems) { problem, writer in
                    writer.member("kind", .string(problem.kind.rawValue))
                    writer.member("object", .string(problem.object))
                    writer.member("table", problem.table.map(JSONValue.string) ?? .null)
                    writer.member("id", problem.id.map(JSONValue.string) ?? .null)
                    writer.member("message", .string(problem.message))
                }
                writer.member("notes", .array(report.notes.map(JSONValue.string)))
            }
        }
    }
}
