import CairnSchema

/// The whole tool without its process: finds the command, runs it, reports what kept it from running.
struct Tool: Sendable {
    /// The commands, in the order help lists them.
    let commands: [any Command]

    /// The tool with all its commands.
    init() {
        let commands: [any Command] = [
            InitCommand(), CheckCommand(), GenerateCommand(), GetCommand(), ExplainCommand(),
        ]
        // These two are about the others; each knows the list it is itself part of by its signatures.
        let signatures = commands.map(\.signature) + [CompletionCommand.signature, HelpCommand.signature]
        self.commands = commands + [CompletionCommand(signatures), HelpCommand(signatures)]
    }

    /// Runs one command line, without the name of the program.
    func run(_ arguments: [String], _ console: Console) async -> ExitCode {
        // Whether errors are for a program must be known before the line is understood, or an error in it could not be
        // reported the right way.
        let isJSON = arguments.prefix { $0 != "--" }.contains("--json")
        do {
            return try await dispatch(arguments, console)
        } catch {
            ErrorReport.write(error, console, isJSON: isJSON)
            return .failed
        }
    }

    private func dispatch(_ arguments: [String], _ console: Console) async throws -> ExitCode {
        let overview = Overview(commands.map(\.signature))
        guard let first = arguments.first else {
            console.report(overview.text)
            return .failed
        }
        if first.hasPrefix("-") {
            let parsed = try ArgumentParser(Overview.signature).parse(arguments)
            if parsed.has("help") {
                console.print(parsed.isJSON ? overview.json : overview.text)
            } else if parsed.has("version") {
                console.print(
                    parsed.isJSON
                        ? JSONText.object([("version", .string(Version.current))]) : "cairn \(Version.current)")
            } else {
                throw CommandError(
                    .usage, "no command is named", remedy: "options stand after the command: cairn check --json FILE")
            }
            return .done
        }
        let command = try command(named: first)
        let parser = ArgumentParser(command.signature)
        if parser.asksForHelp(arguments.dropFirst()) {
            let page = HelpPage(command.signature)
            console.print(arguments.contains("--json") ? page.json : page.text)
            return .done
        }
        return try await command.run(parser.parse(arguments.dropFirst()), console)
    }

    private func command(named name: String) throws -> any Command {
        if let command = commands.first(where: { $0.signature.name == name }) { return command }
        throw CommandError.unknownCommand(name, among: commands.map(\.signature.name))
    }
}

extension CommandError {
    /// There is no command of a name.
    static func unknownCommand(_ name: String, among names: [String]) -> CommandError {
        CommandError(
            .command, "there is no command '\(name)'",
            remedy: NearestName.hint(name, among: names) ?? "'cairn help' lists them")
    }
}
