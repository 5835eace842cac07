import CairnSchema

/// `cairn completion`: prints what teaches a shell to complete `cairn`.
struct CompletionCommand: Command {
    static let signature = Signature(
        name: "completion", purpose: "prints what teaches a shell to complete cairn",
        operands: [Operand(name: "SHELL", help: "bash, zsh or fish", kind: .choice(["bash", "zsh", "fish"]))],
        notes: [
            "bash: put  eval \"$(cairn completion bash)\"  into ~/.bashrc.",
            "zsh: put  eval \"$(cairn completion zsh)\"  into ~/.zshrc, after compinit.",
            "fish: cairn completion fish > ~/.config/fish/completions/cairn.fish",
        ],
        examples: ["eval \"$(cairn completion bash)\""])

    private let signatures: [Signature]
    var signature: Signature { CompletionCommand.signature }

    /// - Parameter signatures: Those of all commands, in the order to list them.
    init(_ signatures: [Signature]) {
        self.signatures = signatures
    }

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let shell = arguments.operand("SHELL")
        let script =
            switch shell {
            case "bash": BashCompletion(signatures).script
            case "zsh": ZshCompletion(signatures).script
            default: FishCompletion(signatures).script
            }
        console.print(
            arguments.isJSON ? JSONText.object([("shell", .string(shell)), ("script", .string(script))]) : script)
        return .done
    }
}
