import Cairn
import CairnCore
import CairnSchema
import ObjectStorage

/// What `cairn doctor` shows of a store that is too damaged to be looked into: the damage, and what a rebuild would find.
struct DamagedStoreView {
    private let address: String
    private let driver: String
    /// The damage first, then what is in the way of a rebuild.
    private let findings: [DoctorFinding]
    /// What a rebuild would make; empty when nobody knows.
    private let tables: [RebuildReport.Table]

    /// Looks what a rebuild would find: a GET for each record and commit.
    /// - Throws: what keeps it from looking, but for damage.
    init(_ error: StorageError, _ address: String, _ console: Console) async throws {
        self.address = address
        let url = try StoreURL(address)
        guard [.file, .s3].contains(url.scheme) else {
            driver = url.scheme.rawValue
            tables = []
            findings = [
                DamagedStoreView.damage(error, address, error.remedy ?? "restore the file from a backup", nil)
            ]
            return
        }
        driver = "object"
        let progress = console.progress
        defer { progress.end() }
        let objects = try await Stores.objects(at: url, writes: false).objects
        let found: ObjectStorage.RebuildRehearsal
        do {
            found = try await ObjectStorage.rehearseRebuild(objects) { state in
                progress.show("looks what a rebuild would find: \(RebuildCommand.line(state))")
            }
        } catch let other as StorageError where [.damaged, .upgradeRequired, .schemaMismatch].contains(other.code) {
            // Nothing tells the schema, say: the remedy is that of the rebuild.
            tables = []
            let remedy = other.remedy ?? "restore the store from a backup"
            findings = [
                DamagedStoreView.damage(
                    error, address,
                    "restore what is damaged from a backup; cairn rebuild cannot begin by itself: \(other.message); \(remedy)",
                    nil)
            ]
            return
        }
        let report = found.report
        tables = report.tables
        let kinds = Set(report.problems.map(\.kind.rawValue)).sorted()
        let command = ["cairn rebuild"] + (found.needsForce ? ["--force"] : []) + kinds.map { "--accept \($0)" }
        let run = command.joined(separator: " ")
        let remedy =
            report.problems.isEmpty
            ? "run \(run), which makes log and indexes again from the record files"
            : "restore what is damaged from a backup, or run \(run), which makes log and indexes again from the record files in spite of what is named below"
        findings =
            [DamagedStoreView.damage(error, address, remedy, error.details.table)]
            + report.problems.map { problem in
                DoctorFinding(
                    kind: problem.kind.rawValue, object: problem.object, table: problem.table, id: problem.id,
                    message: problem.message,
                    remedy: ExistingStore.remedy(
                        "mend it, or accept it: \(run)", for: address))
            }
    }

    private static func damage(
        _ error: StorageError, _ address: String, _ remedy: String, _ table: String?
    ) -> DoctorFinding {
        DoctorFinding(
            kind: "damaged_store", object: address, table: table, message: error.message,
            remedy: ExistingStore.remedy(remedy, for: address))
    }

    func text(_ console: Console) -> String {
        var lines = findings.flatMap { $0.lines(console) }
        if !tables.isEmpty {
            lines += ["", "A rebuild would make of it:"]
            lines += TextTable.lines(
                tables.map { table in
                    [
                        "  \(table.name)", "\(table.records) records", "\(table.deleted) deleted",
                        table.fromLog == 0 ? "" : "\(table.fromLog) files written from the log",
                    ]
                })
        }
        return (lines + ["", "The store cannot be opened, and nothing of it was changed."]).joined(separator: "\n")
    }

    /// The members of any examination; those of what is only known of an open store are null.
    var json: String {
        JSONText.pretty { writer in
            writer.object { writer in
                writer.member("store", .string(address))
                writer.member("driver", .string(driver))
                writer.member("sound", .bool(false))
                writer.member("commit", .null)
                writer.member("closed", .null)
                writer.member("files", .null)
                writer.member("files_read", .null)
                writer.members("findings", findings) { finding, writer in finding.write(&writer) }
                writer.member("not_repaired", .array([]))
                writer.members("rebuild", tables) { table, writer in
                    writer.member("name", .string(table.name))
                    writer.member("records", .int(table.records))
                    writer.member("deleted", .int(table.deleted))
                    writer.member("from_log", .int(table.fromLog))
                }
                writer.member("capabilities", .null)
                writer.member("server", .null)
            }
        }
    }
}
