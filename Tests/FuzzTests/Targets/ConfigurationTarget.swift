import CairnCore
import Simulation

@testable import Cairn

/// `cairn.json` with the variables of the environment it is read in.
///
/// An input is the variables, `NAME=value` a line; a line `---`; the file. What it gives for an environment is the text of the
/// file with variables filled in, or one of our errors.
struct ConfigurationTarget: FuzzTarget {
    let words = [
        "{\"environments\":{\"test\":\"memory:\"}}", "\"production\":\"sqlite:${A:b}\"", "${A}", "${A:", "${:}", "${}",
        "$$", "${A:${B}}", "A=1\n",
        "CAIRN_ENV=test\n", "CAIRN_URL=memory:\n", "\n---\n", "\"environments\"", "\"test\":", "// c\n",
    ]

    func check(_ input: [UInt8]) throws {
        let (variables, file) = ConfigurationTarget.parts(of: input)
        let read = try Expected.result {
            try Configuration(parsing: file, file: "cairn.json", variables: variables)
        }
        guard let configuration = read else { return }
        for environment in [nil, "", "test", "production", "e\u{301}"] {
            guard let url = try Expected.result({ try configuration.url(environment: environment) }) else { continue }
            try hold(url.utf8.count <= 1 << 20, "an address of \(url.utf8.count) bytes")
            _ = try Expected.result { try StoreURL(url) }
        }
    }

    /// The variables and the file of an input.
    private static func parts(of input: [UInt8]) -> (variables: [String: String], file: [UInt8]) {
        let mark = Array("\n---\n".utf8)
        guard let cut = input.firstRange(of: mark) else { return ([:], input) }
        var variables: [String: String] = [:]
        for line in input[..<cut.lowerBound].split(separator: 0x0A) {
            let sides = line.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            variables[String(decoding: sides[0], as: UTF8.self)] = String(decoding: sides.last ?? [], as: UTF8.self)
        }
        return (variables, Array(input[cut.upperBound...]))
    }
}
