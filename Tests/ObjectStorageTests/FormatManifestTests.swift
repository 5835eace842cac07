import CairnCore
import CairnSchema
import Testing

@testable import ObjectStorage

@Suite("Manifests as JSON")
struct FormatManifestTests {
    private let schema: Schema
    private let cities: Table
    private let name = ObjectNames.manifest(3)

    init() throws {
        schema = try #require(FormatFixtures.schema)
        cities = try FormatFixtures.table("cities")
    }

    private func decode(_ bytes: [UInt8]) throws -> Manifest {
        try ManifestJSON.decode(bytes, name: name, schema: FormatFixtures.resolve)
    }

    /// A manifest with something of everything.
    private func manifest() -> Manifest {
        let runs = [
            IndexRun(
                file: "01HX", offset: 0, length: 130_000, directoryOffset: 130_000, directoryLength: 200, count: 900,
                first: [0, 1], last: [255]),
            IndexRun(
                file: "01HY", offset: 64, length: 100, directoryOffset: 0, directoryLength: 0, count: 2, first: [5],
                last: [5]),
        ]
        let tables = schema.tables.map { table in
            let indexes = [""] + table.indexes.map(\.name)
            return Manifest.TableState(
                name: table.name, since: 1, count: 900,
                indexes: indexes.map { Manifest.IndexState(name: $0, runs: table.name == "cities" ? runs : []) })
        }
        return Manifest(
            store: "s1", version: 3, covers: 40, head: [UInt8](repeating: 0xAB, count: 32), collected: 8,
            schema: schema.id,
            time: FormatFixtures.time, tables: tables,
            receipts: [
                Manifest.KeptReceipt(
                    key: "k", digest: [UInt8](repeating: 1, count: 32), number: 39, transaction: "t1",
                    time: FormatFixtures.time, results: [FormatFixtures.metadata()])
            ],
            pending: [
                Manifest.PendingRecord(table: cities, key: Key(.int(1)), image: FormatFixtures.city(1, commit: 40)),
                Manifest.PendingRecord(table: cities, key: Key(.int(2)), image: FormatFixtures.tombstone(commit: 39)),
            ])
    }

    /// A schema of one small table, for texts that a person can read.
    private static let small = try? Schema(
        parsing: """
            { "database": "d", "tables": { "t": { "columns": { "id": "int", "a": "string" }, "key": "id", "indexes": { "by_a": ["a"] } } } }
            """)

    @Test("A manifest is one line: what it covers, the tables with their indexes, receipts, and what is pending")
    func golden() throws {
        let schema = try #require(Self.small)
        let run = IndexRun(
            file: "01HX", offset: 0, length: 100, directoryOffset: 100, directoryLength: 20, count: 2, first: [0, 1],
            last: [255])
        let image = RecordImage(values: [.int(1), .string("x")], metadata: FormatFixtures.metadata(), commit: 2)
        let table = Manifest.TableState(
            name: "t", since: 1, count: 2,
            indexes: [Manifest.IndexState(name: "", runs: [run]), Manifest.IndexState(name: "by_a")])
        let receipt = Manifest.KeptReceipt(
            key: "k", digest: CommitRecord.noHash, number: 2, transaction: "t1", time: FormatFixtures.time,
            results: [FormatFixtures.metadata()])
        let manifest = Manifest(
            store: "s1", version: 3, covers: 2, head: CommitRecord.noHash, collected: 0, schema: schema.id,
            time: FormatFixtures.time, tables: [table], receipts: [receipt],
            pending: [Manifest.PendingRecord(table: schema.tables[0], key: Key(.int(1)), image: image)])
        let zeros = String(repeating: "00", count: 32)
        let time = "2026-11-20T15:06:01.870549Z"
        let micros = FormatFixtures.time.microseconds
        let expected =
            #"{"format":1,"needs":[],"store":"s1","group":"main","version":3,"covers":2,"head":"\#(zeros)","collected":0,"#
            + #""schema":"\#(schema.id)","at":"\#(time)","tables":[{"name":"t","since":1,"count":2,"indexes":["#
            + #"{"name":"","runs":[{"file":"01HX","offset":0,"length":100,"directory_offset":100,"directory_length":20,"#
            + #""count":2,"first":"0001","last":"ff"}]},{"name":"by_a","runs":[]}]}],"#
            + #""receipts":[{"key":"k","digest":"\#(zeros)","seq":2,"transaction":"t1","at":"\#(time)","#
            + #""results":[[1,\#(micros),\#(micros)]]}],"#
            + #""pending":[{"table":"t","id":"1","image":{"revision":1,"created_at":"\#(time)","updated_at":"\#(time)","#
            + #""commit":2,"fields":{"a":"x","id":1}}}]}"#
        #expect(ManifestJSON.encode(manifest) == Seal.put(on: Array(expected.utf8)))
        #expect(try ManifestJSON.decode(Array(expected.utf8), name: name) { _ in schema } == manifest)
    }

    @Test("A manifest comes back as it was")
    func roundTrip() throws {
        #expect(try decode(ManifestJSON.encode(manifest())) == manifest())
    }

    @Test("The manifest of an empty store comes back as it was")
    func empty() throws {
        let tables = schema.tables.map { table in
            Manifest.TableState(
                name: table.name, since: 0, count: 0,
                indexes: ([""] + table.indexes.map(\.name)).map { Manifest.IndexState(name: $0) })
        }
        let manifest = Manifest(
            store: "s1", version: 1, covers: 0, head: CommitRecord.noHash, collected: 0, schema: schema.id,
            time: .epoch,
            tables: tables)
        let read = try ManifestJSON.decode(
            ManifestJSON.encode(manifest), name: ObjectNames.manifest(1), schema: FormatFixtures.resolve)
        #expect(read == manifest)
    }

    @Test("Pending records of any values come back as they were", arguments: 0..<50 as Range<UInt64>)
    func pending(_ seed: UInt64) throws {
        var random = FormatRandom(seed)
        var manifest = manifest()
        manifest.pending = schema.tables.map { table in
            let values = random.values(table)
            let image = RecordImage(
                values: random.below(3) == 0 ? nil : values, metadata: random.metadata(), commit: 1 + random.below(40))
            return Manifest.PendingRecord(table: table, key: table.key(of: values), image: image)
        }
        #expect(try decode(ManifestJSON.encode(manifest)) == manifest, "seed \(seed)")
    }

    @Test("Tables and indexes are put in the order of the reader's schema")
    func otherOrder() throws {
        var shuffled = manifest()
        shuffled.tables.reverse()
        for place in shuffled.tables.indices { shuffled.tables[place].indexes.reverse() }
        #expect(try decode(ManifestJSON.encode(shuffled)) == manifest())
    }

    @Test("The errors of the resolver are passed on")
    func resolver() throws {
        var manifest = manifest()
        let other = try #require(SchemaID("sha256:" + String(repeating: "00", count: 32)))
        manifest.schema = other
        #expect(throws: FormatFixtures.OtherSchema(id: other)) { try decode(ManifestJSON.encode(manifest)) }
        manifest.pending = []
        #expect(throws: FormatFixtures.OtherSchema(id: other)) { try decode(ManifestJSON.encode(manifest)) }
    }

    // MARK: Damage

    private func error(_ bytes: [UInt8], _ code: StorageError.Code = .damaged) throws -> StorageError {
        let error = try #require(throws: StorageError.self) { try decode(bytes) }
        #expect(error.code == code)
        #expect(error.message.contains("'\(name)'"))
        return error
    }

    @Test("The version of a manifest is that of its name")
    func otherName() throws {
        for other in [ObjectNames.manifest(4), ObjectNames.record(3), "x"] {
            let error = try #require(throws: StorageError.self) {
                try ManifestJSON.decode(ManifestJSON.encode(manifest()), name: other, schema: FormatFixtures.resolve)
            }
            #expect(error.code == .damaged)
            #expect(error.message.contains("'\(other)'") && error.message.contains("version 3"))
        }
    }

    @Test(
        "What Cairn did not write is damaged, and the error says what is wrong",
        arguments: [
            ("\"store\":\"s1\",", "", "'store' is missing"), ("\"group\":\"main\"", "\"group\":\"x\"", "group 'x'"),
            ("\"version\":3", "\"version\":0", "'version' is 0"), ("\"version\":3", "\"version\":4", "version 4"),
            ("\"covers\":40", "\"covers\":-1", "'covers' is -1"), ("\"covers\":40", "\"covers\":0", "covers no commit"),
            ("\"covers\":40", "\"covers\":39", "'commit' is 40"), ("\"covers\":40", "\"covers\":7", "'collected' is 8"),
            ("\"covers\":40", "\"covers\":38", "'seq' is 39"),
            ("\"collected\":8", "\"collected\":41", "'collected' is 41"),
            ("\"collected\":8,", "", "'collected' is missing"),
            ("\"head\":\"ab", "\"head\":\"", "'head'"), ("\"at\":\"2026", "\"at\":\"x026", "'at'"),
            ("\"name\":\"cities\"", "\"name\":\"towns\"", "'cities'"),
            ("\"name\":\"cities\"", "\"name\":\"samples\"", "twice"),
            ("\"name\":\"by_text\"", "\"name\":\"by_title\"", "'by_text'"),
            ("{\"name\":\"by_text\",\"runs\":[]},", "", "'by_text'"),
            (
                "{\"name\":\"by_text\",\"runs\":[]}",
                "{\"name\":\"by_text\",\"runs\":[]},{\"name\":\"by_x\",\"runs\":[]}", "'by_x'"
            ),
            ("\"name\":\"\",", "", "'name' is missing"),
            ("\"since\":1", "\"since\":-1", "'since' is -1"), ("\"since\":1", "\"since\":41", "'since' is 41"),
            ("\"count\":900,\"indexes\"", "\"count\":-1,\"indexes\"", "'count' is -1"),
            ("\"offset\":64", "\"offset\":-64", "'offset' is -64"), ("\"offset\":64,", "", "'offset' is missing"),
            ("\"length\":100", "\"length\":9223372036854775807", "'length'"),
            ("\"directory_length\":200", "\"directory_length\":-1", "'directory_length' is -1"),
            (",\"directory_length\":200", "", "'directory_length' is missing"),
            ("\"count\":2,", "\"count\":2.5,", "'count'"), ("\"file\":\"01HY\"", "\"file\":\"\"", "'file' is empty"),
            ("\"first\":\"0001\"", "\"first\":\"001\"", "'first'"),
            ("\"first\":\"0001\"", "\"first\":\"ffff\"", "ends before it begins"),
            ("\"seq\":39", "\"seq\":0", "'seq' is 0"), ("\"digest\":\"01", "\"digest\":\"", "'digest'"),
            ("\"key\":\"k\",", "", "'key' is missing"), ("\"results\":[[1,", "\"results\":[[-1,", "'results'"),
            ("\"results\":[[1,", "\"results\":[[", "'results'"),
            ("\"results\":[[", "\"results\":[[1,9223372036854775807,", "'results'"),
            ("\"table\":\"cities\",\"id\":\"1\"", "\"table\":\"towns\",\"id\":\"1\"", "'towns'"),
            ("\"id\":\"1\"", "\"id\":\"3\"", "'3'"), ("\"id\":\"2\"", "\"id\":\"02\"", "'02'"),
            ("\"id\":\"2\"", "\"id\":\"1\"", "pending twice"),
            ("\"commit\":39", "\"commit\":41", "'commit' is 41"), ("\"commit\":39,", "", "'commit' is missing"),
            ("\"name\":\"Paris\"", "\"name\":1", "'name'"), ("\"deleted\":true", "\"deleted\":null", "'deleted'"),
            ("\"tables\":", "\"tabels\":", "'tables' is missing"),
            ("\"receipts\":", "\"receipt\":", "'receipts' is missing"),
            ("\"pending\":", "\"depending\":", "'pending' is missing"),
            ("\"runs\":[]", "\"runs\":{}", "expected an array"),
        ])
    func damage(_ old: String, _ new: String, _ says: String) throws {
        let error = try error(ManifestJSON.encode(manifest()).replacing(old, with: new))
        #expect(error.message.contains(says), "\(error)")
    }

    @Test("An idempotency key stands in a manifest once, by its bytes")
    func receiptKeys() throws {
        var manifest = manifest()
        var other = manifest.receipts[0]
        manifest.receipts[0].key = "e\u{301}"
        other.key = "\u{E9}"
        manifest.receipts.append(other)
        #expect(try decode(ManifestJSON.encode(manifest)).receipts.map { Array($0.key.utf8).count } == [3, 2])
        manifest.receipts[0].key = "\u{E9}"
        #expect(try error(ManifestJSON.encode(manifest)).message.contains("twice"))
    }

    @Test("What a newer Cairn wrote is not damaged")
    func newer() throws {
        let bytes = ManifestJSON.encode(manifest())
        _ = try error(bytes.replacing("\"format\":1", with: "\"format\":2"), .upgradeRequired)
        _ = try error(bytes.replacing("\"needs\":[]", with: "\"needs\":[\"braids\"]"), .upgradeRequired)
        _ = try error(Array(#"{"tables":5,"format":2}"#.utf8), .upgradeRequired)
    }

    @Test("No bytes make reading fail in another way than with an error that names the object")
    func torture() throws {
        FormatFixtures.torture(ManifestJSON.encode(manifest()), name, decode)
    }
}
