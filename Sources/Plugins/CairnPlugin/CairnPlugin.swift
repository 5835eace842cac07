import Foundation
import PackagePlugin

/// Generates Swift from every schema file (`*.jsonc`) of a target, before the target is compiled.
///
/// Schema files stand in the target's folder; a symbolic link there to one elsewhere in the package works
/// too. The generated code imports `Cairn` if the target depends on it, else `CairnCore`.
@main
struct CairnPlugin: BuildToolPlugin {
    /// How many files the tables of a schema are spread over, so that several are compiled at once and few again.
    ///
    /// A fixed number, because the plugin runs when the package changes and not when a schema does: files by the names of the
    /// tables would be missing for a new one.
    private static let tableFiles = 8

    func createBuildCommands(context: PluginContext, target: any Target) async throws -> [Command] {
        guard let target = target as? any SourceModuleTarget else { return [] }
        let tool = try context.tool(named: "cairn-generate")
        let module = importsCairn(target) ? "Cairn" : "CairnCore"
        return target.sourceFiles.filter { $0.url.pathExtension == "jsonc" }.map { file in
            let name = file.url.deletingPathExtension().lastPathComponent
            let outputs = ([""] + (1...CairnPlugin.tableFiles).map { ".\($0)" }).map { part in
                context.pluginWorkDirectoryURL.appending(path: "\(name).schema\(part).swift")
            }
            let paths = outputs.map { $0.path(percentEncoded: false) }
            return .buildCommand(
                displayName: "Generating Swift from \(file.url.lastPathComponent)", executable: tool.url,
                arguments: [file.url.path(percentEncoded: false), module] + paths, inputFiles: [file.url],
                outputFiles: outputs)
        }
    }

    private func importsCairn(_ target: any SourceModuleTarget) -> Bool {
        target.dependencies.contains { dependency in
            switch dependency {
            case .target(let target): target.name == "Cairn"
            case .product(let product): product.name == "Cairn"
            @unknown default: false
            }
        }
    }
}
