import CairnCore
import CairnSchema
import ObjectStorage
import Testing

@Suite("The names of objects")
struct FormatNamesTests {
    private static let numbers = [1, 2, 9, 10, 99, 100, 1_000_000, 999_999_999_999, Int.max - 1, Int.max]

    @Test("Names have the form that other programs rely on")
    func golden() throws {
        let schema = try #require(SchemaID("sha256:" + String(repeating: "ab", count: 32)))
        let cities = try FormatFixtures.table("cities")
        for (name, text) in [
            (ObjectNames.store, "_store.json"), (ObjectNames.schema, "_schema.json"),
            (ObjectNames.schema(schema), "_schemas/\(String(repeating: "ab", count: 32)).json"),
            (ObjectNames.record(42), "_log/main/00000000000000000042.json"),
            (ObjectNames.part(0, ofCommit: "1-b-c"), "_parts/main/1-b-c/0.json"),
            (ObjectNames.manifest(1), "_checkpoints/main/m09999999999999999998.json"),
            (ObjectNames.index("01HX"), "_index/main/01HX.idx"), (ObjectNames.pin("nightly"), "_pins/nightly.json"),
            (ObjectNames.file(cities, Key(.int(-5))), "tables/cities/objects/-5.json"),
            (ObjectNames.metadata(of: "cities"), "tables/cities/_metadata.json"),
        ] {
            #expect(name == text)
        }
    }

    @Test("The number of a commit record comes back from its name", arguments: numbers)
    func number(_ number: Int) {
        #expect(ObjectNames.number(ofRecord: ObjectNames.record(number)) == number)
    }

    @Test("The version of a manifest comes back from its name", arguments: numbers)
    func version(_ version: Int) {
        #expect(ObjectNames.version(ofManifest: ObjectNames.manifest(version)) == version)
    }

    @Test("The run that kept values comes back from the names of what it kept, and of nothing else")
    func run() {
        let tag = String(repeating: "0a", count: 16)
        for run in ["once-1700000000000-00ff", "\(tag)-1700000000000-00ff"] {
            for name in [
                ObjectNames.keptValues(run, of: "notes", 0), ObjectNames.keptValues(run, of: "notes", 1234),
                ObjectNames.directory(ofValues: run, of: "notes"),
            ] {
                #expect(ObjectNames.run(ofValues: name) == run)
            }
        }
        for name in [
            "", "x/notes/0.json", "once/notes/0.json", "once-/notes/0.json", "twice-1/notes/0.json",
            "0a-1/notes/0.json", "once-1/0.json", "once-1//0.json", "once-1/notes/", "once-1/notes/x.json",
            "once-1/notes/01.json", "once-1/notes/-1.json", "once-1/notes/0.txt", "once-1/notes/a/0.json",
            "once-x y/notes/0.json",
        ] {
            #expect(ObjectNames.run(ofValues: ObjectNames.keptValues + name) == nil, "\(name)")
        }
    }

    @Test("In the order of names, commit records come as their numbers do and manifests the newest first")
    func order() {
        let records = Self.numbers.map(ObjectNames.record)
        #expect(records == records.sorted(by: Utf8.isLess))
        let manifests = Self.numbers.map(ObjectNames.manifest)
        #expect(manifests == manifests.sorted { Utf8.isLess($1, $0) })
    }

    @Test(
        "What is no name of a commit record has no number",
        arguments: [
            "", "_log/main/", "_log/main/.json", "_log/main/1.json", "_log/main/0000000000000000000x.json",
            "_log/main/00000000000000000042", "_log/main/00000000000000000042.JSON",
            "_log/main/000000000000000000042.json",
            "_log/other/00000000000000000042.json", "log/main/00000000000000000042.json",
            "_log/main/99999999999999999999.json",
            "_log/main/+0000000000000000042.json", "_log/main/-0000000000000000042.json", "_log/main/٠٠٠٠٠٠٠٠٠٠.json",
            "x_log/main/00000000000000000042.json", "_log/main/00000000000000000042.json.json",
            // Numbers begin at 1.
            "_log/main/00000000000000000000.json",
        ])
    func noNumber(_ name: String) {
        #expect(ObjectNames.number(ofRecord: name) == nil)
    }

    @Test(
        "What is no name of a manifest has no version",
        arguments: [
            "", "_checkpoints/main/m", "_checkpoints/main/m.json", "_checkpoints/main/m1.json",
            "_checkpoints/main/m+9999999999999999998.json", "_checkpoints/main/m99999999999999999999.json",
            "_checkpoints/main/m10000000000000000000.json", "_checkpoints/main/m09999999999999999998",
            "_checkpoints/main/09999999999999999998.json", "_checkpoints/main/m00000000000000000000.json",
            // Versions begin at 1.
            "_checkpoints/main/m09999999999999999999.json",
        ])
    func noVersion(_ name: String) {
        #expect(ObjectNames.version(ofManifest: name) == nil)
    }

    @Test("The text of a key comes back from the name of its file, for that table only")
    func keyText() throws {
        let measures = try FormatFixtures.table("measures")
        for station in ["Zürich", "a/b", "..", ".json", "", "objects/", "%", "a.json"] {
            let key = Key(.string(station), [.date(.min), .int(-1)])
            let name = ObjectNames.file(measures, key)
            let text = try #require(ObjectNames.keyText(ofFile: name, of: "measures"))
            #expect(try KeyText.decode(text, of: measures) == key)
            #expect(ObjectNames.keyText(ofFile: name, of: "measure") == nil)
        }
        for name in [
            "", "tables/measures/_metadata.json", "tables/measures/objects/a.txt", "tables/measures/objects/a",
        ] {
            #expect(ObjectNames.keyText(ofFile: name, of: "measures") == nil)
        }
    }

    @Test("No two records share a name", arguments: 0..<20 as Range<UInt64>)
    func distinct(_ seed: UInt64) throws {
        var random = FormatRandom(seed)
        var names: [String: Key] = [:]
        for table in try #require(FormatFixtures.schema).tables {
            for _ in 0..<50 {
                let key = table.key(of: random.values(table))
                let name = ObjectNames.file(table, key)
                #expect(names.updateValue(key, forKey: name).map { $0 == key } ?? true, "seed \(seed): \(name)")
            }
        }
    }
}
