import Foundation
import Testing

/// Programs that must not compile, and what the compiler tells who wrote them: the column or the type, not the insides of
/// Cairn. They use the golden `atlas`.
@Suite("What does not compile", .serialized)
struct CompileFailureTests {
    struct Mistake: CustomTestStringConvertible, Sendable {
        let name: String
        let code: String
        /// What the first message must hold.
        let message: [String]

        init(_ name: String, _ code: String, _ message: String...) {
            self.name = name
            self.code = code
            self.message = message
        }

        var testDescription: String { name }

        var file: String { name.replacing(" ", with: "_") + ".swift" }
    }

    static let mistakes = [
        Mistake(
            "the id of another table", "_ = try await db.countries.get(City.ID(1))",
            "cannot convert value of type 'City.ID' to expected argument type 'Country.ID'"),
        Mistake("text for an id over int", #"_ = try await db.cities.get("FR")"#, "'City.ID'"),
        Mistake(
            "a column compared with another type", #"_ = db.cities.where { $0.population == "many" }"#,
            "'TypedColumn<Int>' and 'String'"),
        Mistake(
            "a reference compared with the id of another table", "_ = db.cities.where { $0.country == City.ID(1) }",
            "'TypedColumn<Country.ID>' and 'City.ID'"),
        Mistake(
            "an unknown column", "_ = db.cities.where { $0.populaton > 5 }",
            "'City.Columns' has no member 'populaton'"),
        Mistake(
            "the column of another table", #"_ = db.cities.where { $0.iso3 == "FRA" }"#,
            "'City.Columns' has no member 'iso3'"),
        Mistake(
            "an order by an unknown column", "_ = db.cities.order { $0.size }", "'City.Columns' has no member 'size'"),
        Mistake("an order by an array", "_ = db.cities.order { $0.tags }", "'TypedColumn<[String]>'"),
        Mistake("a key assigned", "var city = try await db.cities.get(1); city.id = 2", "'id' is a 'let' constant"),
        Mistake(
            "a revision assigned", "var city = try await db.cities.get(1); city.revision = 2",
            "'revision' setter is inaccessible"),
        Mistake("a column left out", #"_ = City(id: 1, country: "FR", population: 3)"#, "parameter 'name'"),
        Mistake(
            "a column too many",
            #"_ = Country(iso: "FR", iso3: "FRA", name: "France", continent: "EU", mayor: "x")"#, "'mayor'"),
        Mistake(
            "null compared with a column that is never null", "_ = db.cities.where { $0.name == nil }",
            "'nil' is not compatible", "'String'"),
        Mistake(
            "null for a column that is never null", "var city = try await db.cities.get(1); city.name = nil",
            "'nil' cannot be assigned to type 'String'"),
        Mistake(
            "null set in an update", "try await db.cities.query.update { $0.name.set(nil) }",
            "'nil' is not compatible", "'String'"),
        Mistake(
            "another type set in an update", #"try await db.cities.query.update { $0.population.set("x") }"#,
            "'String' to expected argument type 'Int'"),
        Mistake(
            "a text operator on a number", #"_ = db.cities.where { $0.population.hasPrefix("1") }"#, "'hasPrefix'",
            "'Int'"),
        Mistake(
            "a write through a snapshot",
            #"try await db.snapshot { _ = try await $0.cities.insert(City(id: 1, name: "x", country: "FR")) }"#,
            "'SnapshotRepository<City>' has no member 'insert'"),
        Mistake(
            "a record of another table", #"try await db.cities.insert(Continent(code: "EU", name: "Europe"))"#,
            "'Continent' to expected argument type 'City'"),
        Mistake(
            "an unknown case", "_ = db.countries.where { $0.status == .independant }",
            "'Country.Status' has no member 'independant'"),
        Mistake(
            "text for an enum", #"_ = db.countries.where { $0.status == "disputed" }"#, "'TypedColumn<Country.Status>'"),
        Mistake(
            "a unique lookup with another type", "_ = try await db.countries.find(byISO3: 5)",
            "'Int' to expected argument type 'String'"),
        Mistake(
            "a lookup by a column that is not unique", #"_ = try await db.countries.find(byName: "France")"#,
            "'byName:'"),
        Mistake(
            "a lookup with part of an index", #"_ = try await db.cities.find(byCountry: "FR")"#, "parameter 'name'"),
        Mistake(
            "a composite id with a part missing", "_ = Distance.ID(origin: 1)", "parameter 'destination'"),
        Mistake(
            "a composite id with a part of another type", #"_ = Distance.ID(origin: 1, destination: Country.ID("FR"))"#,
            "'Country.ID' to expected argument type 'City.ID'"),
        Mistake(
            "plain values in a list of ids", "_ = db.cities.where { $0.id.in([1, 2] as [Int]) }",
            "make ids of them: .in(values.map(City.ID.init))"),
        Mistake(
            "a plain range of ids", "_ = db.cities.where { $0.id.in(1...5 as ClosedRange<Int>) }", "make ids of them"),
        Mistake(
            "plain values in a list of ids that may be null",
            "_ = TypedColumn<City.ID?>(0).in([1, 2] as [Int])", "make ids of them"),
        Mistake("a limit in text", #"_ = db.cities.limit("10")"#, "'String' to expected argument type 'Int'"),
        Mistake("an unknown table", "_ = db.towns.query", "'Gazetteer' has no member 'towns'"),
    ]

    /// Code that does compile: without it a mistake in the set-up would look like success.
    private static let control = """
        let city = try await db.cities.insert(City(id: 1, name: "Ys", country: "FR"))
        _ = try await db.cities.where { $0.country == "FR" && $0.population > 5 }.order { $0.name.descending }.all()
        _ = try await db.cities.find(byCountry: city.country, name: city.name)
        _ = try await db.countries.find(byISO3: "FRA")?.status == .disputed
        _ = try await db.distances.get(Distance.ID(origin: 1, destination: 2))
        """

    /// All programs are checked in one run of the compiler, which takes a second where a run for each would take many.
    private static let outcome = Result<TypeChecker.Outcome, any Error> {
        let folder = try TestFolder()
        let atlas = try #require(Golden.named("atlas"))
        let programs = [(file: "control.swift", code: control)] + mistakes.map { (file: $0.file, code: $0.code) }
        let files = try programs.enumerated().map { number, program in
            let body = program.code.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n")
            return try folder.write(
                program.file,
                "import Cairn\n\nfunc program\(number)(_ db: Gazetteer) async throws {\n\(body)\n}\n")
        }
        return try TypeChecker.check([atlas.swiftFile.path] + files)
    }

    @Test("A program without a mistake compiles, beside those with one")
    func control() throws {
        let outcome = try Self.outcome.get()
        #expect(outcome.messages(about: "control.swift") == [], "\(outcome.text)")
        #expect(!outcome.messages(about: "atlas.swift").contains { $0.hasPrefix("error") }, "\(outcome.text)")
        #expect(outcome.code != 0)
    }

    @Test("The compiler refuses it and names the column or the type", arguments: mistakes)
    func refused(_ mistake: Mistake) throws {
        let outcome = try Self.outcome.get()
        let errors = outcome.messages(about: mistake.file).filter { $0.hasPrefix("error: ") }
        let first = try #require(
            errors.first, "'\(mistake.code)' compiles, or the compiler did not run: \(outcome.text)")
        for part in mistake.message { #expect(first.contains(part), "\(mistake.code)") }
        #expect(errors.count == 1, "\(errors)")
    }

    @Test("A deprecated column warns who uses it, and not the generated code")
    func deprecated() throws {
        let folder = try TestFolder()
        let golden = try #require(Golden.named("deprecated"))
        let clean = try TypeChecker.check([golden.swiftFile.path])
        #expect(clean.code == 0, "\(clean.text)")
        let user = try folder.write(
            "user.swift", "import Cairn\n\nlet condition = Legacy.columns.old == \"x\"\n")
        let outcome = try TypeChecker.check([golden.swiftFile.path, user])
        #expect(
            outcome.messages(about: "user.swift").contains {
                $0.contains("'old' is deprecated: deprecated in the schema")
            })
    }

    @Test(
        "Generated code compiles by itself, whatever types of Swift and Cairn it hides",
        arguments: ["hiding", "imports"])
    func hiding(_ name: String) throws {
        let golden = try #require(Golden.named(name))
        let outcome = try TypeChecker.check([golden.swiftFile.path])
        #expect(outcome.code == 0, "\(outcome.text)")
    }
}
