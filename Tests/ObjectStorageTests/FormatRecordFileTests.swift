import CairnCore
import CairnSchema
import ObjectStorage
import Testing

@Suite("The file of a record")
struct FormatRecordFileTests {
    private let schema: Schema
    private let cities: Table
    private let name = "tables/cities/objects/2988507.json"

    init() throws {
        schema = try #require(FormatFixtures.schema)
        cities = try FormatFixtures.table("cities")
    }

    private func file(_ image: RecordImage, _ id: Int = 2_988_507) -> [UInt8] {
        RecordFile.encode(image, of: cities, key: Key(.int(id)), schema: schema.id)
    }

    private var paris: [UInt8] { file(FormatFixtures.city(2_988_507, revision: 7, commit: 1042)) }

    private func error(_ bytes: [UInt8], _ code: StorageError.Code = .damaged) throws -> StorageError {
        let error = try #require(throws: StorageError.self) {
            try RecordFile.decode(bytes, of: cities, name: name)
        }
        #expect(error.code == code)
        #expect(error.message.contains("'\(name)'"))
        if code == .damaged {
            #expect(error.remedy?.contains("cairn doctor") == true)
            #expect(error.details.table == "cities")
            #expect(error.details.id != nil)
        }
        return error
    }

    // MARK: Form

    @Test("A record has the envelope of DDAO, with revision, commit and schema behind it")
    func golden() throws {
        #expect(
            String(decoding: paris, as: UTF8.self) == """
                {
                  "id": "2988507",
                  "table_name": "cities",
                  "fields": {
                    "area": "105.4",
                    "id": 2988507,
                    "name": "Paris",
                    "population": 2138551
                  },
                  "created_at": "2026-11-20T15:06:01.870549Z",
                  "updated_at": "2026-11-20T15:06:01.870549Z",
                  "revision": 7,
                  "commit": 1042,
                  "schema": "\(schema.id)"
                }

                """)
    }

    @Test("A deleted record keeps its revision and has no fields")
    func goldenTombstone() throws {
        #expect(
            String(decoding: file(FormatFixtures.tombstone(revision: 8, commit: 1050)), as: UTF8.self) == """
                {
                  "id": "2988507",
                  "table_name": "cities",
                  "deleted": true,
                  "created_at": "2026-11-20T15:06:01.870549Z",
                  "updated_at": "2026-11-20T15:06:01.870549Z",
                  "revision": 8,
                  "commit": 1050,
                  "schema": "\(schema.id)"
                }

                """)
    }

    @Test("DDAO finds in it what it writes itself: the members of its envelope, each of the type it expects")
    func envelope() throws {
        let json = try JSONValue(parsing: paris)
        for member in ["id", "table_name", "created_at", "updated_at"] {
            guard case .string? = json[member] else {
                Issue.record("\(member)")
                continue
            }
        }
        guard case .object(let fields)? = json["fields"] else {
            Issue.record("fields")
            return
        }
        // Go writes the members of a map in the order of their names.
        #expect(fields.members.map(\.name) == ["area", "id", "name", "population"])
    }

    @Test("The id is the text of the key, the parts of a composite key joined by a slash")
    func compositeKey() throws {
        let measures = try FormatFixtures.table("measures")
        let day = try #require(CalendarDate("2026-11-20"))
        let image = RecordImage(
            values: [.double(1), .string("Zürich/1"), .date(day), .int(-5)], metadata: FormatFixtures.metadata(),
            commit: 3)
        let key = measures.key(of: try #require(image.values))
        let bytes = RecordFile.encode(image, of: measures, key: key, schema: schema.id)
        #expect(try JSONValue(parsing: bytes)["id"] == "Z%C3%BCrich%2F1/2026-11-20/-5")
        let name = "tables/measures/objects/Z%C3%BCrich%2F1/2026-11-20/-5.json"
        let read = try RecordFile.decode(bytes, of: measures, name: name)
        #expect(read.key == key && read.image == image)
    }

    @Test("Programs that declare the columns in another order write the same bytes")
    func sameBytes() throws {
        func schema(_ columns: String) throws -> Schema {
            try Schema(
                parsing:
                    "{ \"database\": \"d\", \"tables\": { \"t\": { \"columns\": { \(columns) }, \"key\": \"id\" } } }")
        }
        let one = try schema(#""id": "int", "b": "string", "a": "json""#)
        let other = try schema(#""a": "json", "b": "string", "id": "int""#)
        #expect(one.id == other.id)
        func bytes(_ schema: Schema, _ values: [Value]) -> [UInt8] {
            let image = RecordImage(values: values, metadata: FormatFixtures.metadata(), commit: 1)
            return RecordFile.encode(image, of: schema.tables[0], key: Key(.int(1)), schema: schema.id)
        }
        let bytes = bytes(one, [.int(1), .string("x"), .json([1, 2])])
        #expect(bytes == self.bytesOf(other, [.json([1, 2]), .string("x"), .int(1)]))
        let read = try RecordFile.decode(bytes, of: other.tables[0], name: "tables/t/objects/1.json")
        #expect(read.image.values == [.json([1, 2]), .string("x"), .int(1)])
    }

    private func bytesOf(_ schema: Schema, _ values: [Value]) -> [UInt8] {
        let image = RecordImage(values: values, metadata: FormatFixtures.metadata(), commit: 1)
        return RecordFile.encode(image, of: schema.tables[0], key: Key(.int(1)), schema: schema.id)
    }

    // MARK: Round trips

    @Test(
        "A record of any values comes back as it was, and its bytes are always the same",
        arguments: 0..<200 as Range<UInt64>)
    func roundTrip(_ seed: UInt64) throws {
        var random = FormatRandom(seed)
        for table in schema.tables {
            let values = random.values(table)
            let key = table.key(of: values)
            let image = RecordImage(
                values: random.below(4) == 0 ? nil : values, metadata: random.metadata(), commit: 1 + random.below(1000)
            )
            let bytes = RecordFile.encode(image, of: table, key: key, schema: schema.id)
            let read = try RecordFile.decode(bytes, of: table, name: ObjectNames.file(table, key))
            #expect(read.key == key && read.image == image, "seed \(seed), table \(table)")
            #expect(RecordFile.encode(read.image, of: table, key: read.key, schema: schema.id) == bytes, "seed \(seed)")
            let columns = RecordFile.columns(of: table)
            #expect(RecordFile.encode(image, columns, key: key, schema: schema.id) == bytes)
            #expect(try RecordFile.decode(bytes, columns, name: ObjectNames.file(table, key)).image == image)
        }
    }

    @Test("Members may stand in any order, with any white space and with members of other programs beside them")
    func anyOrder() throws {
        let bytes = Array(
            """
            {"schema":"\(schema.id)","fields":{"population":null,"name":"Paris","id":2988507},
             "revision":7,"x":{"y":[1e400,-0.5,{"z":null,"z":true}]},"commit":1042,"updated_at":"2026-11-20T16:06:01.870549+01:00",
             "format":"mine","needs":{"nothing":1},"deleted":false,
             "created_at":"2026-11-20T15:06:01.870549000Z","table_name":"cities","id":"2988507"}
            """.utf8)
        let read = try RecordFile.decode(bytes, of: cities, name: name)
        #expect(read.key == Key(.int(2_988_507)))
        #expect(read.image.values == [.string("Paris"), .int(2_988_507), .null, .decimal(1)])
        #expect(read.image.metadata == FormatFixtures.metadata(7))
        #expect(read.image.commit == 1042)
    }

    // MARK: Damage

    @Test("A file that another program wrote is damaged, and the error says so")
    func foreign() throws {
        let ddao = Array(
            """
            {
              "id": "2988507",
              "table_name": "cities",
              "fields": {"id": 2988507, "name": "Paris"},
              "created_at": "2026-11-20T15:06:01.870549501Z",
              "updated_at": "0001-01-01T00:00:00Z"
            }
            """.utf8)
        #expect(try error(ddao).message.contains("another program wrote it"))
        #expect(
            try error(paris.replacing("  \"commit\": 1042,\n", with: "")).message.contains("another program wrote it"))
    }

    @Test("A file at the place of another record is damaged")
    func otherName() throws {
        for other in ["tables/cities/objects/5.json", "tables/towns/objects/2988507.json", "x.json", ""] {
            let error = try #require(throws: StorageError.self) {
                try RecordFile.decode(paris, of: cities, name: other)
            }
            #expect(error.code == .damaged)
            #expect(error.message.contains("'\(other)'") && error.message.contains("2988507"))
        }
    }

    @Test(
        "What Cairn did not write is damaged, and the error says what is wrong",
        arguments: [
            ("\"id\": \"2988507\"", "\"id\": \"5\"", "not of '5'"),
            ("\"id\": 2988507", "\"id\": 5", "record '5'"),
            ("\"id\": \"2988507\"", "\"id\": 2988507", "'id' must be a string"),
            ("\"table_name\": \"cities\"", "\"table_name\": \"towns\"", "'table_name' is 'towns'"),
            ("  \"table_name\": \"cities\",\n", "", "'table_name' is missing"),
            ("\"id\": \"2988507\",", "", "'id' is missing"),
            ("\"revision\": 7", "\"revision\": 0", "'revision' is 0"),
            ("\"revision\": 7", "\"revision\": -7", "'revision' is -7"),
            ("\"revision\": 7", "\"revision\": 9007199254740992", "revision"),
            ("\"revision\": 7", "\"revision\": 99999999999999999999", "'revision'"),
            ("\"revision\": 7", "\"revision\": 7.0", "'revision'"),
            ("\"revision\": 7", "\"revision\": \"7\"", "'revision'"),
            ("\"revision\": 7", "\"revision\": 7, \"revision\": 8", "'revision' is given twice"),
            ("  \"revision\": 7,\n", "", "'revision' is missing"),
            ("\"commit\": 1042", "\"commit\": 0", "'commit' is 0"),
            ("\"commit\": 1042", "\"commit\": null", "'commit'"),
            ("\"commit\": 1042", "\"commit\": 1042, \"commit\": 1042", "'commit' is given twice"),
            ("\"created_at\": \"2026", "\"created_at\": \"x026", "'created_at'"),
            ("\"updated_at\": \"2026-11-20T15:06:01.870549Z\"", "\"updated_at\": 5", "'updated_at'"),
            ("\"schema\": \"sha256:", "\"schema\": \"md5:", "'schema'"),
            ("\"name\": \"Paris\"", "\"name\": 5", "'name'"),
            ("\"name\": \"Paris\"", "\"name\": null", "'name'"),
            ("\"name\": \"Paris\",", "", "'name'"),
            ("\"name\": \"Paris\"", "\"name\": \"Paris\", \"name\": \"Lyon\"", "'name'"),
            ("\"name\": \"Paris\"", "\"nom\": \"Paris\"", "'nom'"),
            ("\"population\": 2138551", "\"population\": 2138551.5", "'population'"),
            ("\"area\": \"105.4\"", "\"area\": \"large\"", "'area'"),
            ("\"fields\": {", "\"deleted\": true, \"fields\": {", "deleted"),
            ("\"fields\": {", "\"field\": {", "'fields' is missing"),
            ("\"fields\": {", "\"deleted\": 1, \"fields\": {", "'deleted'"),
            ("  \"schema\"", "  \"commit\"", "'commit'"),
            ("2138551\n  }", "2138551\n  ]", "expected"),
        ])
    func damage(_ old: String, _ new: String, _ says: String) throws {
        let error = try error(paris.replacing(old, with: new))
        #expect(error.message.contains(says), "\(error)")
    }

    @Test("Text around the object is damage")
    func surroundings() throws {
        for text in ["", " ", "null", "[]", "1", "\"x\"", "{", "{}{}", "<html>", "\u{FEFF}{}", "// x\n{}"] {
            _ = try error(Array(text.utf8))
        }
        _ = try error(paris + Array("x".utf8))
        _ = try error([0xFF, 0xFE])
        _ = try error(Array(String(repeating: "[", count: 100_000).utf8))
    }

    @Test("An enum has no other value than its own")
    func unknownCase() throws {
        var random = FormatRandom(1)
        let samples = try FormatFixtures.table("samples")
        let values = random.values(samples)
        let key = samples.key(of: values)
        let bytes = RecordFile.encode(
            RecordImage(values: values, metadata: FormatFixtures.metadata(), commit: 1), of: samples, key: key,
            schema: schema.id)
        let name = ObjectNames.file(samples, key)
        let state = String(decoding: bytes, as: UTF8.self).contains("\"draft\"") ? "draft" : "live"
        let error = try #require(throws: StorageError.self) {
            try RecordFile.decode(bytes.replacing("\"\(state)\"", with: "\"gone\""), of: samples, name: name)
        }
        #expect(error.code == .damaged && error.details.column == "state")
    }

    @Test("The key of a deleted record is a key of its table")
    func tombstoneKey() throws {
        let bytes = file(FormatFixtures.tombstone())
        #expect(try RecordFile.decode(bytes, of: cities, name: name).key == Key(.int(2_988_507)))
        for id in ["02988507", "x", "1/2", ""] {
            _ = try error(bytes.replacing("\"2988507\"", with: "\"\(id)\""))
        }
    }

    @Test("What a newer Cairn wrote is not damaged")
    func newer() throws {
        for members in [#""format": 2"#, #""needs": ["braids"]"#, #""format": 1, "needs": ["braids"]"#] {
            let error = try error(
                paris.replacing("\"id\": \"2988507\"", with: "\(members), \"id\": \"2988507\""), .upgradeRequired)
            #expect(error.remedy?.contains("newer version") == true)
        }
        // Also when nothing else of it can be read.
        _ = try error(Array(#"{"record":{},"format":9}"#.utf8), .upgradeRequired)
    }

    @Test("No bytes make reading fail in another way than with an error that names the object")
    func torture() throws {
        let columns = RecordFile.columns(of: cities)
        for bytes in [paris, file(FormatFixtures.tombstone())] {
            FormatFixtures.torture(bytes, name) { try RecordFile.decode($0, columns, name: name) }
        }
    }

    @Test("Nor of a record with a column of each type")
    func tortureOfTypes() throws {
        var random = FormatRandom(1)
        let samples = try FormatFixtures.table("samples")
        let values = random.values(samples)
        let key = samples.key(of: values)
        let image = RecordImage(values: values, metadata: FormatFixtures.metadata(), commit: 1)
        let name = ObjectNames.file(samples, key)
        let columns = RecordFile.columns(of: samples)
        FormatFixtures.torture(RecordFile.encode(image, columns, key: key, schema: schema.id), name) {
            try RecordFile.decode($0, columns, name: name)
        }
    }
}
