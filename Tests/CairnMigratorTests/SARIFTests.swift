import CairnCore
import CairnMigrator
import CairnSchema
import Testing

/// The structure is that of "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", of which the tests name the sections.
@Suite("SARIF logs")
struct SARIFTests {
    private static let old = """
        { "database": "d", "tables": { "t": { "columns": { "id": "int", "a": "int", "b": "int" }, "key": "id" } } }
        """
    private static let new = """
        {
          "database": "d",
          "tables": {
            "t": {
              "columns": { "id": "int", /* é𝄞 */ "a": { "type": "int", "max": 5 } },
              "key": "id",
              "allow": { "DS103": "nobody reads \\"b\\"" },
            }
          }
        }
        """

    private func log() throws -> JSONValue {
        let file = "Schemas/my d.jsonc"
        let plan = MigrationPlan(
            from: try Schema(parsing: Self.old), to: try Schema(parsing: Self.new, file: file))
        var log = SARIFLog(version: "1.2.3", sources: [file: Array(Self.new.utf8)])
        log.add(plan, file: file)
        return try JSONValue(parsing: log.text)
    }

    @Test("A log has its version, one run and the tool with its rules (3.13, 3.14, 3.18, 3.19)")
    func frame() throws {
        let log = try log()
        #expect(log["version"] == "2.1.0")
        let run = try #require(log["runs"]?[0])
        #expect(log["runs"]?[1] == nil)
        let driver = run["tool"]?["driver"]
        #expect(driver?["name"] == "cairn" && driver?["version"] == "1.2.3")
        #expect(driver?["rules"]?[0]?["id"] == "MF105")
        #expect(driver?["rules"]?[0]?["shortDescription"]?["text"] == "a rule that records may break")
    }

    @Test("Each result names its rule by id and index, and has level, text and one location (3.27)")
    func results() throws {
        let run = try #require(try log()["runs"]?[0])
        guard case .array(let results)? = run["results"] else { throw NoResults() }
        #expect(results.map { $0["ruleId"] } == ["MF105", "DS103"])
        #expect(results.map { $0["level"] } == ["warning", "error"])
        for result in results {
            guard case .int(let index)? = result["ruleIndex"] else { throw NoResults() }
            #expect(run["tool"]?["driver"]?["rules"]?[index]?["id"] == result["ruleId"])
            let location = result["locations"]?[0]?["physicalLocation"]
            #expect(location?["artifactLocation"]?["uri"] == "Schemas/my%20d.jsonc")
        }
    }

    private struct NoResults: Error {}

    @Test(
        "A place has line and column from 1, the column in UTF-16 code units as the run says (3.14.17, 3.30.5, 3.30.6)")
    func places() throws {
        let run = try #require(try log()["runs"]?[0])
        #expect(run["columnKind"] == "utf16CodeUnits")
        let places = [0, 1].map { run["results"]?[$0]?["locations"]?[0]?["physicalLocation"]?["region"] }
        #expect(places == [["startLine": 5, "startColumn": 43], ["startLine": 4, "startColumn": 5]])
    }

    @Test(
        "What is allowed is suppressed in the source with its reason, and all others say that they are not (3.27.23, 3.35)"
    )
    func suppressions() throws {
        let results = try #require(try log()["runs"]?[0]?["results"])
        #expect(results[0]?["suppressions"] == [])
        let suppression = results[1]?["suppressions"]?[0]
        #expect(suppression?["kind"] == "inSource" && suppression?["status"] == "accepted")
        #expect(suppression?["justification"] == "nobody reads \"b\"")
        #expect(suppression?["location"]?["physicalLocation"]?["region"] == ["startLine": 7, "startColumn": 18])
    }

    @Test("What could be a rename, and what is wrong in a file, are results too")
    func others() throws {
        let plan = MigrationPlan(
            from: try Schema(parsing: database(table("a int"))), to: try Schema(parsing: database(table("b int"))))
        var log = SARIFLog(version: "1", sources: [:])
        log.add(plan, file: "/a/b.jsonc")
        let outcome = SchemaReader.read(Array("{ \"database\": \"d\" }".utf8), name: "x.jsonc")
        for diagnostic in outcome.diagnostics { log.add(diagnostic) }
        let results = try JSONValue(parsing: log.text)["runs"]?[0]?["results"]
        #expect(results?[0]?["ruleId"] == "AM101")
        #expect(
            results?[0]?["locations"]?[0]?["physicalLocation"]?["artifactLocation"]?["uri"] == "file:///a/b.jsonc")
        #expect(results?[3]?["ruleId"] == "schema.missing" && results?[3]?["level"] == "error")
    }
}
