import CairnSchema
import Foundation
import ScriptedHTTP
import Testing

@testable import CairnCommand

@Suite("cairn s3")
struct S3CommandTests {
    /// Runs a line of the group against a server, without credentials.
    private func s3(_ server: ScriptedServer, _ arguments: String...) async -> Outcome {
        await cairn(["s3"] + arguments + ["--endpoint", "http://127.0.0.1:\(server.port)", "--no-sign-request"])
    }

    private static let page = """
        <ListBucketResult><IsTruncated>false</IsTruncated><EncodingType>url</EncodingType>
        <Contents><Key>a.txt</Key><Size>5</Size><ETag>"e1"</ETag><LastModified>2026-11-20T15:06:01.870Z</LastModified></Contents>
        <Contents><Key>z%1B.txt</Key><Size>1234567</Size><ETag>"e2"</ETag><LastModified>2026-11-20T15:06:02.000Z</LastModified>
        <StorageClass>STANDARD_IA</StorageClass></Contents>
        <CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes></ListBucketResult>
        """

    // MARK: Listing

    @Test("Objects and shared prefixes are listed in the order of their keys, what a terminal would obey spelled out")
    func list() async throws {
        let server = try ScriptedServer { _ in .init(body: Self.page) }
        let outcome = await s3(server, "ls", "s3://photos/x%20y")
        #expect(outcome.code == .done)
        #expect(
            outcome.output == """
                2026-11-20T15:06:01Z              5  a.txt
                                             PREFIX  b/
                2026-11-20T15:06:02Z        1234567  z\\u{1B}.txt

                """)
        let target = try #require(server.requests.first?.target)
        #expect(target.contains("delimiter=%2F") && target.contains("prefix=x%20y"))
    }

    @Test("For programs each line of a listing is an object")
    func listJSON() async throws {
        let server = try ScriptedServer { _ in .init(body: Self.page) }
        let lines = await s3(server, "ls", "s3://photos", "--json").output.split(separator: "\n")
        let values = try lines.map { try JSONValue(parsing: String($0)) }
        #expect(
            values == [
                [
                    "key": "a.txt", "size": 5, "etag": "e1", "last_modified": "2026-11-20T15:06:01Z",
                    "storage_class": .null,
                ], ["prefix": "b/"],
                [
                    "key": "z\u{1B}.txt", "size": 1_234_567, "etag": "e2", "last_modified": "2026-11-20T15:06:02Z",
                    "storage_class": "STANDARD_IA",
                ],
            ])
    }

    @Test("Without an address the buckets are listed")
    func buckets() async throws {
        let server = try ScriptedServer { _ in
            .init(
                body:
                    "<ListAllMyBucketsResult><Buckets><Bucket><Name>photos</Name><CreationDate>2026-01-02T03:04:05Z</CreationDate></Bucket></Buckets></ListAllMyBucketsResult>"
            )
        }
        #expect(await s3(server, "ls").output == "2026-01-02T03:04:05Z  photos\n")
        #expect(await s3(server, "ls", "--versions").errors.contains("'--versions' needs a bucket"))
    }

    // MARK: Objects

    @Test("stat shows what the server tells, a line for each; null for programs where it tells nothing")
    func stat() async throws {
        let server = try ScriptedServer { _ in
            .init(
                fields: [
                    "Content-Length: 5", "ETag: \"e1\"", "Last-Modified: Fri, 20 Nov 2026 15:06:01 GMT",
                    "Content-Type: text/plain", "x-amz-meta-who: ada",
                ])
        }
        let outcome = await s3(server, "stat", "s3://photos/a.txt")
        #expect(
            outcome.output == """
                key            a.txt
                size           5
                etag           e1
                last_modified  2026-11-20T15:06:01Z
                content_type   text/plain
                metadata who   ada

                """)
        let json = try JSONValue(parsing: await s3(server, "stat", "s3://photos/a.txt", "--json").output)
        #expect(json["size"] == 5)
        #expect(json["version_id"] == .null)
        #expect(json["metadata"] == ["who": "ada"])
    }

    @Test("An object that is not there is an exit code of its own", arguments: ["stat", "get"])
    func missing(command: String) async throws {
        let folder = try TestFolder()
        // The answer to a HEAD does not say what is missing: the bucket is asked for, too, and is there.
        let server = try ScriptedServer { request in
            if !request.target.hasSuffix("/no") { return .init() }
            return .init(
                status: "404 Not Found", fields: ["x-amz-request-id: 7"], body: "<Error><Code>NoSuchKey</Code></Error>")
        }
        var line = [command, "s3://photos/no"]
        if command == "get" { line.append(folder("file")) }
        let outcome = await cairn(
            ["s3"] + line + ["--endpoint", "http://127.0.0.1:\(server.port)", "--no-sign-request"])
        #expect(outcome.code == .found)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.hasPrefix("cairn: s3.no_such_key: there is no object 'no' in bucket 'photos'"))
        #expect(folder.names.isEmpty)
    }

    @Test("get writes a file of the key's name into a folder, replaces none unasked, and prints to '-'")
    func get() async throws {
        let folder = try TestFolder()
        let server = try ScriptedServer { _ in .init(fields: ["ETag: \"e1\""], body: "meow\n") }
        #expect(await s3(server, "get", "s3://photos/2026/cat.txt", folder.path).code == .done)
        #expect(try folder.read("cat.txt") == "meow\n")
        let again = await s3(server, "get", "s3://photos/2026/cat.txt", folder("cat.txt"))
        #expect(again.code == .failed)
        #expect(again.errors.hasPrefix("cairn: s3.file: "))
        #expect(server.requests.count == 1)
        #expect(await s3(server, "get", "s3://photos/2026/cat.txt", folder("cat.txt"), "--overwrite").code == .done)
        #expect(await s3(server, "get", "s3://photos/2026/cat.txt", "-").output == "meow\n")
    }

    @Test("put sends the file with all that the options say")
    func put() async throws {
        let folder = try TestFolder()
        let server = try ScriptedServer { _ in .init(fields: ["ETag: \"e1\""]) }
        let outcome = await s3(
            server, "put", try folder.write("cat.txt", "meow"), "s3://photos/2026/", "--content-type", "text/cat",
            "--cache-control", "max-age=5", "--metadata", "who=a=b", "--tag", "kind=pet", "--storage-class",
            "STANDARD_IA", "--if-none-match")
        #expect(outcome.output == "wrote  s3://photos/2026/cat.txt  etag e1\n", "\(outcome.errors)")
        let request = try #require(server.requests.first)
        #expect(request.method == "PUT")
        #expect(request.target == "/photos/2026/cat.txt")
        #expect(request.body == "meow")
        let head = request.head.lowercased()
        for field in [
            "content-type: text/cat", "cache-control: max-age=5", "x-amz-meta-who: a=b", "x-amz-tagging: kind=pet",
            "x-amz-storage-class: standard_ia", "if-none-match: *",
        ] {
            #expect(head.contains("\r\n\(field)\r\n"), "\(field)")
        }
    }

    @Test("A condition that does not hold is an exit code of its own")
    func condition() async throws {
        let folder = try TestFolder()
        let server = try ScriptedServer { _ in
            .init(status: "412 Precondition Failed", body: "<Error><Code>PreconditionFailed</Code></Error>")
        }
        let file = try folder.write("a", "1")
        let outcome = await s3(server, "put", file, "s3://photos/a", "--if-none-match")
        #expect(outcome.code == .found)
        #expect(outcome.errors.hasPrefix("cairn: s3.precondition_failed: "))
    }

    @Test("put with an ETag for an object that is not there: the condition does not hold")
    func conditionOfNothing() async throws {
        let folder = try TestFolder()
        let server = try ScriptedServer { _ in
            .init(status: "404 Not Found", body: "<Error><Code>NoSuchKey</Code></Error>")
        }
        let outcome = await s3(server, "put", try folder.write("a", "1"), "s3://photos/a", "--if-match", "e1")
        #expect(outcome.code == .found)
    }

    @Test("A version that is not there is as an object that is not there")
    func noVersion() async throws {
        let server = try ScriptedServer { _ in
            .init(status: "404 Not Found", body: "<Error><Code>NoSuchVersion</Code></Error>")
        }
        #expect(await s3(server, "get", "s3://photos/a", "-", "--version", "x").code == .found)
    }

    @Test("get --range prints these bytes", arguments: [("1-2", "bytes=1-2"), ("1-", "bytes=1-"), ("-2", "bytes=-2")])
    func range(text: String, field: String) async throws {
        let server = try ScriptedServer { _ in .init(status: "416 Range Not Satisfiable") }
        let outcome = await s3(server, "get", "s3://photos/a", "-", "--range", text)
        #expect(outcome.errors.hasPrefix("cairn: s3.range: "))
        #expect(
            server.requests.first?.head.lowercased().components(separatedBy: "\r\n").contains("range: \(field)") == true
        )
    }

    @Test("put tells the address as it can be pasted back; a listing spells out line breaks of keys")
    func names() async throws {
        let folder = try TestFolder()
        let page = Self.page.replacing("z%1B.txt", with: "z%0A.txt")
        let server = try ScriptedServer { request in
            request.method == "GET" ? .init(body: page) : .init(fields: ["ETag: \"e1\""])
        }
        let file = try folder.write("a", "1")
        #expect(await s3(server, "put", file, "s3://photos/q%3Fm").output == "wrote  s3://photos/q%3Fm  etag e1\n")
        #expect(await s3(server, "ls", "s3://photos").output.contains("  z\\u{A}.txt\n"))
    }

    @Test("rm goes on after an object that cannot be removed, and tells it at the end")
    func removeSome() async throws {
        let server = try ScriptedServer { request in
            .init(
                status: request.target.hasSuffix("/b") ? "403 Forbidden" : "200 OK",
                body: request.target.hasSuffix("/b") ? "<Error><Code>AccessDenied</Code></Error>" : "")
        }
        let outcome = await s3(server, "rm", "s3://photos/a", "s3://photos/b", "s3://photos/c", "--json")
        #expect(outcome.code == .failed)
        #expect(try JSONValue(parsing: outcome.output) == ["removed": 2, "failed": 1])
        let error = try JSONValue(parsing: outcome.errors)
        #expect(error["code"] == "s3.access_denied")
        #expect(error["bucket"] == "photos")
        #expect(error["key"] == "b")
        #expect(error["status"] == 403)
        #expect(error["server_code"] == "AccessDenied")
        #expect(error["request_id"] == .null)
        #expect(error["retryable"] == false)
    }

    @Test("rb that nobody confirms removes nothing and says so")
    func unconfirmed() async throws {
        let server = try ScriptedServer { _ in .init() }
        let capture = Capture()
        let console = Console(output: { capture.output += $0 }, errors: { capture.errors += $0 }, answer: { "n" })
        let line = ["s3", "rb", "s3://photos", "--force", "--endpoint", "http://127.0.0.1:\(server.port)"]
        #expect(await Tool().run(line, console) == .failed)
        #expect(capture.errors.hasSuffix("cairn: not removed: s3://photos\n"))
        #expect(await Tool().run(line + ["--json"], console) == .failed)
        #expect(capture.errors.contains("'--json' does not ask"))
        #expect(server.requests.isEmpty)
    }

    @Test("Errors say what to do at the shell, and which server they are about")
    func remedies() async throws {
        let folder = try TestFolder()
        let file = try folder.write("a", "1")
        let server = try ScriptedServer { _ in
            .init(status: "409 Conflict", body: "<Error><Code>BucketNotEmpty</Code></Error>")
        }
        #expect(
            await s3(server, "get", "s3://photos/a", file).errors.hasSuffix("choose another name, or add --overwrite\n")
        )
        #expect(await s3(server, "rb", "s3://photos").errors.contains("; add --force to remove all"))
        #expect(await s3(server, "put", "/dev/null", "s3://photos/a").errors.contains("| cairn s3 put - ADDRESS"))
        let closed = await cairn("s3", "ls", "--endpoint", "http://127.0.0.1:1", "--no-sign-request")
        #expect(
            closed.errors.hasPrefix(
                "cairn: s3.network: GET of the server at http://127.0.0.1:1 failed on the network: "))
        #expect(!closed.errors.contains(".;"))
        let nobody = try bash(
            "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_PROFILE; HOME=/nowhere AWS_EC2_METADATA_DISABLED=true \"$CAIRN\" s3 ls",
            in: folder.path)
        #expect(nobody.errors.hasSuffix("name a profile, or add --no-sign-request\n"))
        let bare = try bash("STORAGE_ENDPOINT=127.0.0.1:1 \"$CAIRN\" s3 ls --no-sign-request", in: folder.path)
        #expect(bare.errors.hasPrefix("cairn: STORAGE_ENDPOINT has no scheme: 127.0.0.1:1; "))
    }

    @Test(
        "An upload from a pipe that is interrupted is aborted, and the exit code tells the signal",
        arguments: [("INT", 130), ("TERM", 143), ("HUP", 129)])
    func interrupted(signal: String, code: Int32) throws {
        let folder = try TestFolder()
        let part = DispatchSemaphore(value: 0)
        let server = try ScriptedServer { request in
            if request.method == "PUT" {
                part.signal()
                return .init(fields: ["ETag: \"e1\""])
            }
            return .init(
                status: request.method == "DELETE" ? "204 No Content" : "200 OK",
                body: request.method == "DELETE"
                    ? "" : "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>")
        }
        let input = Pipe()
        let errors = try FileHandle(forWritingTo: URL(fileURLWithPath: try folder.write("errors", "")))
        let process = Process()
        // Whoever runs the tests may ignore the signal, which a process inherits.
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "--default-signal=\(signal)", builtProgram("cairn"), "s3", "put", "-", "s3://photos/a", "--no-sign-request",
            "--endpoint", "http://127.0.0.1:\(server.port)",
        ]
        process.standardInput = input
        process.standardOutput = FileHandle.nullDevice
        process.standardError = errors
        try process.run()
        // More than the first part, and no end: the command waits for more when the signal comes.
        try input.fileHandleForWriting.write(contentsOf: Data(count: 20 << 20))
        #expect(part.wait(timeout: .now() + 60) == .success)
        _ = try bash("kill -\(signal) \(process.processIdentifier)")
        process.waitUntilExit()
        try input.fileHandleForWriting.close()
        #expect(process.terminationReason == .exit)
        #expect(process.terminationStatus == code)
        #expect(try folder.read("errors") == "cairn: interrupted\n")
        #expect(server.requests.contains { $0.method == "DELETE" && $0.target == "/photos/a?uploadId=u1" })
        #expect(!server.requests.contains { $0.method == "POST" && $0.target.contains("uploadId") })
    }

    @Test("rm removes each object, or all of a prefix in one request")
    func remove() async throws {
        let server = try ScriptedServer { request in
            if request.method == "GET" { return .init(body: Self.page) }
            return .init(body: request.method == "POST" ? "<DeleteResult/>" : "")
        }
        let single = await s3(server, "rm", "s3://photos/a", "s3://photos/b%3F")
        #expect(single.output == "removed  s3://photos/a\nremoved  s3://photos/b%3F\n", "\(single.errors)")
        #expect(server.requests.map(\.method) == ["DELETE", "DELETE"])

        let all = await s3(server, "rm", "s3://photos/", "--recursive", "--yes", "--json")
        #expect(try JSONValue(parsing: all.output) == ["removed": 2, "failed": 0])
        let request = try #require(server.requests.last)
        #expect(request.method == "POST")
        #expect(request.body.contains("<Key>a.txt</Key>"))
        // What no XML holds goes by itself.
        #expect(server.requests.suffix(2).first?.target == "/photos/z%1B.txt")
    }

    @Test("A URL is made without a request, and holds no secret")
    func presign() async throws {
        let folder = try TestFolder()
        let outcome = try bash(
            "\"$CAIRN\" s3 presign 's3://photos/a b?endpoint=http://127.0.0.1:9' --method PUT --expires 2h",
            in: folder.path,
            environment: [
                "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "hiddenhidden", "AWS_PROFILE": "",
            ])
        #expect(outcome.output.hasPrefix("http://127.0.0.1:9/photos/a%20b?"))
        #expect(outcome.output.contains("X-Amz-Expires=7200"))
        #expect(!(outcome.output + outcome.errors).contains("hiddenhidden"))
    }

    // MARK: The doctor

    @Test("The doctor tells programs null of what it could not ask, and nothing but JSON")
    func doctorJSON() async throws {
        let server = try ScriptedServer { request in
            request.target.contains("list-type")
                ? .init(body: "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")
                : .init(status: "403 Forbidden", body: "<Error><Code>AccessDenied</Code></Error>")
        }
        let outcome = await s3(server, "doctor", "s3://photos", "--json")
        #expect(outcome.code == .found && outcome.errors.isEmpty)
        let report = try JSONValue(parsing: outcome.output)
        #expect(report["dialect"]?["create"] == .null && report["dialect"]?["checks_signatures"] == .null)
        #expect(report["leftovers"] == [])
    }

    @Test("The doctor says it when a server takes any signature")
    func doctorSignature() throws {
        let server = try ScriptedServer { request in
            var answer = ScriptedServer.Answer(fields: ["ETag: \"e\""])
            if request.target.contains("list-type") {
                answer.body = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"
            } else if request.target.contains("?uploads") {
                answer.body = "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>"
            } else if request.method == "POST" {
                answer.body = "<DeleteResult/>"
            }
            return answer
        }
        let outcome = try bash(
            "\"$CAIRN\" s3 doctor --quick 's3://photos?endpoint=http://127.0.0.1:\(server.port)'",
            environment: ["AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_PROFILE": ""])
        #expect(outcome.code == 1)
        #expect(outcome.output.contains("This server takes any signature: whoever reaches it can write.\n"))
    }

    // MARK: Refusals

    @Test(
        "What cannot be meant is refused before anything is sent",
        arguments: [
            (["ls", "photos"], #"s3.invalid: "photos" is not an address of S3; write s3://bucket/key"#),
            (["get", "s3://photos"], "s3://photos/ names no object; write s3://photos/KEY"),
            (["get", "s3://photos/a/"], "the key of s3://photos/a/ ends with no name; name the file, too"),
            (
                ["get", "s3://photos/%FF"],
                "s3.invalid: the key in \"s3://photos/%FF\" is not UTF-8 when decoded; write the bytes of its UTF-8 as %XX"
            ),
            (
                ["get", "s3://photos/a", "-", "--range", "5-1"],
                "'--range 5-1' is no range; write 0-499, 500- or -500"
            ),
            (
                ["get", "s3://photos/a", "--range", "1-5"],
                "'--range' prints and makes no file; write - for the file"
            ),
            (
                ["presign", "s3://photos/a/../b", "--method", "PUT"],
                #"s3.invalid: the key "a/../b" has '..' between slashes; rename it"#
            ),
            (
                ["ls", "--endpoint", "127.0.0.1:1"],
                "'--endpoint' has no scheme: 127.0.0.1:1; write http://127.0.0.1:1 or https://127.0.0.1:1"
            ),
            (["ls", "--timeout", "soon"], "'--timeout soon' is no time; write seconds from 1 to 86400"),
            (["get", "s3://photos/a", "-", "--overwrite"], "'--overwrite' needs a file; leave it out, or name a file"),
            (
                ["put", "/nowhere/a", "s3://photos/a"],
                "there is no file /nowhere/a; name a file, or - for the standard input"
            ),
            (["put", "/", "s3://photos/a"], "/ is a folder, not a file; name a file, or - for the standard input"),
            (
                ["put", "-", "s3://photos/"],
                "the standard input has no name to add to s3://photos/; name the object, too"
            ),
            (
                ["put", "/dev/null", "s3://photos/a", "--tag", "x"],
                "'--tag x' is no name and value; write --tag NAME=VALUE"
            ),
            (["put", "/dev/null", "s3://photos/a", "--tag", "x=1", "--tag", "x=2"], "'--tag' has 'x' twice; keep one"),
            (
                ["put", "/dev/null", "s3://photos/a", "--if-match", "e", "--if-none-match"],
                "'--if-none-match' and '--if-match' exclude each other; keep one"
            ),
            (["rm", "s3://photos"], "s3://photos/ names no object; write s3://photos/KEY"),
            (
                ["rm", "s3://photos/a", "--recursive"],
                "nobody is there to ask whether to remove all of s3://photos/a; add --yes"
            ),
            (
                ["rm", "s3://photos/a", "s3://photos/b", "--version", "1"],
                "'--version' is one of one object; remove that one by itself"
            ),
            (
                ["rm", "s3://photos/a", "--all-versions"],
                "'--all-versions' needs '--recursive'; or name one with --version ID"
            ),
            (
                ["presign", "s3://photos/a", "--expires", "soon"],
                "'--expires soon' is no time; write 90s, 15m, 12h or 7d"
            ),
            (
                ["presign", "s3://photos/a", "--method", "POST"],
                "'--method' cannot be 'POST'; it is one of GET, HEAD, PUT, DELETE"
            ),
            (["mb", "s3://photos/a"], "s3://photos/a names more than a bucket; write s3://photos"),
            (["rb", "s3://photos", "--yes"], "'--yes' needs '--force'; an empty bucket is removed without asking"),
            (
                ["rb", "s3://photos", "--force"],
                "nobody is there to ask whether to remove all of s3://photos/; add --yes"
            ),
            (
                ["stat", "s3://photos/a?region=eu-west-1", "--region", "eu-west-2"],
                "'--region' and the address both say the region; keep one"
            ),
            (
                ["stat", "s3://photos/a", "--profile", "x", "--no-sign-request"],
                "'--no-sign-request' needs no profile; keep one of them"
            ),
            (
                ["stat", "s3://photos/a?regio=x"],
                #"s3.invalid: an address of S3 has no parameter "regio"; did you mean 'region'?"#
            ),
        ])
    func refusals(line: [String], error: String) async {
        let outcome = await cairn(["s3"] + line)
        #expect(outcome.code == .failed)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors == "cairn: \(error)\n")
    }

    @Test("A person is asked before much is removed, and anything but yes is no", arguments: ["y", "n", "", nil])
    func asking(answer: String?) async throws {
        let server = try ScriptedServer { request in
            .init(body: request.method == "GET" ? Self.page : "<DeleteResult/>")
        }
        let capture = Capture()
        let console = Console(
            output: { capture.output += $0 }, errors: { capture.errors += $0 }, answer: { answer })
        let code = await Tool().run(
            [
                "s3", "rm", "s3://photos/", "--recursive", "--no-sign-request", "--endpoint",
                "http://127.0.0.1:\(server.port)",
            ], console)
        #expect(code == (answer == "y" ? .done : .failed))
        let question = "Remove 2 objects, 1.2 MiB, under s3://photos/? [y/N] "
        #expect(capture.errors == question + (answer == "y" ? "" : "cairn: not removed: s3://photos/\n"))
        #expect(capture.output == (answer == "y" ? "removed  2 objects\n" : ""))
        #expect(server.requests.contains { $0.method == "POST" } == (answer == "y"))
    }

    // MARK: Words

    @Test(
        "Times are numbers with a unit",
        arguments: [("90s", 90), ("15m", 900), ("12h", 43_200), ("7d", 604_800), ("9223372036854775807d", Int.max)])
    func times(text: String, seconds: Int) throws {
        #expect(try S3PresignCommand.seconds(text) == seconds)
    }

    @Test("What is no time is refused", arguments: ["", "s", "5", "-5m", "+5m", "0s", "1.5h", "5 m", "5M"])
    func noTimes(text: String) {
        #expect(throws: CommandError.self) { try S3PresignCommand.seconds(text) }
    }

    @Test(
        "Bytes are counted in powers of 1,024",
        arguments: [
            (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (5 << 20, "5.0 MiB"),
            (3 << 30, "3.0 GiB"),
            (2 << 40, "2.0 TiB"), (4096 << 40, "4096.0 TiB"),
        ])
    func bytes(count: Int, text: String) {
        #expect(ByteCount.text(count) == text)
    }

    @Test("Progress is a line that is written over, and taken away at the end")
    func progress() {
        let written = Lines()
        let progress = Progress { written.add($0) }
        progress.show("first\u{1B}")
        // So soon after the first it is left out.
        progress.show("second")
        progress.end()
        progress.end()
        #expect(written.all == ["\r\u{1B}[Kfirst\\u{1B}", "\r\u{1B}[K"])
    }
}
