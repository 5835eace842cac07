import Cairn
import Foundation
import Testing

/// Questions to the Atlas, answered on every driver, and by a program that does not know Cairn.
@Suite("Questions to the Atlas")
struct AtlasQuestionsTests {
    private let stores = TestStores()

    @Test("The answers are those of a program in Python", arguments: TestStores.kinds)
    func answers(_ url: String) async throws {
        let expected = try AtlasData.answers()
        let atlas = try await Atlas.open(stores.url(url))
        try await atlas.continents.insert(contentsOf: AtlasData.rows("continents", Continent.self))
        try await atlas.countries.insert(contentsOf: AtlasData.rows("countries", Country.self))
        try await atlas.cities.insert(contentsOf: AtlasData.rows("cities", City.self))
        let found = try await AtlasAnswers(atlas: atlas).all()
        #expect(Set(found.keys) == Set(expected.keys))
        for (question, answer) in found { #expect(answer == expected[question], "\(question)") }
        try await atlas.close()
    }
}

/// The questions, as an application asks them. Answers are JSON, to be compared.
private struct AtlasAnswers {
    let atlas: Atlas

    func all() async throws -> [String: JSONValue] {
        var answers = try await sums()
        answers.merge(try await groups()) { $1 }
        answers.merge(try await relations()) { $1 }
        return answers
    }

    private func sums() async throws -> [String: JSONValue] {
        let french = atlas.cities.where { $0.country == "FR" }
        let latitude = try #require(try await french.average { $0.latitude })
        let longitudes = try #require(try await french.sum { $0.longitude })
        let largest = try #require(try await atlas.cities.query.max { $0.population })
        let smallest = try #require(try await atlas.cities.query.min { $0.population })
        let northernmost = try #require(try await atlas.cities.query.max { $0.latitude })
        return [
            "people in all cities": .int(try #require(try await atlas.cities.query.sum { $0.population })),
            "average latitude and sum of longitudes of French cities": [.double(latitude), .double(longitudes)],
            "the largest, the smallest and the northernmost city": [
                .int(largest), .int(smallest), .double(northernmost),
            ],
            "time zones": .int(try await atlas.cities.query.distinctCount { $0.timezone }),
            "names and people of Icelandic cities": .array(
                try await atlas.cities.where { $0.country == "IS" }.order { $0.name }
                    .select { ($0.name, $0.population) }
                    .map { [.string($0), .int($1)] }),
        ]
    }

    private func groups() async throws -> [String: JSONValue] {
        let people = try await atlas.cities.group { $0.country }.sum { $0.population }
        let most = try await atlas.cities.group { $0.country }.order { $0.population.sum.descending }.limit(10)
            .select { ($0.country, $0.population.sum, $0.count) }
        let large = try await atlas.cities.group { $0.country }.having { $0.count >= 1000 }.count()
        let zones = try await atlas.cities.where { $0.timezone.hasPrefix("Africa/") }.group { $0.timezone }.count()
        let continents = try await atlas.countries.group { $0.continent }
            .select { ($0.continent, $0.areaKm2.sum, $0.currency.distinctCount) }
        let regions = try await atlas.cities.group { ($0.country, $0.admin1) }.order { $0.count.descending }.limit(8)
            .count()
        return [
            "people in the cities of each country": .array(people.map { [.string($0.value), .int($1)] }),
            "the ten countries with most people in cities": .array(
                most.map { [.string($0.value), .int($1), .int($2)] }),
            "countries with a thousand cities or more": .array(large.map { [.string($0.value), .int($1)] }),
            "cities of each time zone that begins with Africa": .array(zones.map { [text($0), .int($1)] }),
            "area and currencies of each continent": .array(
                continents.map { [.string($0.value), .double($1 ?? 0), .int($2)] }),
            "regions of countries with most cities": .array(
                regions.map { [.string($0.value), text($1), .int($2)] }),
        ]
    }

    private func relations() async throws -> [String: JSONValue] {
        let largest = try await atlas.cities.order { $0.population.descending }.limit(10)
            .including(\.country) { $0.including(\.continent) }.all()
        let oceania = try await atlas.countries.where { $0.continent == "OC" }.order { $0.name }
            .including(City.self, by: \.country) { $0.order { $0.population.descending }.limit(2) }.all()
        return [
            "the ten largest cities with country and continent": .array(
                largest.map { city, related in [.string(city.name), .string(related.0.name), .string(related.1.name)] }),
            "the two largest cities of each country of Oceania": .array(
                oceania.map { country, cities in
                    [.string(country.name), .array(cities.map { .string($0.name) })]
                }),
        ]
    }

    private func text(_ text: String?) -> JSONValue { text.map(JSONValue.string) ?? .null }
}

/// The files of the Atlas example.
private enum AtlasData {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
    private static let folder = root.appending(path: "Examples/Atlas/Data")

    static func rows<Row: Entity>(_ name: String, _ type: Row.Type) throws -> [Row] {
        let plain = folder.appending(path: "\(name).ndjson")
        let data =
            try (try? Data(contentsOf: plain))
            ?? run("gzip", "-dc", folder.appending(path: "\(name).ndjson.gz").path(percentEncoded: false))
        let decoder = JSONDecoder()
        return try data.split(separator: UInt8(ascii: "\n")).map { try decoder.decode(type, from: $0) }
    }

    /// What the program in Python says, by question.
    static func answers() throws -> [String: JSONValue] {
        let script = root.appending(path: "Tests/Support/AtlasAnswers/answers.py").path(percentEncoded: false)
        let output = try run("python3", script, folder.path(percentEncoded: false))
        guard case .object(let object) = try JSONValue(parsing: String(decoding: output, as: UTF8.self)) else {
            throw CocoaError(.fileReadCorruptFile)
        }
        return Dictionary(object.members.map { ($0.name, $0.value) }) { $1 }
    }

    private static func run(_ arguments: String...) throws -> Data {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CocoaError(.fileReadCorruptFile) }
        return data
    }
}
