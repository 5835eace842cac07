import CairnGenerator
import CairnSchema
import Foundation
import Testing

/// How hard conditions are for the type checker.
///
/// A predicate of ten terms has to type-check in under 300 ms, which `cairn-bench compile` measures. A clock says nothing of use in a test;
/// but the compiler counts the attempts it makes at an expression, its scopes, and gives up beyond a number that it is told. That count is
/// the same on every machine. It grows with the terms as long as each operator has few candidates; an overload too many, and it doubles
/// with each term. Ten terms take up to 450, each of a tenth of a millisecond or two.
@Suite("Predicates and the type checker", .serialized)
struct PredicateTests {
    /// The scopes that an expression may take.
    private static let scopes = 1_000

    private static let count = 100

    private static let schema = """
        {
          "database": "terms",
          "tables": {
            "regions": {
              "columns": {
                "code": "string", "name": "string", "population": "int", "area": "double?",
                "parent": { "references": "regions", "nullable": true },
              },
              "key": "code",
            },
            "places": {
              "columns": {
                "id": "int", "name": "string", "note": "string?", "rank": "int", "spare": "int?", "price": "double",
                "weight": "double?", "cost": "decimal", "is_open": "bool", "seen": "timestamp", "closed": "timestamp?",
                "founded": "date", "ended": "date?", "state": { "enum": ["new", "used", "gone"] }, "tags": "[string]",
                "marks": "[int]?", "raw": "bytes", "settings": "json", "extra": "json?",
                "region": { "references": "regions" }, "home": { "references": "regions", "nullable": true },
              },
              "key": "id",
            },
            "visits": {
              "columns": {
                "id": "int", "days": "int", "place": { "references": "places" },
                "from": { "references": "places", "nullable": true },
              },
              "key": "id",
            },
          },
        }
        """

    /// Every operator of conditions, on columns that may be null and on those that may not. They may use `db`, `span`, `day`, `time`.
    private static let terms = [
        // Comparisons, null, lists of values.
        #"$0.name == "A""#, #"$0.name != "B""#, "$0.note == nil", "$0.note != nil", #"$0.note == "A""#, "$0.rank < 10",
        "$0.rank <= 1_000", "$0.rank > -1", "$0.rank >= 3", "$0.price > 2.5", "$0.weight >= 2.5", "$0.cost < 9",
        "$0.isOpen == true", "$0.spare == nil", "$0.spare == 5", "$0.spare > 5", "$0.state == .used",
        "$0.state.in([.new, .gone])", #"$0.name.in(["x", "y"])"#, "$0.rank.in([1, 2, 3])",
        // Ranges.
        "$0.rank.in(1...9)", "$0.rank.in(1..<9)", "$0.rank.in(5...)", "$0.spare.in(...7)", "$0.spare.in(..<7)",
        "$0.spare.in(1...9)", "$0.price.between(0.5, and: 9)", "$0.rank.between(1, and: 9)",
        #"$0.name.between("a", and: "m")"#, "$0.cost.between(1, and: 9)",
        // Text.
        #"$0.name.hasPrefix("B")"#, #"$0.note.hasSuffix("B")"#, #"!$0.name.contains("C")"#, #"$0.name.like("a%")"#,
        #"$0.name.matches("^[a-z]+$")"#, #"$0.name.ignoringCase == "paris""#, #"$0.name.ignoringCase != "rome""#,
        #"$0.note.ignoringCase.contains("p")"#, #"$0.name.ignoringCase.in(["a", "b"])"#,
        // Lists, lengths, arithmetic, columns with columns.
        #"$0.tags.contains("a")"#, "$0.marks.contains(3)", "$0.tags.count > 2", "$0.name.count <= 40",
        "$0.raw.count == 16", "$0.tags.isEmpty", "!$0.note.isEmpty", "$0.rank > $0.spare", "$0.name != $0.note",
        "$0.rank > $0.price * 10", "$0.rank + 1 < $0.spare", "($0.rank + $0.spare) * 2 >= $0.name.count - 1",
        "$0.price / $0.weight > 1.5", "$0.cost * 2 < $0.cost + 7", "$0.rank == $0.spare * 2",
        // JSON.
        #"$0.settings["theme"] == "dark""#, #"$0.settings["servers"][0]["port"] > 1024"#, #"$0.extra["on"] == true"#,
        #"$0.extra["a"]["b"] == nil"#, #"$0.settings["list"][2] != nil"#, #"$0.settings["size"].in([1, 2])"#,
        #"$0.settings["x"].exists"#, #"$0.settings["ratio"] <= 0.5"#,
        // Times and days.
        "$0.seen < .now", "$0.closed >= time", "$0.seen.in(.today())", "$0.closed.in(.last(7, .days))",
        "$0.founded.in(span)", "$0.ended.in(.yesterday())", "$0.founded.in(.thisMonth())", "$0.ended <= day",
        "$0.founded == day",
        // Related records and other rows.
        #"$0.region == "FR""#, "$0.home == nil", #"$0.home != "DE""#, #"$0.region.in(["FR", "DE"])"#, "$0.id.in(2...4)",
        #"$0.region.where { $0.name == "France" }"#, "$0.home.where { $0.population > 5 && $0.area != nil }",
        #"$0.region.where { $0.parent.where { $0.name.hasPrefix("E") } }"#, #"$0.id.exists(Visit.self, by: \.place)"#,
        #"$0.id.exists(Visit.self, by: \.from) { $0.days > 3 }"#,
        "$0.region.in(db.regions.where { $0.population > 7 })",
        "$0.home.in(db.regions.order { $0.population.descending }.limit(10))",
        "$0.name.in(db.regions.query) { $0.name }",
        // Brackets.
        "($0.rank > 1 || $0.price < 2)", "!($0.isOpen == false && $0.weight == nil)",
    ]

    /// A function with a predicate of so many terms. Which stand beside each other differs with the number.
    private static func function(_ number: Int, terms size: Int) -> String {
        var predicate = ""
        for place in 0..<size {
            if place > 0 { predicate += (number + place).isMultiple(of: 3) ? " || " : " && " }
            predicate += terms[(number + 7 * place) % terms.count]
        }
        return """
            func predicate\(number)(_ db: Terms, span: DaySpan, day: CalendarDate, time: Timestamp) {
                _ = db.places.where { \(predicate) }
            }

            """
    }

    /// Type-checks functions beside the generated code.
    private static func check(_ functions: [String]) throws -> TypeChecker.Outcome {
        let folder = try TestFolder()
        let generated = Generator(try Schema(parsing: schema), source: "terms.jsonc").singleFile(named: "Terms.swift")
        return try TypeChecker.check(
            [
                try folder.write(generated.name, generated.text),
                try folder.write("predicates.swift", "import Cairn\n\n" + functions.joined(separator: "\n")),
            ], options: ["-Xfrontend", "-solver-scope-threshold=\(scopes)"])
    }

    @Test("A file of a hundred predicates, of one to ten terms over every operator, takes few attempts at each")
    func budget() throws {
        // The first term of each is another one: all are there.
        #expect(Self.terms.count <= Self.count)
        let outcome = try Self.check((0..<Self.count).map { Self.function($0, terms: min($0 + 1, 10)) })
        // A predicate beyond the limit is "unable to type-check this expression in reasonable time", shown with its line.
        #expect(outcome.code == 0, "\(outcome.text)")
    }

    @Test("The compiler does count: a predicate of a hundred terms is beyond the limit")
    func control() throws {
        let outcome = try Self.check([Self.function(0, terms: 100)])
        let messages = outcome.messages(about: "predicates.swift")
        #expect(messages.contains { $0.contains("unable to type-check this expression") }, "\(outcome.text)")
    }
}
