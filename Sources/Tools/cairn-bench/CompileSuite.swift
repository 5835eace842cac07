import Foundation

/// How long it takes to generate and compile the code of a schema, and to type-check predicates: in a package of its own, as an
/// application is built, with `swift build`.
struct CompileSuite {
    private let package: CompilePackage

    /// - Parameter folder: Where the package is made.
    init(folder: URL) {
        package = CompilePackage(folder: folder.appending(path: "compiled"))
    }

    func run() async throws -> [Measurement] {
        try package.write()
        note("building Cairn, which is not measured")
        // A schema of one table, so that the tools of the build are there too.
        try package.build("Small")
        var measurements: [Measurement] = []
        func measure(_ name: String, limit: Double, _ work: () async throws -> Void) async throws {
            note(name)
            let cost = try await Cost.measured(work)
            measurements.append(Measurement(suite: "compile", name: name, unit: "s", limit: limit, cairn: cost))
        }
        try await measure("a schema of \(CompilePackage.tables) tables, clean debug build", limit: 20) {
            try package.build("Model")
        }
        try package.changeOneColumn()
        try await measure("one column changed, built again", limit: 5) { try package.build("Model") }
        note("type-checking predicates")
        let times = try package.typeCheckPredicates().sorted()
        guard times.count == CompilePackage.predicates, let slowest = times.last else {
            throw ResultMismatch(description: "compile: the compiler spoke of \(times.count) predicates")
        }
        let median = times[times.count / 2]
        for (name, time) in [("the slowest", slowest), ("the median", median)] {
            measurements.append(
                Measurement(
                    suite: "compile",
                    name: "type-checking \(CompilePackage.predicates) predicates of ten terms, \(name)", unit: "ms",
                    limit: 300, cairn: Cost(wall: time, cpu: time)))
        }
        return measurements
    }

    private func note(_ text: String) {
        FileHandle.standardError.write(Data("compile: \(text)\n".utf8))
    }
}
