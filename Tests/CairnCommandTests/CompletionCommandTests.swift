import CairnSchema
import Testing

@testable import CairnCommand

@Suite("cairn completion")
struct CompletionCommandTests {
    private static let shells = ["bash", "zsh", "fish"]

    @Test("Every command and every option is in the script of every shell", arguments: shells)
    func complete(shell: String) async throws {
        let script = await cairn("completion", shell).output
        for signature in Tool().commands.map(\.signature) {
            for word in signature.name.split(separator: " ") { #expect(script.contains(word)) }
            for option in signature.allOptions {
                #expect(script.contains(shell == "fish" ? "-l \(option.name) " : "--\(option.name)"))
            }
        }
        let json = try JSONValue(parsing: await cairn("completion", shell, "--json").output)
        #expect(json == ["shell": .string(shell), "script": .string(String(script.dropLast()))])
    }

    @Test("A shell that is not known names the nearest")
    func unknownShell() async {
        let outcome = await cairn("completion", "bsh")
        #expect(outcome.code == .failed)
        #expect(outcome.errors == "cairn: 'SHELL' cannot be 'bsh'; did you mean 'bash'?\n")
    }

    @Test("bash accepts its script")
    func bashSyntax() async throws {
        let outcome = try await checkSyntax("bash", "-n")
        #expect(outcome.code == 0, "\(outcome.errors)")
    }

    @Test("zsh accepts its script", .enabled(if: isInstalled("zsh")))
    func zshSyntax() async throws {
        let outcome = try await checkSyntax("zsh", "--no-exec")
        #expect(outcome.code == 0, "\(outcome.errors)")
    }

    @Test("fish accepts its script", .enabled(if: isInstalled("fish")))
    func fishSyntax() async throws {
        let outcome = try await checkSyntax("fish", "--no-execute")
        #expect(outcome.code == 0, "\(outcome.errors)")
    }

    private func checkSyntax(_ shell: String, _ option: String) async throws -> ProcessOutcome {
        let folder = try TestFolder()
        let path = try folder.write("script", await cairn("completion", shell).output)
        return try run("/usr/bin/env", [shell, option, path])
    }

    @Test(
        "In bash, words complete to what may stand there",
        arguments: [
            (["ch"], ["check"]), (["--v"], ["--version"]), (["nothing"], []),
            (["generate", "--"], ["--output", "--module", "--check", "--json", "--help"]),
            (["generate", "x", "--module", ""], ["Cairn", "CairnCore"]),
            (["generate", "x", "--module", "=", "CairnC"], ["CairnCore"]),
            (["generate", "x", "--module", "="], ["Cairn", "CairnCore"]),
            (["generate", "--output", ""], ["folder with space"]), (["check", "sch"], ["schema.jsonc"]),
            (["check", ""], ["folder with space", "schema.jsonc"]), (["init", ""], ["folder with space"]),
            (["completion", ""], ["bash", "zsh", "fish"]), (["completion", "f"], ["fish"]),
            (["help", "g"], ["generate", "get"]),
            (["explain", "--where", ""], []), (["get", ""], []), (["s"], ["s3"]),
            (["s3", ""], ["ls", "get", "put", "rm", "stat", "presign", "mb", "rb", "doctor"]),
            (["s3", "pr"], ["presign"]),
            (["s3", "presign", "--method", ""], ["GET", "HEAD", "PUT", "DELETE"]),
            (["s3", "put", "sch"], ["schema.jsonc"]),
            (
                ["s3", "mb", "--"],
                ["--endpoint", "--region", "--profile", "--no-sign-request", "--timeout", "--json", "--help"]
            ),
        ])
    func bashCompletion(words: [String], offered: [String]) async throws {
        let folder = try TestFolder()
        try folder.write("schema.jsonc", "")
        try folder.write("folder with space/x", "")
        let scripts = try TestFolder()
        let path = try scripts.write("cairn.bash", await cairn("completion", "bash").output)
        let quoted = (["cairn"] + words).map(ShellText.quoted).joined(separator: " ")
        let outcome = try bash(
            """
            source \(ShellText.quoted(path))
            complete -p cairn > /dev/null || exit 3
            COMP_WORDS=(\(quoted)); COMP_CWORD=\(words.count)
            _cairn
            for word in "${COMPREPLY[@]}"; do printf '%s\\n' "$word"; done
            """, in: folder.path)
        #expect(outcome.code == 0)
        #expect(outcome.errors.isEmpty)
        #expect(Set(outcome.output.split(separator: "\n").map(String.init)) == Set(offered))
    }
}
