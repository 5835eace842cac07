import CairnGenerator
import CairnSchema
import Foundation
import Testing

/// A schema and the Swift that is generated from it, both committed.
struct Golden: CustomTestStringConvertible, Sendable {
    let name: String
    /// The folder of both.
    private let folder: URL

    var testDescription: String { name }

    private init(name: String, folder: URL) {
        self.name = name
        self.folder = folder
    }

    var schemaFile: URL { folder.appending(path: "Schemas/\(name).jsonc") }
    var swiftFile: URL { folder.appending(path: "Swift/\(name).swift") }

    /// What the generator makes of the schema now.
    func generate() throws -> String {
        let outcome = SchemaReader.read([UInt8](try Data(contentsOf: schemaFile)), name: "\(name).jsonc")
        guard let schema = outcome.schema else { throw SchemaError(outcome.diagnostics) }
        return Generator(schema, source: "\(name).jsonc").singleFile(named: "\(name).swift").text
    }

    /// The Swift as it is committed.
    func committed() throws -> String { try String(contentsOf: swiftFile, encoding: .utf8) }

    // MARK: All of them

    private static let tests = URL(filePath: #filePath).appending(path: "../..").standardized
    /// Those that are compiled together with the tests, and those that hide too much for it.
    private static let folders = [
        tests.appending(path: "Golden"), tests.appending(path: "../Support/GoldenHiding").standardized,
        tests.appending(path: "../Support/GoldenImports").standardized,
    ]

    /// Every golden there is a schema of.
    static let all: [Golden] = folders.flatMap { folder in
        names(in: folder.appending(path: "Schemas"), "jsonc").map { Golden(name: $0, folder: folder) }
    }

    /// Swift files without a schema.
    static let orphans: [String] = folders.flatMap { folder in
        names(in: folder.appending(path: "Swift"), "swift").filter { name in
            !FileManager.default.fileExists(atPath: Golden(name: name, folder: folder).schemaFile.path)
        }
    }

    private static func names(in folder: URL, _ ending: String) -> [String] {
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        return files.filter { $0.pathExtension == ending }.map { $0.deletingPathExtension().lastPathComponent }.sorted()
    }

    static func named(_ name: String) -> Golden? { all.first { $0.name == name } }
}
