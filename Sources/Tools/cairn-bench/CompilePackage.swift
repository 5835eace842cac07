import Foundation

/// The package that is compiled.
struct CompilePackage {
    static let tables = 30
    static let predicates = 100

    let folder: URL

    /// The checkout of Cairn this program was built from.
    private static let checkout: String = {
        // Four steps up: this file, cairn-bench, Tools, Sources.
        "/" + "\(#filePath)".split(separator: "/").dropLast(4).joined(separator: "/")
    }()

    func write() throws {
        try write(
            "Package.swift",
            """
            // swift-tools-version: 6.2
            import PackageDescription

            func target(_ name: String) -> Target {
                .target(
                    name: name, dependencies: [.product(name: "Cairn", package: "cairn")],
                    plugins: [.plugin(name: "CairnPlugin", package: "cairn")])
            }

            let package = Package(
                name: "compiled", platforms: [.macOS(.v26)],
                dependencies: [.package(name: "cairn", path: \(CompilePackage.checkout.debugDescription))],
                targets: [target("Small"), target("Model")], swiftLanguageModes: [.v6])

            """)
        try write("Sources/Small/small.jsonc", schema("small", tables: 1, priceType: "double"))
        try write("Sources/Small/Small.swift", "public import Cairn\n")
        try write("Sources/Model/model.jsonc", schema("model", tables: CompilePackage.tables, priceType: "double"))
        try write("Sources/Model/Model.swift", "public import Cairn\n")
        try write("Predicates.swift", predicateFile)
    }

    func changeOneColumn() throws {
        try write("Sources/Model/model.jsonc", schema("model", tables: CompilePackage.tables, priceType: "decimal"))
    }

    private func write(_ name: String, _ text: String) throws {
        let file = folder.appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    /// Tables of thirteen columns with two indexes and a reference each, to the table before. The first has a price of the given type.
    private func schema(_ database: String, tables: Int, priceType: String) -> String {
        let texts = (1...tables).map { number in
            """
                "things_\(number)": {
                  "doc": "A thing of kind \(number).",
                  "columns": {
                    "id": "uuid",
                    "name": { "type": "string", "max_length": 100, "doc": "How it is called." },
                    "code": { "type": "string", "unique": true },
                    "note": "string?",
                    "rank": { "type": "int", "min": 0, "default": 0 },
                    "price": "\(number == 1 ? priceType : "double")",
                    "weight": "double?",
                    "is_open": { "type": "bool", "default": false },
                    "seen_at": "timestamp?",
                    "state": { "enum": ["new", "used", "gone"], "default": "new" },
                    "tags": "[string]",
                    "settings": "json",
                    "parent": { "references": "things_\(max(1, number - 1))", "nullable": true },
                  },
                  "key": "id",
                  "indexes": { "by_rank": ["rank desc", "name"], "by_seen": ["seen_at"] },
                }
            """
        }
        return "{\n  \"database\": \"\(database)\",\n  \"tables\": {\n\(texts.joined(separator: ",\n"))\n  }\n}\n"
    }

    /// Predicates of ten terms over columns of all types, each in a function of its own.
    private var predicateFile: String {
        let functions = (0..<CompilePackage.predicates).map { number -> String in
            // To the last table no other refers.
            let table = number % (CompilePackage.tables - 1) + 1
            let terms = terms(of: table)
            var text = ""
            for place in 0..<10 {
                if place > 0 { text += (number + place).isMultiple(of: 3) ? " || " : " && " }
                text += terms[(number + place) % terms.count]
            }
            return """
                func predicate\(number)(_ model: Model) async throws -> Int {
                    try await model.things\(table).where { \(text) }.count()
                }
                """
        }
        return "import Cairn\nimport Model\n\n" + functions.joined(separator: "\n\n") + "\n"
    }

    /// Conditions on the records of a table, which is not the last, by every kind of operator.
    private func terms(of table: Int) -> [String] {
        [
            "$0.name == \"A\"", "$0.name.hasPrefix(\"B\")", "$0.rank > 10", "$0.rank <= 1_000", "$0.weight != nil",
            "$0.isOpen == true", "$0.seenAt < .now", "$0.state == .used", "$0.code.in([\"x\", \"y\"])",
            "$0.note == nil", "!$0.name.contains(\"C\")", "$0.weight >= 2.5", "$0.name.count > 3",
            "$0.rank > $0.price * 10", "$0.tags.contains(\"a\")", "$0.name.matches(\"^a\")",
            "$0.rank.between(1, and: 9)", "$0.seenAt.in(.last(7, .days))", "$0.settings[\"theme\"] == \"dark\"",
            "$0.settings[\"servers\"][0][\"port\"] > 1024", "$0.parent.where { $0.rank > 5 && $0.note != nil }",
            "$0.id.exists(Things\(table + 1).self, by: \\.parent) { $0.rank < 3 }",
            "$0.parent.in(model.things\(max(1, table - 1)).where { $0.rank > 7 })", "$0.rank.in(1...9)",
        ]
    }

    // MARK: Running

    func build(_ target: String) throws {
        _ = try Program.run(["swift", "build", "--package-path", path, "--target", target])
    }

    private var path: String { folder.path(percentEncoded: false) }

    /// - Returns: How many milliseconds the compiler took for each function.
    func typeCheckPredicates() throws -> [Double] {
        let bin = try Program.run(["swift", "build", "--package-path", path, "--show-bin-path"])
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let system = "\(CompilePackage.checkout)/Sources/System"
        let libraries = try FileManager.default.contentsOfDirectory(atPath: system)
            .flatMap { ["-I", "\(system)/\($0)"] }
        let output = try Program.run(
            ["swiftc", "-typecheck", "-swift-version", "6", "-I", "\(bin)/Modules"] + libraries + [
                "-module-name", "Predicates", "-Xfrontend", "-debug-time-function-bodies", "\(path)/Predicates.swift",
            ])
        // Lines like `12.34ms <tab> Predicates.swift:4:6 <tab> global function Predicates.(file).predicate0@…`.
        return output.split(separator: "\n").compactMap { line in
            guard line.contains("(file).predicate"), let end = line.firstRange(of: "ms\t") else { return nil }
            return Double(line[..<end.lowerBound])
        }
    }
}

/// Another program.
enum Program {
    /// Runs a program to its end.
    /// - Returns: What it said, errors included.
    static func run(_ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw BaselineFailure(description: "\(arguments.joined(separator: " ")) failed:\n\(output)")
        }
        return output
    }
}
