import Cairn
import CairnCore
import CairnSchema
import ObjectStorage

/// `cairn doctor`: finds out whether a store is what was committed, and mends what was edited by hand.
struct DoctorCommand: Command {
    let signature = Signature(
        name: "doctor", purpose: "finds what is wrong with a store",
        operands: [ExistingStore.workedOn],
        options: [
            Option(name: "accept-edits", help: "commit what was changed in record files, as new revisions"),
            Option(name: "undo-edits", help: "write the files again as they were committed, if the log still has them"),
        ],
        notes: [
            "In a folder or a bucket every record file is compared with the index: a listing for each thousand, and only those are read that are not as they were written; in a folder all are read. Files that were edited, damaged, added or removed are named, and what can be done. Others may write meanwhile.",
            "Of a SQLite store every record is read and counted.", ExistingStore.note,
            "What a server does with conditional requests 'cairn s3 doctor' finds out.",
            "Exits with 1 when something is wrong, or left wrong.",
        ],
        examples: [
            "cairn doctor file:atlas/", "cairn doctor s3://photos/atlas --json",
            "cairn doctor file:atlas/ --accept-edits",
        ])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let (accepts, undoes) = (arguments.has("accept-edits"), arguments.has("undo-edits"))
        guard !(accepts && undoes) else {
            throw CommandError(
                .usage, "'--accept-edits' and '--undo-edits' are the opposite of each other", remedy: "keep one of them"
            )
        }
        let action: EditAction = accepts ? .accept : undoes ? .undo : .report
        let address = arguments.operand("STORE")
        return try await ExistingStore.with(address, writes: action != .report) { store, storage in
            guard let objects = storage as? ObjectStorage else {
                guard action == .report else {
                    throw CommandError(
                        .usage, "\(address) has no record files that could be edited by hand",
                        remedy: "leave the option out")
                }
                return try await read(store, storage.capabilities, address, arguments, console)
            }
            return try await examine(objects, action, address, arguments, console)
        }
    }

    // MARK: Folders and buckets

    private func examine(
        _ storage: ObjectStorage, _ action: EditAction, _ address: String, _ arguments: ParsedArguments,
        _ console: Console
    ) async throws -> ExitCode {
        let progress = console.progress
        defer { progress.end() }
        let examination = try await storage.examine(action) { state in
            progress.show("\(state.table): \(state.done) of about \(state.total) files")
        }
        progress.end()
        let view = ExaminationView(examination, address)
        console.print(arguments.isJSON ? view.json : view.text(console))
        return examination.isSound ? .done : .found
    }

    // MARK: Other stores

    private func read(
        _ store: Store, _ capabilities: StorageCapabilities, _ address: String, _ arguments: ParsedArguments,
        _ console: Console
    ) async throws -> ExitCode {
        var tables: [ReadTable] = []
        defer { console.progress.end() }
        for table in store.schema.tables {
            var read = ReadTable(name: table.name)
            do {
                try await store.session.read(Query(table)) { _ in
                    read.records += 1
                    console.progress.show("\(table.name): \(read.records) records")
                    return true
                }
                let count = try await store.records(table.name).count()
                if count != read.records {
                    read.problem = "\(count) records are counted, and \(read.records) can be read"
                }
            } catch let error as StorageError where error.code == .damaged {
                read.problem = error.message
            }
            tables.append(read)
        }
        console.progress.end()
        console.print(
            arguments.isJSON ? ReadTable.json(tables, address, capabilities) : ReadTable.text(tables, console))
        return tables.allSatisfy { $0.problem == nil } ? .done : .found
    }
}

/// A table whose records were read.
private struct ReadTable {
    let name: String
    var records = 0
    var problem: String?

    static func text(_ tables: [ReadTable], _ console: Console) -> String {
        var lines = TextTable.lines(
            tables.map { table in
                [table.name, "\(table.records) records", table.problem.map { Printable.line($0) } ?? "readable"]
            })
        for (index, table) in tables.enumerated() where table.problem != nil {
            lines[index] = console.paint(lines[index], .error)
        }
        let isSound = tables.allSatisfy { $0.problem == nil }
        lines.append(
            isSound
                ? "Every record can be read. What SQLite itself can check, it checks: sqlite3 FILE 'pragma integrity_check'"
                : "Something is damaged: restore the file from a backup.")
        return lines.joined(separator: "\n")
    }

    static func json(_ tables: [ReadTable], _ address: String, _ capabilities: StorageCapabilities) -> String {
        JSONText.pretty { writer in
            writer.object { writer in
                writer.member("store", .string(address))
                writer.member("driver", .string(capabilities.driver))
                writer.member("sound", .bool(tables.allSatisfy { $0.problem == nil }))
                writer.members("tables", tables) { table, writer in
                    writer.member("name", .string(table.name))
                    writer.member("records", .int(table.records))
                    writer.member("problem", table.problem.map(JSONValue.string) ?? .null)
                }
            }
        }
    }
}

/// An examination as it is shown.
private struct ExaminationView {
    private let examination: StoreExamination
    private let address: String

    init(_ examination: StoreExamination, _ address: String) {
        self.examination = examination
        self.address = address
    }

    private var harmful: [StoreFinding] { examination.findings.filter { !$0.isHarmless } }

    func text(_ console: Console) -> String {
        var lines: [String] = []
        for finding in harmful {
            let isRepaired = examination.repaired.contains(finding)
            let kind = finding.kind.rawValue.replacing("_", with: " ")
            lines.append(
                console.paint("\(kind)\(isRepaired ? ", repaired" : ""):", isRepaired ? .name : .error) + " "
                    + Printable.line(finding.object))
            lines.append("  \(Printable.line(finding.message))")
            if !isRepaired { lines.append("  \(Printable.line(ExistingStore.remedy(finding.remedy, for: address)))") }
        }
        for problem in examination.unrepaired {
            lines.append(console.paint("not repaired:", .error) + " " + Printable.line(problem))
        }
        if !lines.isEmpty { lines.append("") }
        return (lines + verdict).joined(separator: "\n")
    }

    private var verdict: [String] {
        let waiting = examination.findings.count - harmful.count
        var lines = [
            "\(examination.files) files at commit \(examination.commit), \(examination.filesRead) of them read."
        ]
        if waiting > 0 { lines.append("\(waiting) more are in the log and will be written by the next checkpoint.") }
        let left = harmful.filter { !examination.repaired.contains($0) }.count
        if harmful.isEmpty {
            lines.append("Every record file is what was committed, and every index has an entry for each record.")
        } else {
            lines.append("\(harmful.count) found, \(harmful.count - left) repaired, \(left) left.")
        }
        return lines
    }

    var json: String {
        JSONText.pretty { writer in
            writer.object { writer in
                writer.member("store", .string(address))
                writer.member("driver", .string("object"))
                writer.member("sound", .bool(examination.isSound))
                writer.member("commit", .int(examination.commit))
                writer.member("files", .int(examination.files))
                writer.member("files_read", .int(examination.filesRead))
                writer.members("findings", examination.findings) { finding, writer in
                    writer.member("kind", .string(finding.kind.rawValue))
                    writer.member("object", .string(finding.object))
                    writer.member("table", .string(finding.table))
                    writer.member("id", finding.id.map(JSONValue.string) ?? .null)
                    writer.member("message", .string(finding.message))
                    writer.member("remedy", .string(ExistingStore.remedy(finding.remedy, for: address)))
                    writer.member("harmless", .bool(finding.isHarmless))
                    writer.member("repaired", .bool(examination.repaired.contains(finding)))
                }
                writer.member("not_repaired", .array(examination.unrepaired.map(JSONValue.string)))
            }
        }
    }
}
