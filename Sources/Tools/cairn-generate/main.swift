import CairnGenerator
import CairnSchema
import Foundation

// What the build plugin runs: `cairn-generate SCHEMA MODULE OUTPUT...`. Small, because a plugin builds every module of its tool
// a second time. People use `cairn generate`.

/// Writes a line where errors go.
func report(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
}

let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count >= 3 else {
    report("usage: cairn-generate SCHEMA MODULE OUTPUT...")
    exit(2)
}
let input = arguments[0]
let outputs = arguments[2...].map { URL(fileURLWithPath: $0) }

do {
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: input)))
    let outcome = SchemaReader.read(bytes, name: input)
    for diagnostic in outcome.diagnostics { report(diagnostic.description) }
    guard let schema = outcome.schema else { exit(1) }
    let source = URL(fileURLWithPath: input).lastPathComponent
    let generator = Generator(schema, source: source, module: arguments[1])
    for (output, file) in zip(outputs, generator.files(named: outputs.map(\.lastPathComponent))) {
        let text = Data(file.text.utf8)
        // A file that is written again is compiled again, with all that depends on it; a new comment in a schema is no reason.
        if (try? Data(contentsOf: output)) != text { try text.write(to: output, options: .atomic) }
    }
} catch {
    report("\(input):1:1: error: \(error.localizedDescription)")
    exit(1)
}
