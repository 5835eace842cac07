import CairnSchema
import Foundation
import S3Client
import ScriptedHTTP
import Testing

@testable import Cairn
@testable import CairnCommand

@Suite("cairn doctor, of a store on a server")
struct DoctorServerTests {
    /// Makes a zoo in a bucket, and gives its address.
    private func zoo(in bucket: ScriptedBucket, _ parameters: String = "") async throws -> String {
        let address = "s3://\(ScriptedBucket.name)/zoo?endpoint=\(bucket.endpoint)"
        let credentials = CredentialsSource.explicit(Credentials(accessKey: "key", secretKey: "hush"))
        let opening = try BucketOpening(StoreURL(address + parameters), .writing, credentials: credentials)
        try await Zoo.make(on: opening.storage())
        return address
    }

    private func doctor(_ arguments: String...) throws -> ProcessOutcome { try doctor(arguments) }

    private func doctor(_ arguments: [String]) throws -> ProcessOutcome {
        let folder = try TestFolder()
        let line = (["\"$CAIRN\" doctor"] + arguments.map(ShellText.quoted)).joined(separator: " ")
        return try bash(
            line, in: folder.path,
            environment: [
                "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "hush", "HOME": folder.path, "AWS_PROFILE": "",
                "STORAGE_ENDPOINT": "", "STORAGE_ACCESS_KEY": "", "STORAGE_SECRET_KEY": "",
            ])
    }

    /// The output with one space between two words, however columns are aligned.
    private static func words(_ outcome: ProcessOutcome) -> String {
        outcome.output.split(separator: " ").joined(separator: " ")
    }

    private static func isWrite(_ call: String) -> Bool { !call.hasPrefix("GET ") && !call.hasPrefix("HEAD ") }

    @Test("The server is asked what it does, in a folder of its own that is removed, and so is said what it does not")
    func sound() async throws {
        let bucket = try ScriptedBucket()
        let address = try await zoo(in: bucket)
        let (before, keys) = (bucket.calls.count, bucket.keys)
        let outcome = try doctor(address)
        #expect(outcome.code == 0, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.errors.hasPrefix("cairn: writes about ten small objects in s3://photos/zoo/, in a folder "))
        #expect(outcome.output.contains("Every record file is what was committed"))
        let words = Self.words(outcome)
        for line in [
            "\nserver\n conditional create yes a second one was answered 412 ",
            "\n conditional swap yes the right ETag ",
            "\n old dates are refused yes a write signed 20 minutes ago was answered 403 ", "\n ETag = MD5 no ",
            "\n signature no a wrong secret was answered 200\n",
        ] {
            #expect(words.contains(line), "\(words)")
        }
        #expect(!words.contains("list order"))
        #expect(bucket.keys == keys)
        let writes = bucket.calls[before...].filter(Self.isWrite)
        #expect(!writes.isEmpty)
        #expect(writes.allSatisfy { $0.contains(" zoo/.cairn-doctor-") || $0 == "POST ?delete" }, "\(writes)")

        let told = try doctor(address, "--json")
        #expect(told.code == 0 && told.errors.isEmpty, "\(told.errors)")
        let json = try JSONValue(parsing: told.output)
        #expect(json["sound"] == true && json["findings"] == [])
        #expect(json["capabilities"]?["driver"] == "object" && json["capabilities"]?["shared"] == true)
        #expect(json["server"]?["probed"] == true && json["server"]?["missing"] == [])
        #expect(json["server"]?["dialect"]?["compare_and_swap"] == true && json["server"]?["server"] == "Scripted/1")
    }

    @Test("A server that ignores what concurrent writers need is a finding, unless the address promises a single one")
    func careless() async throws {
        let bucket = try ScriptedBucket { $0.keepsCreate = false }
        let address = try await zoo(in: bucket, "&single_writer=true")
        let outcome = try doctor(address)
        #expect(outcome.code == 1)
        #expect(outcome.output.hasPrefix("unsafe server: s3://photos/zoo/ at \(bucket.endpoint)"), "\(outcome.output)")
        #expect(outcome.output.contains("although 'If-None-Match: *' forbids it"))
        #expect(outcome.output.contains("add single_writer=true to the address"))
        #expect(outcome.output.contains("Every record file is what was committed"))
        #expect(outcome.output.contains("1 found, 0 repaired, 1 left."))
        #expect(Self.words(outcome).contains("\n conditional create no a second one was answered 200\n"))

        let json = try JSONValue(parsing: doctor(address, "--json").output)
        #expect(json["sound"] == false && json["server"]?["missing"] == ["create"])
        guard case .array(let findings)? = json["findings"], findings.count == 1 else {
            Issue.record("\(json)")
            return
        }
        #expect(findings[0]["kind"] == "unsafe_server" && findings[0]["table"] == .null)
        #expect(findings[0]["harmless"] == false && findings[0]["repaired"] == false)

        let alone = try doctor("\(address)&single_writer=true")
        #expect(alone.code == 0, "\(alone.output)\(alone.errors)")
    }

    @Test("A server without a fence is told with what follows, and is no finding")
    func unfenced() async throws {
        let bucket = try ScriptedBucket { $0.takesOldDates = true }
        let address = try await zoo(in: bucket)
        let outcome = try doctor(address)
        #expect(outcome.code == 0, "\(outcome.errors)")
        #expect(Self.words(outcome).contains("\n old dates are refused no "))
        #expect(outcome.output.contains("It has no fence: "))
        #expect(outcome.output.contains("cairn maintain '\(address)' --window"))
    }

    @Test("Who may not write is told that the server was not asked, and the rest is done")
    func unwritable() async throws {
        let bucket = try ScriptedBucket()
        let address = try await zoo(in: bucket)
        var habits = ScriptedBucket.Habits()
        habits.isWritable = false
        bucket.become(habits)
        let outcome = try doctor(address)
        #expect(outcome.code == 0, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.contains("\nserver\n  not asked: these credentials may not write here: "))
        #expect(outcome.output.contains("Every record file is what was committed"))
        let json = try JSONValue(parsing: doctor(address, "--json").output)
        #expect(json["sound"] == true && json["server"]?["probed"] == false)
    }

    @Test(
        "Nothing is written when the line or the address does not want it",
        arguments: [
            ("", ["--no-probe"], "--no-probe was given"), ("&mode=read_only", [], "the address says mode=read_only"),
        ])
    func unwanted(parameters: String, options: [String], reason: String) async throws {
        let bucket = try ScriptedBucket()
        let address = try await zoo(in: bucket)
        let before = bucket.calls.count
        let outcome = try doctor([address + parameters] + options)
        #expect(outcome.code == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("\nserver\n  not asked: \(reason)"))
        #expect(!bucket.calls[before...].contains(where: Self.isWrite))
    }
}
