import Cairn
import CairnCore
import CairnSchema
import ObjectStorage

/// `cairn maintain`: removes what a store no longer needs, and closes it for maintenance.
struct MaintainCommand: Command {
    let signature = Signature(
        name: "maintain", purpose: "removes what a store no longer needs, or closes it for writing",
        operands: [ExistingStore.workedOn],
        options: [
            Option(name: "close", value: "REASON", help: "close the store for writing, for all programs, and say why"),
            Option(name: "hours", value: "HOURS", help: "with --close: how long it is planned to take, for people; 1"),
            Option(name: "open", help: "open it again, also what another program has closed"),
            Option(
                name: "window", help: "close the store, remove what it no longer needs, and open it again; see below"),
            Option(
                name: "purge", value: "DAYS",
                help: "as --window, and forget records that were deleted so many days ago; takes some 45 minutes"
            ),
        ],
        notes: [
            "Without an option: old checkpoints, index files and log records that no program can need any more are removed, by their age alone; other programs may go on reading and writing.",
            "A server that takes writes that were signed long ago has no fence: nobody knows when the last of them has come. There all this is done only while the store is closed for writing, with --window: the store is closed, half an hour passes, what may go is removed, and the store is open again. If the program is killed meanwhile the store stays closed, until --open.",
            "A store that is closed can be read. Nothing opens it by itself. Opening what another program has closed takes half an hour, because that may be at work still; a second run of this command is another program, so what --close has closed --open opens half an hour later.",
            ExistingStore.note, "Exits with 1 when something could not be removed; the next run tries again.",
        ],
        examples: [
            "cairn maintain s3://photos/atlas", "cairn maintain file:atlas/ --close 'the disk is moved' --hours 2",
            "cairn maintain file:atlas/ --open", "cairn maintain s3://photos/atlas --window",
            "cairn maintain s3://photos/atlas --purge 90",
        ])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let given = ["close", "open", "window", "purge"].filter(arguments.has)
        guard given.count < 2 else {
            throw CommandError(
                .usage, "'--\(given[0])' and '--\(given[1])' are work for two runs", remedy: "keep one of them")
        }
        let work = try Work(arguments)
        return try await ExistingStore.with(arguments.operand("STORE"), writes: true) { store, storage in
            if case .collect = work { return show(try await store.maintain(), arguments, console) }
            guard let objects = storage as? ObjectStorage else {
                throw CommandError(
                    .usage, "a \(storage.capabilities.driver) store has no maintenance windows",
                    remedy: "leave '--\(given[0])' out")
            }
            return try await Countdown.shown(console.progress) { hear in
                try await MaintenanceWait.$heard.withValue(hear) {
                    try await run(work, objects, arguments, console)
                }
            }
        }
    }

    /// What is to be done.
    enum Work {
        case collect
        case close(reason: String, hours: Int)
        case open
        case collectClosed
        case purge(days: Int)

        init(_ arguments: ParsedArguments) throws {
            if let text = arguments.value("hours"), !arguments.has("close") {
                throw CommandError(.usage, "'--hours \(text)' needs '--close'", remedy: "leave it out")
            }
            if let reason = arguments.value("close") {
                self = .close(reason: reason, hours: try Work.number("hours", arguments, 1...168) ?? 1)
            } else if arguments.has("open") {
                self = .open
            } else if arguments.has("window") {
                self = .collectClosed
            } else if let days = try Work.number("purge", arguments, 1...36_500) {
                self = .purge(days: days)
            } else {
                self = .collect
            }
        }

        private static func number(
            _ option: String, _ arguments: ParsedArguments, _ range: ClosedRange<Int>
        ) throws -> Int? {
            guard let text = arguments.value(option) else { return nil }
            guard let number = Int(text), range.contains(number) else {
                throw CommandError(
                    .usage, "'--\(option) \(text)' is none",
                    remedy: "write a number from \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
    }

    // MARK: Work

    private func show(
        _ report: MaintenanceReport, _ arguments: ParsedArguments, _ console: Console
    ) -> ExitCode {
        let view = MaintenanceView(report, arguments.operand("STORE"))
        console.print(arguments.isJSON ? view.json : view.text(console))
        return view.isDone ? .done : .found
    }

    /// Does what concerns a window, on a store that has them.
    func run(
        _ work: Work, _ storage: ObjectStorage, _ arguments: ParsedArguments, _ console: Console
    ) async throws -> ExitCode {
        switch work {
        case .collect: break
        case .close(let reason, let hours):
            let until = try MaintainCommand.time(after: hours * 3600)
            try await storage.beginMaintenance(by: Person.name, reason: reason, until: until)
            console.print(
                arguments.isJSON
                    ? JSONText.object([
                        ("closed", .bool(true)), ("by", .string(Person.name)), ("reason", .string(reason)),
                        ("until", .string(until.description)),
                    ])
                    : Printable.line(
                        "closed for writing by \(Person.name): \(reason); open it with cairn maintain --open, which waits half an hour"
                    ))
        case .open:
            if let window = try await storage.maintenanceWindow(), !arguments.isJSON {
                console.report(
                    Printable.line(
                        "cairn: \(window.by) has closed it: \(window.reason); waits half an hour, until about \(try MaintainCommand.time(after: 30 * 60)), so that whoever that is can change nothing any more"
                    ))
            }
            try await storage.endMaintenance(takingOver: true)
            console.print(arguments.isJSON ? JSONText.object([("closed", .bool(false))]) : "open for writing")
        case .collectClosed:
            if !arguments.isJSON {
                console.report(
                    "cairn: closes the store for writing, and waits half an hour before it removes anything if it has no fence"
                )
            }
            let report = try await storage.withMaintenanceWindow(
                by: Person.name, reason: "what nobody needs any more is removed",
                until: try MaintainCommand.time(after: 3600)
            ) {
                try await storage.maintain()
            }
            return show(report, arguments, console)
        case .purge(let days):
            if !arguments.isJSON {
                console.report("cairn: closes the store for writing, and waits half an hour before it forgets anything")
            }
            return try await purge(days, storage, arguments, console)
        }
        return .done
    }

    private func purge(
        _ days: Int, _ storage: ObjectStorage, _ arguments: ParsedArguments, _ console: Console
    ) async throws -> ExitCode {
        // What was deleted behind the oldest checkpoint is not forgotten, so those go first that may.
        let (collected, purged) = try await storage.withMaintenanceWindow(
            by: Person.name, reason: "records deleted \(days) days ago are forgotten",
            until: try MaintainCommand.time(after: 3600)
        ) {
            let collected = try await storage.maintain()
            return (collected, try await storage.purge(olderThanDays: days))
        }
        let view = PurgeView(purged, MaintenanceView(collected, arguments.operand("STORE")))
        console.print(arguments.isJSON ? view.json : view.text(console))
        return view.isDone ? .done : .found
    }

    private static func time(after seconds: Int) throws -> Timestamp {
        Timestamp.now.adding(microseconds: Int64(seconds) * 1_000_000) ?? .now
    }
}

/// What maintenance came to, as it is shown.
private struct MaintenanceView {
    private let report: MaintenanceReport
    private let address: String

    init(_ report: MaintenanceReport, _ address: String) {
        self.report = report
        self.address = address
    }

    /// Whether all was removed that should be.
    var isDone: Bool { report.failures == 0 && report.notCollected == nil }

    private var notCollected: String? { report.notCollected.map { ExistingStore.remedy($0, for: address) } }

    private var counts: [(name: String, count: Int)] {
        let removed = report.removed
        return [
            ("manifests", removed.manifests), ("index_files", removed.indexFiles), ("log_records", removed.logRecords),
            ("trash", removed.trash),
            ("parts", removed.parts), ("receipts", report.expiredReceipts),
        ]
    }

    func text(_ console: Console) -> String {
        let some = counts.filter { $0.count > 0 }.map { "\($0.count) \($0.name.replacing("_", with: " "))" }
        var lines = [
            some.isEmpty
                ? "removed  nothing"
                : "removed  \(some.joined(separator: ", ")); \(ByteCount.text(report.removed.bytes))"
        ]
        if report.failures > 0 {
            lines.append(console.paint("not removed  \(report.failures) objects; the next run tries again", .warning))
        }
        if let reason = notCollected {
            lines.append(console.paint("not collected  \(Printable.line(reason))", .warning))
        }
        for name in report.unknown { lines.append(Printable.line("unknown  \(name), left alone")) }
        return lines.joined(separator: "\n")
    }

    var json: String { JSONText.pretty { writer in write(&writer) } }

    /// Writes it as an object.
    func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.name("removed")
            writer.object { writer in
                for (name, count) in counts { writer.member(name, .int(count)) }
                writer.member("bytes", .int(report.removed.bytes))
            }
            writer.member("failures", .int(report.failures))
            writer.member("not_collected", notCollected.map(JSONValue.string) ?? .null)
            writer.member("unknown", .array(report.unknown.map(JSONValue.string)))
        }
    }
}

/// What a purge came to, as it is shown, and what was collected in its window.
private struct PurgeView {
    private let report: PurgeReport
    private let collected: MaintenanceView

    init(_ report: PurgeReport, _ collected: MaintenanceView) {
        self.report = report
        self.collected = collected
    }

    /// Whether all was forgotten and removed that should be.
    var isDone: Bool { report.failures == 0 && report.strange.isEmpty && !report.hasMore && collected.isDone }

    func text(_ console: Console) -> String {
        var lines = [
            "forgotten  \(report.purged) deleted records, \(ByteCount.text(report.bytes)); \(report.kept) were kept"
        ]
        if report.failures > 0 { lines.append("not removed  \(report.failures) files; the next purge tries again") }
        for name in report.strange { lines.append(Printable.line("strange  \(name)")) }
        if report.hasMore { lines.append("There are more: purge again.") }
        return (lines + [collected.text(console)]).joined(separator: "\n")
    }

    var json: String {
        JSONText.pretty { writer in
            writer.object { writer in
                writer.member("purged", .int(report.purged))
                writer.member("bytes", .int(report.bytes))
                writer.member("kept", .int(report.kept))
                writer.member("failures", .int(report.failures))
                writer.member("strange", .array(report.strange.map(JSONValue.string)))
                writer.member("has_more", .bool(report.hasMore))
                writer.name("collected")
                collected.write(&writer)
            }
        }
    }
}
