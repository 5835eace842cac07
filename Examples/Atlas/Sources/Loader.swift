import Cairn
import Foundation

/// Brings the rows of `Data` into the database.
struct Loader {
    private let atlas: Atlas

    init(_ atlas: Atlas) {
        self.atlas = atlas
    }

    /// Loads what is not there yet: a second run finds everything in place.
    func load() async throws {
        let continents = try rows(of: "continents", as: Continent.self)
        let countries = try rows(of: "countries", as: Country.self)
        let cities = try rows(of: "cities", as: City.self)
        if try await atlas.cities.count() < cities.count {
            try await atlas.continents.upsert(contentsOf: continents)
            try await atlas.countries.upsert(contentsOf: countries)
            try await load(cities)
        }
        let counts = try await (atlas.continents.count(), atlas.countries.count(), atlas.cities.count())
        print("\(counts.0) continents, \(counts.1) countries, \(counts.2) cities")
    }

    private func load(_ cities: [City]) async throws {
        var progress = ProgressBar("cities", total: cities.count)
        for start in stride(from: 0, to: cities.count, by: 1000) {
            let batch = cities[start..<min(start + 1000, cities.count)]
            // One batch is one commit: all of it or none.
            try await atlas.cities.upsert(contentsOf: batch)
            progress.advance(by: batch.count)
        }
        progress.finish()
    }

    private func rows<Row: Decodable>(of name: String, as type: Row.Type) throws -> [Row] {
        let decoder = JSONDecoder()
        return try content(of: name).split(separator: UInt8(ascii: "\n")).map { try decoder.decode(type, from: $0) }
    }

    /// The bytes of a data file, unpacked if it is packed.
    private func content(of name: String) throws -> Data {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Data")
        let plain = folder.appending(path: "\(name).ndjson")
        if let data = try? Data(contentsOf: plain) { return data }
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["gzip", "-dc", folder.appending(path: "\(name).ndjson.gz").path(percentEncoded: false)]
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CocoaError(.fileReadCorruptFile) }
        return data
    }
}

/// A bar with rate and time left on a terminal; a line at the end elsewhere.
struct ProgressBar {
    private let what: String
    private let total: Int
    private let start = ContinuousClock.now
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var done = 0

    init(_ what: String, total: Int) {
        self.what = what
        self.total = total
    }

    mutating func advance(by count: Int) {
        done += count
        guard isTerminal else { return }
        let filled = 30 * done / max(1, total)
        let bar = String(repeating: "=", count: filled) + String(repeating: " ", count: 30 - filled)
        let left = rate > 0 ? Double(total - done) / rate : 0
        write("\r[\(bar)] \(done)/\(total) \(what), \(Int(rate))/s, \(String(format: "%.1f", left)) s left ")
    }

    func finish() {
        write(
            "\(isTerminal ? "\n" : "")loaded \(done) \(what) in \(String(format: "%.1f", seconds)) s (\(Int(rate))/s)\n"
        )
    }

    private var seconds: Double { start.duration(to: .now) / .seconds(1) }
    private var rate: Double { seconds > 0 ? Double(done) / seconds : 0 }

    private func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}
