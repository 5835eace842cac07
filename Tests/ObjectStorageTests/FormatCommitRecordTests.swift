import CairnCore
import CairnSchema
import Testing

@testable import ObjectStorage

@Suite("Commit records as JSON")
struct FormatCommitRecordTests {
    private let schema: Schema
    private let cities: Table
    private let name = "_log/main/00000000000000000007.json"

    init() throws {
        schema = try #require(FormatFixtures.schema)
        cities = try FormatFixtures.table("cities")
    }

    private func decode(_ bytes: [UInt8]) throws -> CommitRecord {
        try CommitRecordJSON.decode(bytes, name: name, schema: FormatFixtures.resolve)
    }

    private func operation(_ id: Int, before: RecordImage?, after: RecordImage) -> LoggedOperation {
        LoggedOperation(table: cities, key: Key(.int(id)), before: before, after: after)
    }

    /// A record with every kind of operation and an idempotency key.
    private func everyKind() throws -> CommitRecord {
        let insert = operation(1, before: nil, after: FormatFixtures.city(1))
        let update = operation(
            2, before: FormatFixtures.city(2, "Lutetia", commit: 3), after: FormatFixtures.city(2, revision: 2))
        let delete = operation(3, before: FormatFixtures.city(3, commit: 6), after: FormatFixtures.tombstone())
        let again = operation(
            4, before: FormatFixtures.tombstone(commit: 5), after: FormatFixtures.city(4, revision: 3))
        let idempotency = LoggedTransaction.Idempotency(
            key: "import \"1\"", digest: [UInt8](repeating: 0xCD, count: 32),
            results: [FormatFixtures.metadata(), FormatFixtures.metadata(), FormatFixtures.metadata(3)])
        return try FormatFixtures.record([
            LoggedTransaction(id: "t1", idempotency: idempotency, operations: [insert, update]),
            LoggedTransaction(id: "t2", operations: [delete, again]),
        ])
    }

    private func error(
        _ bytes: [UInt8], _ code: StorageError.Code = .damaged, name: String? = nil
    ) throws -> StorageError {
        let name = name ?? self.name
        let error = try #require(throws: StorageError.self) {
            try CommitRecordJSON.decode(bytes, name: name, schema: FormatFixtures.resolve)
        }
        #expect(error.code == code)
        #expect(error.message.contains("'\(name)'"), "\(error)")
        return error
    }

    // MARK: Form

    private let head =
        #"{"format":1,"needs":[],"store":"s1","group":"main","seq":7,"prev":"\#(String(repeating: "ab", count: 32))","commit":"42-boot-0001","#

    @Test("A record is one line: what it belongs to, then its transactions in their order")
    func golden() throws {
        let times = #""created_at":"2026-11-20T15:06:01.870549Z","updated_at":"2026-11-20T15:06:01.870549Z""#
        func fields(_ id: Int, _ name: String = "Paris") -> String {
            #""fields":{"area":"105.4","id":\#(id),"name":"\#(name)","population":2138551}"#
        }
        let micros = FormatFixtures.time.microseconds
        let expected =
            head + #""schema":"\#(schema.id)","at":"2026-11-20T15:06:01.870549Z","kind":"commit","transactions":["#
            + #"{"id":"t1","idempotency_key":"import \"1\"","digest":"\#(String(repeating: "cd", count: 32))","#
            + #""results":[[1,\#(micros),\#(micros),2],[3,\#(micros),\#(micros)]],"ops":["#
            + #"{"table":"cities","id":"1","kind":"insert","after":{"revision":1,\#(times),\#(fields(1))}},"#
            + #"{"table":"cities","id":"2","kind":"update","after":{"revision":2,\#(times),\#(fields(2))},"#
            + #""before":{"revision":1,\#(times),"commit":3,\#(fields(2, "Lutetia"))}}]},"#
            + #"{"id":"t2","ops":["#
            + #"{"table":"cities","id":"3","kind":"delete","after":{"revision":2,\#(times),"deleted":true},"#
            + #""before":{"revision":1,\#(times),"commit":6,\#(fields(3))}},"#
            + #"{"table":"cities","id":"4","kind":"insert","after":{"revision":3,\#(times),\#(fields(4))},"#
            + #""before":{"revision":2,\#(times),"commit":5,"deleted":true}}]}]}"#
        let record = try everyKind()
        #expect(CommitRecordJSON.encode(record) == Seal.put(on: Array(expected.utf8)))
        #expect(try decode(Array(expected.utf8)) == record, "those of before have no checksum")
    }

    @Test(
        "A record without transactions and one that closes the store come back", arguments: CommitRecord.Kind.allCases)
    func kinds(_ kind: CommitRecord.Kind) throws {
        var record = try FormatFixtures.record([])
        record.kind = kind
        #expect(try decode(CommitRecordJSON.encode(record)) == record)
        record.note = MaintenanceNote(by: "ops \"team\"", reason: "purge", until: .max)
        #expect(try decode(CommitRecordJSON.encode(record)) == record)
    }

    @Test("The note of a record says who, why and until when")
    func note() throws {
        var record = try FormatFixtures.record([])
        record.kind = .close
        record.note = MaintenanceNote(by: "ops", reason: "purge", until: FormatFixtures.time)
        let text = String(decoding: FormatFixtures.unsealed(CommitRecordJSON.encode(record)), as: UTF8.self)
        #expect(
            text.hasSuffix(
                #""kind":"close","note":{"by":"ops","reason":"purge","until":"2026-11-20T15:06:01.870549Z"},"transactions":[]}"#
            ))
    }

    @Test("A record of any operations comes back as it was", arguments: 0..<100 as Range<UInt64>)
    func roundTrip(_ seed: UInt64) throws {
        var random = FormatRandom(seed)
        let record = try FormatFixtures.record(random.transactions(random.below(5), number: 7))
        let bytes = CommitRecordJSON.encode(record)
        let read = try decode(bytes)
        #expect(read == record, "seed \(seed)")
        #expect(CommitRecordJSON.encode(read) == bytes, "seed \(seed)")
    }

    @Test("The images are those of the schema that the resolver gives, and its errors are passed on")
    func resolver() throws {
        var record = try everyKind()
        let other = try #require(SchemaID("sha256:" + String(repeating: "00", count: 32)))
        record.schema = other
        #expect(throws: FormatFixtures.OtherSchema(id: other)) { try decode(CommitRecordJSON.encode(record)) }
    }

    @Test("Members of later versions beside the known ones are of no concern")
    func laterMembers() throws {
        let record = try everyKind()
        let bytes = FormatFixtures.unsealed(CommitRecordJSON.encode(record))
            .replacing("\"id\":\"t1\"", with: #""by":"ann","meta":{"n":[1,2]},"id":"t1""#)
            .replacing("\"kind\":\"commit\"", with: #""kind":"commit","more":{"a":[]}"#)
            .replacing("\"kind\":\"insert\"", with: #""kind":"insert","why":null"#)
        #expect(try decode(Seal.put(on: bytes)) == record)
    }

    @Test("The results of many equal records take the room of one")
    func manyResults() throws {
        var record = try FormatFixtures.record([LoggedTransaction(id: "t", operations: [])])
        let results = [RecordMetadata](repeating: FormatFixtures.metadata(), count: Limits.batchOperations)
        record.transactions[0].idempotency = LoggedTransaction.Idempotency(
            key: "k", digest: CommitRecord.noHash, results: results)
        let bytes = CommitRecordJSON.encode(record)
        #expect(bytes.count < 1000)
        #expect(try decode(bytes) == record)
        // One more than any batch has, and a count that would fill the memory.
        for count in ["100001", "9223372036854775807", "0", "-1", "1.5"] {
            _ = try error(bytes.replacing(",100000]", with: ",\(count)]"))
        }
        _ = try error(bytes.replacing(",100000]", with: ",100000],[1,0,0]"))
    }

    // MARK: Damage

    @Test("The number of a record is that of its name")
    func otherName() throws {
        let bytes = CommitRecordJSON.encode(try everyKind())
        for other in [ObjectNames.record(8), "_log/main/7.json", "x", ""] {
            #expect(try error(bytes, name: other).message.contains("commit 7"))
        }
    }

    @Test(
        "What Cairn did not write is damaged, and the error says what is wrong",
        arguments: [
            ("\"store\":\"s1\"", "\"store\":\"\"", "'store'"),
            ("\"store\":\"s1\",", "", "'store' is missing"),
            ("\"format\":1,", "", "'format' is missing"),
            ("\"format\":1", "\"format\":0", "'format' is 0"),
            ("\"format\":1", "\"format\":\"1\"", "'format'"),
            ("\"needs\":[],", "", "'needs' is missing"),
            ("\"needs\":[]", "\"needs\":{}", "array"),
            ("\"group\":\"main\"", "\"group\":\"other\"", "group 'other'"),
            ("\"group\":\"main\",", "", "'group' is missing"),
            ("\"seq\":7", "\"seq\":0", "'seq' is 0"),
            ("\"seq\":7,", "", "'seq'"),
            ("\"seq\":7", "\"seq\":7,\"seq\":7", "'seq' is given twice"),
            ("\"prev\":\"ab", "\"prev\":\"", "'prev' must be a hash"),
            ("\"prev\":\"ab", "\"prev\":\"xy", "'prev' must be hexadecimal"),
            ("\"commit\":\"42-boot-0001\",", "", "'commit' is missing"),
            ("\"schema\":\"sha256:", "\"schema\":\"", "'schema'"),
            ("\"at\":\"2026-11-20", "\"at\":\"2026-13-20", "'at'"),
            ("\"kind\":\"commit\"", "\"kind\":\"maybe\"", "'kind' is 'maybe'"),
            ("\"kind\":\"insert\"", "\"kind\":\"update\"", "'kind' of record '1' is 'update'"),
            ("\"kind\":\"update\"", "\"kind\":\"restore\"", "'restore'"),
            ("\"kind\":\"delete\",", "", "'kind' is missing"),
            ("\"table\":\"cities\",\"id\":\"3\"", "\"table\":\"towns\",\"id\":\"3\"", "'towns'"),
            ("\"table\":\"cities\",\"id\":\"3\"", "\"id\":\"3\"", "'table'"),
            ("\"id\":\"3\"", "\"id\":\"5\"", "'5'"),
            ("\"id\":\"3\"", "\"id\":\"03\"", "'03'"),
            ("\"id\":2,\"name\":\"Lutetia\"", "\"id\":9,\"name\":\"Lutetia\"", "different records"),
            ("\"commit\":6", "\"commit\":7", "not earlier"),
            ("\"commit\":6,", "", "'commit' is missing"),
            ("\"after\":{\"revision\":1", "\"after\":{\"commit\":7,\"revision\":1", "'commit' does not belong here"),
            ("\"after\":{\"revision\":3", "\"after\":{\"revision\":0", "'revision' is 0"),
            ("\"after\":{\"revision\":3", "\"after\":{\"revision\":9007199254740992", "revision"),
            ("\"kind\":\"delete\",\"after\"", "\"kind\":\"delete\",\"later\"", "'after' is missing"),
            ("\"deleted\":true", "\"deleted\":false", "'fields' is missing"),
            ("\"name\":\"Lutetia\"", "\"name\":5", "'name'"),
            ("\"name\":\"Lutetia\"", "\"town\":\"Lutetia\"", "'town'"),
            ("\"id\":\"4\"", "\"id\":\"3\"", "'3'"),
            ("\"digest\":\"cd", "\"digest\":\"", "'digest'"),
            ("\"idempotency_key\":\"import \\\"1\\\"\",", "", "'idempotency_key' is missing"),
            ("\"id\":\"t2\",", "", "'id' is missing"),
            ("\"id\":\"t2\",\"ops\"", "\"id\":\"t2\",\"opera\"", "'ops' is missing"),
            ("\"id\":\"t2\",\"ops\":[", "\"id\":\"t2\",\"ops\":[null,", "expected an object"),
            ("\"transactions\":", "\"parts\":[],\"transactions\":", "'parts'"),
            ("\"transactions\":", "\"transaction\":", "'transactions' is missing"),
        ])
    func damage(_ old: String, _ new: String, _ says: String) throws {
        let error = try error(CommitRecordJSON.encode(try everyKind()).replacing(old, with: new))
        #expect(error.message.contains(says), "\(error)")
    }

    @Test("A commit changes no record twice, also not in two transactions")
    func twice() throws {
        let insert = operation(1, before: nil, after: FormatFixtures.city(1))
        let update = operation(1, before: FormatFixtures.city(1, commit: 2), after: FormatFixtures.city(1))
        for transactions in [
            [LoggedTransaction(id: "a", operations: [insert, update])],
            [LoggedTransaction(id: "a", operations: [insert]), LoggedTransaction(id: "b", operations: [update])],
        ] {
            let error = try error(CommitRecordJSON.encode(try FormatFixtures.record(transactions)))
            #expect(error.message.contains("changed twice"))
            #expect(error.details.table == "cities" && error.details.id == "1")
        }
    }

    @Test("What a newer Cairn wrote is not damaged, wherever it says so and whatever else it holds")
    func newer() throws {
        let bytes = CommitRecordJSON.encode(try everyKind())
        for (text, says) in [
            (bytes.replacing("\"format\":1", with: "\"format\":2"), "format 2"),
            (bytes.replacing("\"needs\":[]", with: "\"needs\":[\"braids\"]"), "'braids'"),
            (Array(#"{"ops":5,"needs":["braids","x"]}"#.utf8), "'braids'"),
            (Array(#"{"seq":"seven","format":3}"#.utf8), "format 3"),
        ] {
            #expect(try error(text, .upgradeRequired).message.contains(says))
        }
    }

    @Test("No bytes make reading fail in another way than with an error that names the object")
    func torture() throws {
        FormatFixtures.torture(CommitRecordJSON.encode(try everyKind()), name, decode)
        var closing = try FormatFixtures.record([])
        closing.kind = .close
        closing.note = MaintenanceNote(by: "ops", reason: "purge", until: .max)
        FormatFixtures.torture(CommitRecordJSON.encode(closing), name, decode)
    }

    @Test("Deep nesting is an error", arguments: ["[", "{\"a\":"])
    func deep(_ opening: String) throws {
        let nested = String(repeating: opening, count: 100_000)
        _ = try error(Array(nested.utf8))
        _ = try error(Array("{\"x\":\(nested)".utf8))
    }
}
