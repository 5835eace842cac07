import CairnCore
import CairnSchema
import ObjectStorage
import Testing

@Suite("The files about a store")
struct FormatStoreFileTests {
    private let file = StoreFile(
        id: "01HX-0123456789abcdef", location: "s3://bucket/prefix", created: FormatFixtures.time)

    private func error(_ bytes: [UInt8], _ code: StorageError.Code = .damaged) throws -> StorageError {
        let error = try #require(throws: StorageError.self) { try StoreFileJSON.decode(bytes) }
        #expect(error.code == code)
        #expect(error.message.contains("'_store.json'"))
        return error
    }

    // MARK: _store.json

    @Test("_store.json says what the store is, for people")
    func golden() throws {
        let text = """
            {
              "format": 1,
              "needs": [],
              "store": "01HX-0123456789abcdef",
              "location": "s3://bucket/prefix",
              "created_at": "2026-11-20T15:06:01.870549Z"
            }

            """
        #expect(String(decoding: StoreFileJSON.encode(file), as: UTF8.self) == text)
        #expect(try StoreFileJSON.decode(Array(text.utf8)) == file)
    }

    @Test("_store.json of a store that was rebuilt says the ids it had")
    func rebuilt() throws {
        var rebuilt = file
        rebuilt.rebuilds = ["two", "one"]
        #expect(String(decoding: StoreFileJSON.encode(rebuilt), as: UTF8.self).contains("\"rebuilds\": ["))
        #expect(try StoreFileJSON.decode(StoreFileJSON.encode(rebuilt)) == rebuilt)
    }

    @Test(
        "A _store.json that Cairn did not write is damaged",
        arguments: [
            ("\"store\": \"01HX-0123456789abcdef\"", "\"store\": \"\"", "'store' is empty"),
            ("\"store\": ", "\"stor\": ", "'store' is missing"), ("\"location\": ", "\"x\": ", "'location' is missing"),
            ("\"location\": \"s3://bucket/prefix\"", "\"location\": 5", "'location'"),
            ("\"created_at\": \"2026", "\"created_at\": \"26", "'created_at'"),
            ("\"format\": 1,", "", "'format' is missing"),
            ("\"format\": 1", "\"format\": -1", "'format' is -1"), ("\"needs\": []", "\"needs\": [1]", "string"),
            ("}\n", "", "ends"),
        ])
    func damage(_ old: String, _ new: String, _ says: String) throws {
        let error = try error(StoreFileJSON.encode(file).replacing(old, with: new))
        #expect(error.message.contains(says), "\(error)")
    }

    @Test("A store that needs what this version does not know is not damaged, and the error says what it needs")
    func newer() throws {
        var newer = file
        newer.needs = ["braids"]
        #expect(try error(StoreFileJSON.encode(newer), .upgradeRequired).message.contains("'braids'"))
        let bytes = StoreFileJSON.encode(file).replacing("\"format\": 1", with: "\"format\": 12")
        #expect(try error(bytes, .upgradeRequired).message.contains("format 12"))
    }

    @Test("No bytes make reading fail in another way than with an error that names the object")
    func torture() {
        FormatFixtures.torture(StoreFileJSON.encode(file), ObjectNames.store, StoreFileJSON.decode)
    }

    // MARK: Schemas

    @Test("The file of a schema is its canonical text, indented and with a line break at the end, and gives it back")
    func schema() throws {
        let schema = try #require(FormatFixtures.schema)
        let bytes = SchemaFile.encode(schema)
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.hasPrefix("{\n  \"database\": \"format\",\n") && text.hasSuffix("\n}\n"))
        let read = try SchemaFile.decode(bytes, name: ObjectNames.schema(schema.id), id: schema.id)
        #expect(read.id == schema.id)
        #expect(SchemaFile.encode(read) == bytes)
    }

    @Test("A file that is not the schema its name says is damaged")
    func otherSchema() throws {
        let schema = try #require(FormatFixtures.schema)
        let name = ObjectNames.schema(schema.id)
        let bytes = SchemaFile.encode(schema)
        for wrong in [
            bytes.replacing("\"by_text\"", with: "\"by_title\""), Array(bytes.dropLast(3)), [], [0xFF],
            Array("{}".utf8),
            Array("[]".utf8), Array(String(repeating: "[", count: 100_000).utf8),
        ] {
            let error = try #require(throws: StorageError.self) {
                try SchemaFile.decode(wrong, name: name, id: schema.id)
            }
            #expect(error.code == .damaged && error.message.contains("'\(name)'"))
        }
    }

    // MARK: For other tools

    @Test("The metadata of a table is what DDAO writes: its columns by name, with DDAO's names of types")
    func metadata() throws {
        let schema = try Schema(
            parsing: """
                { "database": "d", "tables": { "t": {
                    "columns": { "id": "int", "mail": { "type": "string?", "unique": true, "doc": "An \\"address\\"" },
                                 "age": { "type": "int", "default": 5 } },
                    "key": "id" } } }
                """)
        let column = {
            (name: String, type: String, isNullable: Bool, value: String, comment: String, isUnique: Bool, isKey: Bool)
            in
            """
                "\(name)": {
                  "Name": "\(name)",
                  "DataType": "\(type)",
                  "Nullable": \(isNullable),
                  "Default": \(value),
                  "Comment": "\(comment)",
                  "Unique": \(isUnique),
                  "Index": \(isUnique),
                  "AutoIncrement": false,
                  "PrimaryKey": \(isKey)
                }
            """
        }
        #expect(
            String(decoding: TableMetadataJSON.encode(schema.tables[0], created: FormatFixtures.time), as: UTF8.self)
                == """
                {
                  "created_at": "2026-11-20T15:06:01.870549Z",
                  "fields": {
                \(column("age", "integer", false, "\"5\"", "", false, false)),
                \(column("id", "integer", false, "null", "", false, true)),
                \(column("mail", "text", true, "null", "An \\\"address\\\"", true, false))
                  },
                  "table_name": "t"
                }

                """)
    }

    @Test("Every type has a name of DDAO's")
    func dataTypes() throws {
        let samples = try FormatFixtures.table("samples")
        let json = try JSONValue(parsing: TableMetadataJSON.encode(samples, created: .epoch))
        let names = [
            "text": "text", "number": "integer", "real": "real", "flag": "boolean", "id": "uuid", "raw": "blob",
            "time": "datetime", "day": "date", "price": "text", "document": "json", "texts": "json", "state": "text",
            "parent": "uuid",
        ]
        for (column, type) in names { #expect(json["fields"]?[column]?["DataType"] == .string(type), "\(column)") }
    }

    @Test("The tag of an object is the MD5 of its bytes")
    func tag() {
        // RFC 1321, appendix A.5; a libcrypto without MD5 computes none.
        guard let tag = ComputedETag.md5(Array("abc".utf8)) else { return }
        #expect(Hex.encode(tag) == "900150983cd24fb0d6963f7d28e17f72")
        #expect(ComputedETag.md5([]).map { Hex.encode($0) } == "d41d8cd98f00b204e9800998ecf8427e")
    }
}
