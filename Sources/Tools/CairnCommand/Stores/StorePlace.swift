import Cairn
import CairnCore
import CairnSchema
import S3Client

/// Where a store is: what its driver can do, and what its server was seen to do, as `cairn doctor` shows it.
struct StorePlace {
    /// Its address, as a person gave it.
    let address: String
    private let capabilities: StorageCapabilities
    /// nil for a store that is on no server.
    private let server: ServerProbe?

    init(_ address: String, _ capabilities: StorageCapabilities, _ server: ServerProbe?) {
        self.address = address
        self.capabilities = capabilities
        self.server = server
    }

    /// The driver.
    var driver: String { capabilities.driver }

    /// What is needed of the server and was not seen, as findings.
    var findings: [DoctorFinding] {
        (server?.missing ?? []).map { check in
            let alone =
                [.create, .swap].contains(check.name)
                ? ", or, if only one program ever writes here, add single_writer=true to the address" : ""
            return DoctorFinding(
                kind: "unsafe_server", object: capabilities.location,
                message: "the server \(StorePlace.failing(check.name)) (\(check.detail))",
                remedy: "use another provider, or ask this one with 'cairn s3 doctor'\(alone)")
        }
    }

    /// What a server does that a check was not made for.
    private static func failing(_ name: S3ProbeCheck.Name) -> String {
        switch name {
        case .create:
            "writes over what is there although 'If-None-Match: *' forbids it, so writers would undo each other's work"
        case .swap: "does not keep 'If-Match', so writers would undo each other's work"
        case .listOrder: "does not list keys in the order of their bytes, by which the newest state is found"
        default: "does not do what is needed: \(name.title)"
        }
    }

    // MARK: For people

    /// A block of the store, and one of its server.
    func text(_ console: Console) -> String {
        let rows = [
            ["driver", capabilities.driver], ["location", Printable.line(capabilities.location)],
            ["persistent", StorePlace.word(capabilities.isPersistent)],
            ["shared", StorePlace.word(capabilities.isShared)],
            ["opened for", capabilities.isWritable ? "reading and writing" : "reading"],
            ["native queries", StorePlace.word(capabilities.hasNativeQueries)],
            ["reference actions", capabilities.hasReferenceActions ? "by the driver" : "by the core"],
            ["keeps changes", StorePlace.word(capabilities.keepsChanges)],
            ["isolation", capabilities.isolation.rawValue],
        ]
        let lines = [console.paint("store", .name)] + TextTable.lines(rows).map { "  \($0)" }
        return (lines + serverLines(console)).joined(separator: "\n")
    }

    private static func word(_ isSo: Bool) -> String { isSo ? "yes" : "no" }

    private func serverLines(_ console: Console) -> [String] {
        guard let server else { return [] }
        let heading = ["", console.paint("server", .name)]
        switch server.outcome {
        case .notMade(let reason): return heading + ["  not asked: \(Printable.line(reason))"]
        case .made(let report):
            let always = StorePlace.always.compactMap { report[$0] }
            let wrong = report.checks.filter { $0.outcome != .yes && !StorePlace.always.contains($0.name) }
            let shown = always + wrong
            let rows = shown.map { check in
                [StorePlace.title(check.name), check.outcome.rawValue, Printable.line(check.detail)]
            }
            let needed = Set(server.missing.map(\.name))
            let lines = zip(shown, TextTable.lines(rows)).map { check, line in
                if check.outcome == .yes { return "  \(line)" }
                return "  \(console.paint(line, needed.contains(check.name) ? .error : .warning))"
            }
            return heading + lines + (report.remarks + unfenced(report)).map { "  \($0)" }
        }
    }

    /// What is always shown of a server; the rest only where it is not as it might be.
    private static let always: [S3ProbeCheck.Name] = [.create, .swap, .fence, .md5ETags]

    private static func title(_ name: S3ProbeCheck.Name) -> String {
        switch name {
        case .create: "conditional create"
        case .swap: "conditional swap"
        case .fence: "old dates are refused"
        case .md5ETags: "ETag = MD5"
        default: name.title
        }
    }

    /// What follows where late writes take effect.
    private func unfenced(_ report: S3ProbeReport) -> [String] {
        if report.dialect.enforcesDates, report.dialect.checksSignatures { return [] }
        let remedy = ExistingStore.remedy("cairn maintain --window", for: address)
        return ["It has no fence: what nobody needs any more is removed only while the store is closed, by \(remedy)."]
    }

    // MARK: For programs

    /// Writes members: `capabilities`, and `server`, which is null where there is none.
    func write(_ writer: inout JSONWriter) {
        writer.name("capabilities")
        writer.object { writer in
            writer.member("driver", .string(capabilities.driver))
            writer.member("location", .string(capabilities.location))
            writer.member("persistent", .bool(capabilities.isPersistent))
            writer.member("shared", .bool(capabilities.isShared))
            writer.member("writable", .bool(capabilities.isWritable))
            writer.member("native_queries", .bool(capabilities.hasNativeQueries))
            writer.member("reference_actions", .bool(capabilities.hasReferenceActions))
            writer.member("keeps_changes", .bool(capabilities.keepsChanges))
            writer.member("isolation", .string(capabilities.isolation.rawValue))
        }
        guard let server else { return writer.member("server", .null) }
        writer.name("server")
        writer.object { writer in
            switch server.outcome {
            case .notMade(let reason):
                writer.member("probed", .bool(false))
                writer.member("reason", .string(reason))
            case .made(let report):
                writer.member("probed", .bool(true))
                report.write(&writer)
            }
        }
    }
}

/// Something that `cairn doctor` found, as it is shown.
struct DoctorFinding {
    let kind: String
    let object: String
    var table: String?
    var id: String?
    let message: String
    let remedy: String
    var isHarmless = false
    var isRepaired = false

    /// Writes its members.
    func write(_ writer: inout JSONWriter) {
        writer.member("kind", .string(kind))
        writer.member("object", .string(object))
        writer.member("table", table.map(JSONValue.string) ?? .null)
        writer.member("id", id.map(JSONValue.string) ?? .null)
        writer.member("message", .string(message))
        writer.member("remedy", .string(remedy))
        writer.member("harmless", .bool(isHarmless))
        writer.member("repaired", .bool(isRepaired))
    }

    /// Lines for people: what and where, what is wrong, what to do.
    func lines(_ console: Console) -> [String] {
        let name = kind.replacing("_", with: " ") + (isRepaired ? ", repaired" : "")
        let heading = "\(console.paint("\(name):", isRepaired ? .name : .error)) \(Printable.line(object))"
        return [heading, "  \(Printable.line(message))"] + (isRepaired ? [] : ["  \(Printable.line(remedy))"])
    }
}
