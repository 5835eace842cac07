/// `cairn help`: tells about the tool or one of its commands.
struct HelpCommand: Command {
    static let signature = Signature(
        name: "help", purpose: "tells about a command",
        operands: [
            Operand(name: "COMMAND", isOptional: true, help: "the command; else all are listed", kind: .command)
        ],
        examples: ["cairn help check"])

    private let signatures: [Signature]
    var signature: Signature { HelpCommand.signature }

    /// - Parameter signatures: Those of all commands, in the order to list them.
    init(_ signatures: [Signature]) {
        self.signatures = signatures
    }

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        guard let name = arguments.optionalOperand("COMMAND") else {
            let overview = Overview(signatures)
            console.print(arguments.isJSON ? overview.json : overview.text)
            return .done
        }
        guard let found = signatures.first(where: { $0.name == name }) else {
            throw CommandError.unknownCommand([name], among: signatures.map(\.name))
        }
        let page = HelpPage(found)
        console.print(arguments.isJSON ? page.json : page.text)
        return .done
    }
}
