import Foundation
import PackagePlugin

/// Generates Swift from every schema file (`*.jsonc`) of a target, before the target is compiled.
///
/// Schema files stand in the target's folder; a symbolic link there to one elsewhere in the package works
/// too. The generated code imports `Cairn` if the target depends on it, else `CairnCore`.
@main
struct CairnPlugin: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) async throws -> [Command] {
        guard let target = target as? any SourceModuleTarget else { return [] }
        let tool = try context.tool(named: "cairn-generate")
        let module = importsCairn(target) ? "Cairn" : "CairnCore"
        return target.sourceFiles.filter { $0.url.pathExtension == "jsonc" }.map { file in
            let name = file.url.deletingPathExtension().lastPathComponent
            let output = context.pluginWorkDirectoryURL.appending(path: "\(name).schema.swift")
            return .buildCommand(
                displayName: "Generating Swift from \(file.url.lastPathComponent)", executable: tool.url,
                arguments: [file.url.path(percentEncoded: false), output.path(percentEncoded: false), module],
                inputFiles: [file.url], outputFiles: [output])
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
