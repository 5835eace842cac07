import Cairn
import CairnCore
import CairnSchema
import ObjectStorage
import S3Client

/// `cairn doctor`: finds out whether a store is what was committed, and mends what was edited by hand.
struct DoctorCommand: Command {
    let signature = Signature(
        name: "doctor", purpose: "finds what is wrong with a store",
        operands: [ExistingStore.workedOn],
        options: [
            Option(name: "accept-edits", help: "commit what was changed in record files, as new revisions"),
            Option(name: "undo-edits", help: "write the files again as they were committed, if the log still has them"),
            Option(name: "no-probe", help: "do not ask the server of a bucket what it does, which writes"),
        ],
        notes: [
            "In a folder or a bucket every record file is compared with the index: a listing for each thousand, and only those are read that are not as they were written; in a folder all are read. Files that were edited, damaged, added or removed are named, and what can be done. Others may write meanwhile.",
            "A store whose log or checkpoints are so damaged that it cannot be opened is named with what 'cairn rebuild' would find and must be allowed, which reads every record file. Commits that the log has lost from its end are told by the record files they wrote; for these, too, there is 'cairn rebuild'.",
            "Of a SQLite store every record is read and counted.",
            "The server of a bucket is asked what it really does with conditions, dates and names, in some 25 requests: they write about ten small objects under .cairn-doctor-… of their own in the store, and remove them. Who may not write is told so, and the rest is done. More of a server 'cairn s3 doctor' finds out.",
            ExistingStore.note,
            "Exits with 1 when something is wrong, or left wrong, or when the server does not do what concurrent writers need.",
        ],
        examples: [
            "cairn doctor file:atlas/", "cairn doctor s3://photos/atlas --json",
            "cairn doctor file:atlas/ --accept-edits", "cairn doctor s3://photos/atlas --no-probe",
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
        var mayHaveRepaired = false
        do {
            return try await ExistingStore.with(address, writes: action != .report) { store, storage in
                mayHaveRepaired = action != .report
                guard let objects = storage as? ObjectStorage else {
                    guard action == .report else {
                        throw CommandError(
                            .usage, "\(address) has no record files that could be edited by hand",
                            remedy: "leave the option out")
                    }
                    return try await read(store, StorePlace(address, storage.capabilities, nil), arguments, console)
                }
                return try await examine(objects, action, address, arguments, console)
            }
        } catch let error as StorageError where error.code == .damaged && !mayHaveRepaired {
            // That is what the doctor is asked for. Where repairs were begun, the error is told: some may have been made before it.
            let view = try await DamagedStoreView(error, address, console)
            console.print(arguments.isJSON ? view.json : view.text(console))
            return .found
        }
    }

    // MARK: Servers

    /// What the server of a store does; nil for a store that is on none.
    private func probe(
        _ address: String, _ arguments: ParsedArguments, _ console: Console
    ) async throws -> ServerProbe? {
        let url = try StoreURL(address)
        guard url.scheme == .s3 else { return nil }
        if arguments.has("no-probe") { return ServerProbe(notMade: "--no-probe was given") }
        if !arguments.isJSON {
            console.report(
                Printable.line(
                    "cairn: writes about ten small objects in \(url), in a folder .cairn-doctor-… of its own, and removes them"
                ))
        }
        let progress = console.progress
        defer { progress.end() }
        return try await Stores.probe(url) { check in
            progress.show("\(check.name.title): \(check.outcome.rawValue)")
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
        let place = StorePlace(address, storage.capabilities, try await probe(address, arguments, console))
        let view = ExaminationView(examination, place)
        console.print(arguments.isJSON ? view.json : view.text(console))
        return view.isSound ? .done : .found
    }

    // MARK: Other stores

    private func read(
        _ store: Store, _ place: StorePlace, _ arguments: ParsedArguments, _ console: Console
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
        console.print(arguments.isJSON ? ReadTable.json(tables, place) : ReadTable.text(tables, place, console))
        return tables.allSatisfy { $0.problem == nil } ? .done : .found
    }
}

/// A table whose records were read.
private struct ReadTable {
    let name: String
    var records = 0
    var problem: String?

    static func text(_ tables: [ReadTable], _ place: StorePlace, _ console: Console) -> String {
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
        return (lines + ["", place.text(console)]).joined(separator: "\n")
    }

    static func json(_ tables: [ReadTable], _ place: StorePlace) -> String {
        JSONText.pretty { writer in
            writer.object { writer in
                writer.member("store", .string(place.address))
                writer.member("driver", .string(place.driver))
                writer.member("sound", .bool(tables.allSatisfy { $0.problem == nil }))
                writer.members("tables", tables) { table, writer in
                    writer.member("name", .string(table.name))
                    writer.member("records", .int(table.records))
                    writer.member("problem", table.problem.map(JSONValue.string) ?? .null)
                }
                place.write(&writer)
            }
        }
    }
}

/// An examination as it is shown, with what was found of the server.
private struct ExaminationView {
    private let examination: StoreExamination
    private let place: StorePlace
    /// What could not be repaired, with the reason.
    private let unrepaired: [String]
    /// What was found, of the server first.
    private let findings: [DoctorFinding]

    init(_ examination: StoreExamination, _ place: StorePlace) {
        self.examination = examination
        self.place = place
        unrepaired = examination.unrepaired.map { ExistingStore.remedy($0, for: place.address) }
        findings =
            place.findings
            + examination.findings.map { finding in
                DoctorFinding(
                    kind: finding.kind.rawValue, object: finding.object,
                    table: finding.table.isEmpty ? nil : finding.table, id: finding.id, message: finding.message,
                    remedy: ExistingStore.remedy(finding.remedy, for: place.address),
                    isHarmless: finding.isHarmless, isRepaired: examination.repaired.contains(finding))
            }
    }

    /// Whether nothing is wrong, or left wrong.
    var isSound: Bool { examination.isSound && place.findings.isEmpty }

    private var harmful: [DoctorFinding] { findings.filter { !$0.isHarmless } }

    func text(_ console: Console) -> String {
        var lines: [String] = []
        for finding in harmful { lines += finding.lines(console) }
        for problem in unrepaired {
            lines.append(console.paint("not repaired:", .error) + " " + Printable.line(problem))
        }
        if !lines.isEmpty { lines.append("") }
        return (lines + verdict + ["", place.text(console)]).joined(separator: "\n")
    }

    private var verdict: [String] {
        let strays = findings.filter { $0.kind == StoreFinding.Kind.ofAnotherStore.rawValue }
        let waiting = findings.count - harmful.count - strays.count
        var lines = [
            "\(examination.files) files at commit \(examination.commit), \(examination.filesRead) of them read."
        ]
        if let closed = examination.closed {
            lines.append(
                Printable.line(
                    "Closed for writing by \(closed.by)\(closed.since.map { " since \($0)" } ?? ""), until about \(closed.until): \(closed.reason)"
                ))
        }
        if waiting > 0 { lines.append("\(waiting) more are in the log and will be written by the next checkpoint.") }
        for stray in strays {
            lines.append("\(Printable.line(stray.object)): \(Printable.line(stray.message)). Nothing needs to be done.")
        }
        if harmful.count == place.findings.count {
            lines.append("Every record file is what was committed, and every index has an entry for each record.")
        }
        let repaired = harmful.filter(\.isRepaired).count
        if !harmful.isEmpty {
            lines.append("\(harmful.count) found, \(repaired) repaired, \(harmful.count - repaired) left.")
        }
        return lines
    }

    var json: String {
        JSONText.pretty { writer in
            writer.object { writer in
                writer.member("store", .string(place.address))
                writer.member("driver", .string(place.driver))
                writer.member("sound", .bool(isSound))
                writer.member("commit", .int(examination.commit))
                writeClosed(&writer)
                writer.member("files", .int(examination.files))
                writer.member("files_read", .int(examination.filesRead))
                writer.members("findings", findings) { finding, writer in finding.write(&writer) }
                writer.member("not_repaired", .array(unrepaired.map(JSONValue.string)))
                place.write(&writer)
            }
        }
    }

    private func writeClosed(_ writer: inout JSONWriter) {
        guard let closed = examination.closed else { return writer.member("closed", .null) }
        writer.name("closed")
        writer.object { writer in
            writer.member("by", .string(closed.by))
            writer.member("why", .string(closed.reason))
            writer.member("since", closed.since.map { .string($0.description) } ?? .null)
            writer.member("until", .string(closed.until.description))
        }
    }
}
