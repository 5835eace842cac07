import Foundation
import Testing

/// The rules of the house that a compiler does not check.
@Suite("Rules of the house")
struct HouseRulesTests {
    private static let root = URL(filePath: #filePath).appending(path: "../../..").standardized

    /// Which modules each module may import, besides those of the system. Floors: a module imports from lower rooms of its own
    /// floor and from lower floors, never upward.
    private static let allowed: [String: Set<String>] = [
        "CairnSchema": ["CCrypto"],
        "CairnCore": ["CairnSchema"],
        "S3Client": ["CairnSchema", "CairnCore", "ObjectStores", "CCrypto", "CCurl"],
        "ObjectStores": ["CairnSchema", "CairnCore", "CFiles", "CCrypto"],
        "MemoryStorage": ["CairnSchema", "CairnCore"],
        "SQLiteStorage": ["CairnSchema", "CairnCore", "CSQLite"],
        "ObjectStorage": ["CairnSchema", "CairnCore", "ObjectStores", "MemoryStorage"],
        "Cairn": [
            "CairnSchema", "CairnCore", "ObjectStores", "S3Client", "MemoryStorage", "SQLiteStorage", "ObjectStorage",
        ],
        "CairnGenerator": ["CairnSchema"],
        // Verification replays a migration on the memory driver.
        "CairnMigrator": ["CairnSchema", "CairnCore", "MemoryStorage"],
        "cairn-generate": ["CairnSchema", "CairnGenerator"],
        "CairnCommand": [
            "CairnSchema", "CairnCore", "MemoryStorage", "SQLiteStorage", "ObjectStorage", "ObjectStores", "Cairn",
            "CairnGenerator", "CairnMigrator", "S3Client",
        ],
        "cairn-bench": [
            "CairnSchema", "CairnCore", "Cairn", "ObjectStorage", "ObjectStores", "S3Client", "CSQLite", "CMalloc",
        ],
        "cairn-sim": [
            "CairnSchema", "CairnCore", "MemoryStorage", "SQLiteStorage", "ObjectStorage", "ObjectStores",
            "StorageConformance", "Simulation",
        ],
        "StorageConformance": ["CairnSchema", "CairnCore"],
        "ObjectStoreConformance": ["CairnCore", "ObjectStores"],
        "Simulation": ["CairnSchema", "CairnCore", "StorageConformance", "ObjectStores", "ObjectStorage"],
        "CairnPlugin": ["PackagePlugin"],
    ]

    /// What comes with the toolchain. Core and drivers use the small Foundation only.
    private static let system: Set<String> = [
        "Swift", "Glibc", "Musl", "Darwin", "FoundationEssentials", "Foundation", "Dispatch",
    ]

    /// The modules that may use all of Foundation where its small part exists.
    private static let wholeFoundation: Set<String> = [
        "cairn-generate", "CairnCommand", "cairn-bench", "cairn-sim", "CairnPlugin",
    ]

    private struct SourceFile {
        let module: String
        let path: String
        let lines: [String]
    }

    private static func files(under folder: String) throws -> [SourceFile] {
        let base = root.appending(path: folder)
        let names = try #require(FileManager.default.enumerator(atPath: base.path(percentEncoded: false)))
        return try names.compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }.map { name in
            let parts = name.split(separator: "/").map(String.init)
            let module = parts[0] == "Cairn" ? "Cairn" : parts.count > 2 ? parts[1] : parts[0]
            let text = try String(contentsOf: base.appending(path: name), encoding: .utf8)
            return SourceFile(module: module, path: "\(folder)/\(name)", lines: text.components(separatedBy: "\n"))
        }
    }

    /// The lines outside of string literals of several lines: those hold templates of other people's files.
    private static func code(in lines: [String]) -> [String] {
        var isText = false
        return lines.filter { line in
            if line.components(separatedBy: "\"\"\"").count.isMultiple(of: 2) { isText.toggle() }
            return !isText
        }
    }

    @Test("Every module imports only what its room may")
    func imports() throws {
        let files = try Self.files(under: "Sources")
        #expect(Set(files.map(\.module)) == Set(Self.allowed.keys), "a module is new, or gone: say what it may import")
        for file in files {
            let permitted = try #require(Self.allowed[file.module])
            for line in Self.code(in: file.lines) {
                guard
                    let match = line.firstMatch(
                        of: /^\s*(?:@\w+ )*(?:public |package |internal )?import (?:struct |class |enum |func )?(\w+)/)
                else { continue }
                let module = String(match.1)
                #expect(permitted.contains(module) || Self.system.contains(module), "\(file.path) imports \(module)")
            }
        }
    }

    @Test("Core and drivers take the small Foundation where there is one")
    func foundation() throws {
        for file in try Self.files(under: "Sources") where !Self.wholeFoundation.contains(file.module) {
            for (number, line) in file.lines.enumerated()
            where line.contains(/^\s*(public |package )?import (struct )?Foundation\b/) {
                let before = file.lines[..<number].last { $0.hasPrefix("#") }
                #expect(before == "#else", "\(file.path):\(number + 1) imports all of Foundation")
            }
        }
    }

    @Test("No file is longer than 600 lines")
    func length() throws {
        for folder in ["Sources", "Tests", "Examples"] {
            for file in try Self.files(under: folder) where !file.path.contains("Golden") {
                #expect(file.lines.count <= 600, "\(file.path) has \(file.lines.count) lines")
            }
        }
    }

    @Test("What is public says what it is for, unless a protocol of Swift's says it")
    func documentation() throws {
        let said = [
            "static func == ", "static func < ", "func hash(into", "func encode(to", "init(from decoder",
            "var description: String",
            "Literal value", "Literal elements", "init?(elementValue", "static func arrayValue",
            "static func elements(of", "var columnValue",
            "init?(columnValue",
            "var key: Key",
        ]
        // What `Storage` says, which every driver implements.
        let storage = [
            "capabilities:", "schema()", "apply(", "cost(", "migrations()", "dropped(", "attach(", "get(", "rows(",
            "count(", "aggregate(",
            "explain(",
            "snapshot(",
            "transaction()",
            "commit(", "outcome(of", "listen(", "changePosition()", "keptChanges(", "maintain()", "close()",
        ]
        // What `ObjectStore` and its wrappers say.
        let objectStore = [
            "capabilities:", "prepareWriting(", "put(", "get(", "head(", "delete(", "list(", "copy(", "beginUpload(",
            "uploadPart(", "parts(of", "completeUpload(", "abortUpload(", "uploads(prefix", "perform<",
        ]
        for file in try Self.files(under: "Sources") where file.module != "CairnPlugin" {
            for (number, line) in file.lines.enumerated() {
                guard line.contains(/^\s*(@\w+(\([^)]*\))? )*(public|open) (?!import)/),
                    !line.contains(/override|typealias ID/)
                else { continue }
                if said.contains(where: line.contains) { continue }
                let told =
                    file.path.contains("Drivers/")
                    ? storage : file.path.contains(/Objects\/.*\/(Memory|Folder|Wrappers|Store)\//) ? objectStore : []
                if told.contains(where: { line.contains("public func \($0)") || line.contains("public var \($0)") }) {
                    continue
                }
                var above = number - 1
                while above >= 0, file.lines[above].contains(/^\s*@/) { above -= 1 }
                let isDocumented = above >= 0 && file.lines[above].contains(/^\s*\/\/\//)
                let isExtension = line.contains(/public extension/)
                #expect(
                    isDocumented || isExtension,
                    "\(file.path):\(number + 1) \(line.trimmingCharacters(in: .whitespaces))")
            }
        }
    }

    @Test(
        "Sources neither trap nor force where a user, a file or a server could make them, and promise nothing for later"
    )
    func forbidden() throws {
        let words = /try!|\bas!|\bfatalError\(|\bTODO\b|\bFIXME\b|\bXXX\b|Thread\.sleep|\busleep\(/
        for file in try Self.files(under: "Sources") where file.module != "cairn-bench" {
            for (number, line) in file.lines.enumerated() {
                if let match = line.firstMatch(of: words) {
                    Issue.record("\(file.path):\(number + 1) has '\(match.output)'")
                }
            }
        }
    }

    @Test("What is unsafe or unchecked has its reasons beside it")
    func proofs() throws {
        for file in try Self.files(under: "Sources") {
            for (number, line) in file.lines.enumerated()
            where line.contains("@unchecked Sendable") && !line.contains("///") && !line.contains("// Safety") {
                let around = file.lines[max(0, number - 20)...min(file.lines.count - 1, number + 3)]
                #expect(
                    around.contains { $0.contains("Safety of `@unchecked Sendable`") }, "\(file.path):\(number + 1)")
            }
            #expect(!file.lines.contains { $0.contains("nonisolated(unsafe)") }, "\(file.path)")
        }
    }

    @Test("The top level holds what the plan lists")
    func topLevel() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.root.path(percentEncoded: false))
        let planned: Set = [
            "Package.swift", "Package.resolved", "Sources", "Tests", "Schemas", "Examples", "README.md", "CHANGELOG.md",
        ]
        #expect(names.filter { !$0.hasPrefix(".") && !planned.contains($0) } == [])
    }
}
