import Foundation

/// Checks Swift programs against the built modules, with the settings of the package.
struct TypeChecker {
    /// What the compiler said about some files: they compile when it is empty.
    struct Outcome {
        let code: Int32
        let text: String

        /// The messages about one file, notes included, such as `error: cannot find 'x' in scope`.
        func messages(about file: String) -> [String] {
            text.split(separator: "\n").compactMap { line in
                let parts = line.split(separator: ":", maxSplits: 3)
                guard parts.count == 4, parts[0].hasSuffix("/\(file)"), Int(parts[1]) != nil else { return nil }
                return parts[3].trimmingCharacters(in: .whitespaces)
            }
        }
    }

    /// Checks files as one module. The whole module at once, or the compiler would stop after the first files with errors.
    /// - Parameter options: What else the compiler is told.
    static func check(_ files: [String], warningsAreErrors: Bool = true, options: [String] = []) throws -> Outcome {
        let system = URL(filePath: #filePath).appending(path: "../../../../Sources/System").standardized.path
        let features = [
            "NonisolatedNonsendingByDefault", "ExistentialAny", "InternalImportsByDefault", "MemberImportVisibility",
        ]
        var arguments = ["swiftc", "-typecheck", "-wmo", "-swift-version", "6", "-diagnostic-style", "llvm"]
        if warningsAreErrors { arguments.append("-warnings-as-errors") }
        for feature in features { arguments += ["-enable-upcoming-feature", feature] }
        arguments += ["-I", builtFolder.appending(path: "Modules").path]
        for library in ["CSQLite", "CCrypto", "CCurl", "CFiles/include"] {
            arguments += ["-I", "\(system)/\(library)"]
        }
        let outcome = try run("/usr/bin/env", arguments + options + ["-module-name", "Program"] + files)
        return Outcome(code: outcome.code, text: outcome.output + outcome.errors)
    }
}
