import Foundation
import Testing

@testable import CairnSchema

@Suite("cairn.schema.json, which editors use")
struct JSONSchemaTests {
    private static let folder = URL(filePath: #filePath).appending(path: "../../../Schemas").standardized

    private func validator() throws -> JSONSchemaValidator {
        let data = try Data(contentsOf: Self.folder.appending(path: "cairn.schema.json"))
        return JSONSchemaValidator(try JSONValue(parsing: [UInt8](data)))
    }

    private func value(_ text: String) throws -> JSONValue {
        var scanner = try JSONScanner(Array(text.utf8), syntax: .relaxed)
        return try JSONValue(&scanner, depth: 0)
    }

    @Test("Every example schema is valid by it, and to Cairn")
    func examples() throws {
        let files = try FileManager.default.contentsOfDirectory(at: Self.folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "jsonc" }
        #expect(!files.isEmpty)
        for file in files {
            let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
            #expect(try validator().errors(in: value(text)) == [], "\(file.lastPathComponent)")
            #expect(throws: Never.self) { try Schema(parsing: text, file: file.lastPathComponent) }
        }
    }

    @Test("It knows every member that Cairn offers, and says of each other one that it is refused")
    func members() throws {
        let schema = try value(
            String(decoding: Data(contentsOf: Self.folder.appending(path: "cairn.schema.json")), as: UTF8.self))
        func properties(_ path: String...) throws -> Set<String> {
            let node = try path.reduce(schema) { node, step in try #require(Int(step).map { node[$0] } ?? node[step]) }
            guard case .object(let object)? = node["properties"] else { return [] }
            let offered = object.members.filter { member in
                guard case .string(let text)? = member.value["description"] else { return true }
                return !text.contains("Refused by this version")
            }
            return Set(offered.map(\.name))
        }
        #expect(try properties() == known(after: "{ \"?\": 1 }"))
        #expect(
            try properties("$defs", "table")
                == known(after: "{ \"database\": \"d\", \"tables\": { \"t\": { \"?\": 1 } } }"))
        let column =
            "{ \"database\": \"d\", \"tables\": { \"t\": { \"columns\": { \"id\": { \"type\": \"int\", \"?\": 1 } }, \"key\": \"id\" } } }"
        #expect(try properties("$defs", "column", "anyOf", "1") == known(after: column))
        let index =
            "{ \"database\": \"d\", \"tables\": { \"t\": { \"columns\": { \"id\": \"int\" }, \"key\": \"id\", \"indexes\": { \"i\": { \"on\": [\"id\"], \"?\": 1 } } } } }"
        #expect(try properties("$defs", "index", "anyOf", "1") == known(after: index))
        let projection =
            "{ \"database\": \"d\", \"tables\": { \"t\": { \"columns\": { \"id\": \"int\" }, \"key\": \"id\", \"projections\": { \"P\": { \"columns\": [\"id\"], \"?\": 1 } } } } }"
        #expect(try properties("$defs", "projection", "anyOf", "1") == known(after: projection))
        func query(_ members: String) -> String {
            "{ \"database\": \"d\", \"tables\": { \"t\": { \"columns\": { \"id\": \"int\" }, \"key\": \"id\" } }, \"queries\": { \"q\": { \(members) } } }"
        }
        #expect(
            try properties("$defs", "query", "anyOf", "1") == known(after: query("\"query\": \"t\", \"?\": 1")))
        let parameter = query("\"query\": \"t where id = $a\", \"parameters\": { \"a\": { \"?\": 1 } }")
        #expect(try properties("$defs", "parameter") == known(after: parameter))
    }

    /// The members Cairn lists when it meets the unknown member "?".
    private func known(after text: String) throws -> Set<String> {
        let diagnostics = SchemaReader.read(Array(text.utf8), name: "s").diagnostics
        let found = try #require(diagnostics.first { $0.code == "schema.unknown_member" && $0.message.contains("'?'") })
        let list = try #require(found.remedy).replacing("the members are ", with: "")
        return Set(list.split(separator: ", ").map(String.init))
    }

    @Test(
        "What it refuses Cairn refuses too",
        arguments: [
            "{}", "{ \"database\": \"D\", \"tables\": {} }", "{ \"database\": \"d\", \"tables\": { \"t\": {} } }",
            "{ \"database\": \"d\", \"tables\": { \"t\": { \"columns\": { \"id\": \"integer\" }, \"key\": \"id\" } } }",
            "{ \"database\": \"d\", \"tables\": { \"t\": { \"columns\": { \"id\": \"int\" }, \"key\": [] } } }",
            "{ \"database\": \"d\", \"tables\": { \"t\": { \"columns\": { \"id\": { \"type\": \"int\", \"enum\": [\"a\"] } }, \"key\": \"id\" } } }",
            "{ \"database\": \"d\", \"tables\": { \"t\": { \"columns\": { \"id\": \"int\" }, \"key\": \"id\", \"x\": 1 } } }",
            "{ \"database\": \"d\", \"tables\": { \"t\": { \"columns\": { \"id\": \"int\" }, \"key\": \"id\", \"indexes\": { \"i\": [\"id down\"] } } } }",
            "{ \"database\": \"d\", \"tables\": { \"t\": { \"columns\": { \"id\": \"int\" }, \"key\": \"id\", \"projections\": { \"p\": [\"id\"] } } } }",
            "{ \"database\": \"d\", \"tables\": { \"t\": { \"columns\": { \"id\": \"int\" }, \"key\": \"id\", \"projections\": { \"P\": [\"id\", \"id\"] } } } }",
        ])
    func refused(_ text: String) throws {
        #expect(try !validator().errors(in: value(text)).isEmpty)
        #expect(throws: SchemaError.self) { try Schema(parsing: text) }
    }
}
