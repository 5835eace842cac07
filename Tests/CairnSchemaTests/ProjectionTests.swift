import Testing

@testable import CairnSchema

@Suite("Projections in schema files")
struct ProjectionTests {
    private func read(_ projections: String) -> SchemaReader.Outcome {
        let text = """
            { "database": "d", "tables": { "cities": {
              "columns": { "id": "int", "name": "string", "population": "int" }, "key": "id",
              "projections": { \(projections) } } } }
            """
        return SchemaReader.read(Array(text.utf8), name: "s")
    }

    @Test("A projection is a list of columns, or an object with a doc")
    func shapes() throws {
        let outcome = read(
            "\"Short\": [\"name\"], \"Summary\": { \"doc\": \"For lists.\", \"columns\": [\"population\", \"id\"] }")
        let schema = try #require(outcome.schema, "\(outcome.diagnostics)")
        #expect(schema.projections.map(\.name) == ["Short", "Summary"])
        #expect(schema.projections.map(\.columns) == [[1], [2, 0]])
        #expect(schema.projections.map(\.doc) == [nil, "For lists."])
        #expect(schema.projections.allSatisfy { $0.table == 0 })
    }

    @Test("Projections are no part of the schema's id, and no store holds them")
    func identity() throws {
        let with = try #require(read("\"Short\": [\"name\"]").schema)
        let without = try #require(read("").schema)
        #expect(with.id == without.id)
        #expect(with.canonicalText == without.canonicalText)
        #expect(with.declarationText == without.declarationText)
    }

    @Test(
        "What is wrong is reported where it stands",
        arguments: [
            ("\"A\": [\"name\", \"nme\"]", "nme", "schema.unknown_column", "did you mean 'name'"),
            ("\"A\": [\"name\", \"id\", \"name\" ]", "name\" ]", "schema.projection", "names 'name' twice"),
            ("\"A\": []", "[]", "schema.projection", "names no column"),
            ("\"A\": { \"doc\": \"x\" }", "{ \"doc", "schema.projection", "names no column"),
            ("\"A\": \"name\"", "name\"", "schema.type", "is a list of columns or an object with 'columns'"),
            ("\"A\": [\"id\", 1]", "1]", "schema.type", "found a number in it"),
            ("\"A\": { \"columns\": [\"id\"], \"on\": 1 }", "on\"", "schema.unknown_member", "has no member 'on'"),
            ("\"a_b\": [\"id\"]", "a_b", "schema.name", "not a name of a Swift type"),
            ("\"A\": [\"id\"], \"A\": [\"name\"]", "A\": [\"name", "schema.duplicate", "has the member 'A' twice"),
        ])
    func mistakes(_ projections: String, _ place: String, _ code: String, _ message: String) throws {
        let outcome = read(projections)
        #expect(outcome.schema == nil)
        let found = try #require(outcome.diagnostics.first { $0.code == code }, "\(outcome.diagnostics)")
        #expect(found.description.contains(message), "\(found)")
        #expect(outcome.diagnostics.count == 1, "\(outcome.diagnostics)")
        let line = "  \"projections\": { \(projections) } } } }"
        let range = try #require(line.firstRange(of: place))
        let column = line.utf8.distance(from: line.startIndex, to: range.lowerBound) + 1
        // A string begins with its quote.
        let isText = place.first?.isLetter ?? false
        #expect(found.location.line == 3)
        #expect(found.location.column == column - (isText ? 1 : 0), "\(found)")
    }

    @Test("A table has a bounded number of projections")
    func limit() {
        let names = (0...SchemaLimits.projections).map { "\"P\($0)\": [\"id\"]" }.joined(separator: ", ")
        #expect(read(names).diagnostics.map(\.code) == ["schema.limit"])
    }
}
