/// `cairn help`: tells about the tool or one of its commands.
struct HelpCommand: Command {
    static let signature = Signature(
        name: "help", purpose: "tells about a command",
        operands: [
            Operand(
                name: "COMMAND", isOptional: true, isRepeated: true,
                help: "the command, or the first word of a group of them; else all are listed", kind: .command)
        ],
        examples: ["cairn help check", "cairn help s3 ls"])

    private let signatures: [Signature]
    var signature: Signature { HelpCommand.signature }

    /// - Parameter signatures: Those of all commands, in the order to list them.
    init(_ signatures: [Signature]) {
        self.signatures = signatures
    }

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let name = arguments.repeatedOperand("COMMAND").joined(separator: " ")
        if name.isEmpty || CommandGroup.named(name) != nil {
            let overview = Overview(signatures, of: CommandGroup.named(name))
            console.print(arguments.isJSON ? overview.json : overview.text)
            return .done
        }
        guard let found = signatures.first(where: { $0.name == name }) else {
            throw CommandError.unknownCommand(name, among: signatures.map(\.name))
        }
        let page = HelpPage(found)
        console.print(arguments.isJSON ? page.json : page.text)
        return .done
    }
}
