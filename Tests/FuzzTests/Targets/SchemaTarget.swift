import Cairn
import CairnCore
import CairnGenerator
import CairnSchema

@testable import Simulation

/// Schema files.
///
/// A file that is refused has an error with a place. One that is accepted has a canonical form that is a schema file itself,
/// with the same id; so has what generated code carries, in the order of the file; code is generated from it; its defaults
/// are values that can be stored; and every driver makes its tables.
struct SchemaTarget: FuzzTarget {
    let words =
        [
            "\"type\":", "\"enum\":[\"a\",\"b\"]", "\"references\":", "\"nullable\":true", "\"unique\":true",
            "\"default\":", "\"min\":",
            "\"max\":", "\"min_length\":", "\"max_length\":", "\"sensitive\":true", "\"doc\":\"a\\nb\"",
            "\"deprecated\":true",
            "\"renamed_from\":\"a\"", "\"convert\":{\"from\":\"a\"}", "\"on_delete\":\"restrict\"",
            "\"key\":[\"a\",\"b\"]",
            "\"indexes\":{\"x\":[\"a\",\"b desc\"]}",
            "\"include\":[\"a\"]", "\"on\":[\"a\"]", "\"entity\":\"Thing\"", "\"columns\":{", "\"tables\":{",
            "\"database\":\"d\"",
            "\"now\"", "\"uuid\"", "\"id\"", "\"a\":\"int\",", "\"b\":\"string?\",", "\"c\":{\"references\":\"t\"},",
            "desc", "asc", "?",
            "\"allow\":{\"DS103\":\"a\"}", "\"MF105\":\"b\"", "\"history\":true",
            "\"queries\":{\"q\":\"t where a = $b\"}", "\"unindexed\":true",
            "\"parameters\":{\"b\":{",
            "$a", " limit $n", " in $l", " and ", "\"pattern\":\"a\"", "\"on_delete\":\"cascade\"",
            "\"where\":\"a = 1\"",
        ] + ColumnType.named.flatMap { ["\"\($0.name)\"", "\"[\($0.name)]\"", "\"\($0.name)?\""] }

    func make(_ random: inout SeededRandom) -> [UInt8]? {
        switch random.below(200) {
        case 0: Array(SchemaTarget.manyTables(&random).utf8)
        case 1: Array(SchemaTarget.manyNames(&random).utf8)
        default: Array(SchemaGenerator.make(&random).text.utf8)
        }
    }

    /// Tables whose keys refer to one another, in a row or in a circle: slow where each column looks through all of them.
    private static func manyTables(_ random: inout SeededRandom) -> String {
        let count = 100 + random.below(400)
        let isCircle = random.chance(30)
        let tables = (0..<count).map { table in
            let next = table + 1 < count ? table + 1 : isCircle ? 0 : nil
            let key = next.map { "{\"references\":\"t\($0)\"}" } ?? "\"int\""
            let others = (0..<random.below(3)).map { column in
                random.chance(50) ? ",\"r\(column)\":{\"references\":\"t0\"}" : ",\"e\(column)\":{\"enum\":[\"a\"]}"
            }
            return "\"t\(table)\":{\"columns\":{\"k\":\(key)\(others.joined())},\"key\":\"k\"}"
        }
        return "{\"database\":\"d\",\"tables\":{\(tables.joined(separator: ","))}}"
    }

    /// One table of many columns, with long lists of names: slow where each name looks through all columns.
    private static func manyNames(_ random: inout SeededRandom) -> String {
        let columns = (0..<100 + random.below(400)).map { "\"c\($0)\":\"int\"" }
        func names() -> String {
            let isKnown = random.chance(50)
            return (0..<random.below(4000)).map { isKnown ? "\"c\($0 % 100)\"" : "\"d\($0)\"" }.joined(separator: ",")
        }
        return """
            {"database":"d","tables":{"t":{"columns":{\(columns.joined(separator: ","))},"key":[\(names())],
            "indexes":{"x":[\(names())],"y":{"on":["c1"],"include":[\(names())]}}}}}
            """
    }

    func check(_ input: [UInt8]) async throws {
        let outcome = SchemaReader.read(input, name: "f.jsonc")
        try Expected.check(outcome.diagnostics)
        let hasErrors = outcome.diagnostics.contains { $0.severity == .error }
        try hold(hasErrors == (outcome.schema == nil), "a schema with errors, or neither")
        guard let schema = outcome.schema else { return }
        try checkTexts(of: schema)
        for table in schema.tables { try check(table, of: schema) }
        // What takes long is done for some, by what they hold and not by chance.
        let share = schema.id.description.utf8.reduce(0) { $0 &* 31 &+ Int($1) } & 63
        if share < 8 { try checkGenerating(schema) }
        if share == 0 { try await checkStores(schema) }
    }

    private func checkTexts(of schema: Schema) throws {
        let canonical = try Schema(stored: schema.canonicalText, file: "canonical")
        try hold(canonical.id == schema.id, "the canonical form has another id")
        try hold(Utf8.equal(canonical.canonicalText, schema.canonicalText), "the canonical form has another one")
        let declared = try Schema(stored: schema.declarationText, file: "declaration")
        try hold(declared.id == schema.id, "the declaration has another id")
        try hold(
            declared.tables.elementsEqual(schema.tables) { $0.isAlike($1) }, "the declaration has another order")
    }

    private func check(_ table: Table, of schema: Schema) throws {
        try hold(!table.key.isEmpty && !table.columns.isEmpty, "a table without key or columns")
        for reference in table.references {
            let target = schema.tables[reference.target]
            try hold(target.key.count == 1, "a reference to a key of several columns")
            let type = target.columns[target.key[0]].valueType
            try hold(table.columns[reference.column].valueType == type, "a reference of another type than its key")
        }
        // The key apart: only the other columns may be null, and null fills those that have no default.
        let columns = table.columns
        for column in columns {
            guard case .literal(let value)? = column.defaultValue else { continue }
            let isHeld = column.valueType.holds(value) && ColumnCheck.brokenRule(value, column.rules) == nil
            try hold(isHeld, "the default of '\(column.name)' is none: \(value)")
            try hold(
                ValueJSON.value(value).depth <= Limits.jsonDepth, "the default of '\(column.name)' cannot be stored")
        }
    }

    private func checkGenerating(_ schema: Schema) throws {
        let files = Generator(schema, source: "f.jsonc", module: "Cairn").files()
        try hold(files.count == schema.tables.count + 1, "\(files.count) files of \(schema.tables.count) tables")
    }

    /// Opens the schema on every driver, which holds it then.
    private func checkStores(_ schema: Schema) async throws {
        for url in ["memory:", "sqlite::memory:"] {
            let storage = try await Stores.storage(at: url)
            let store = try await Store.open(storage, schema: schema)
            try hold(try await storage.schema() == schema, "\(url) holds another schema")
            try await store.close()
        }
    }
}

extension JSONValue {
    /// How many arrays and objects are inside one another.
    var depth: Int {
        switch self {
        case .array(let elements): 1 + (elements.map(\.depth).max() ?? 0)
        case .object(let object): 1 + (object.members.map(\.value.depth).max() ?? 0)
        default: 0
        }
    }
}
