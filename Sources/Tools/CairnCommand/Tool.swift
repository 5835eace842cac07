import CairnSchema

/// The whole tool without its process: finds the command, runs it, reports what kept it from running.
struct Tool: Sendable {
    /// The commands, in the order help lists them.
    let commands: [any Command]

    /// The tool with all its commands.
    init() {
        let commands: [any Command] = [
            InitCommand(), CheckCommand(), GenerateCommand(), GetCommand(), ExplainCommand(), S3DoctorCommand(),
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
        // A name may have two words: those of a group begin with the same one.
        let (command, rest) = try find(arguments)
        let parser = ArgumentParser(command.signature)
        if parser.asksForHelp(rest) {
            let page = HelpPage(command.signature)
            console.print(arguments.contains("--json") ? page.json : page.text)
            return .done
        }
        return try await command.run(parser.parse(rest), console)
    }

    /// The command that a line begins with, and what stands behind its name.
    private func find(_ arguments: [String]) throws -> (any Command, ArraySlice<String>) {
        for count in [2, 1] {
            let name = arguments.prefix(count).joined(separator: " ")
            if let command = commands.first(where: { $0.signature.name == name }) {
                return (command, arguments.dropFirst(count))
            }
        }
        throw CommandError.unknownCommand(arguments, among: commands.map(\.signature.name))
    }
}

extension CommandError {
    /// There is no command that a line begins with.
    static func unknownCommand(_ words: [String], among names: [String]) -> CommandError {
        let first = words.first ?? ""
        let group = names.filter { $0.hasPrefix("\(first) ") }
        guard let second = words.dropFirst().first(where: { !$0.hasPrefix("-") }), !group.isEmpty else {
            let hint = group.isEmpty ? NearestName.hint(first, among: names) : nil
            return CommandError(
                .command, group.isEmpty ? "there is no command '\(first)'" : "'\(first)' is a group of commands",
                remedy: group.isEmpty
                    ? hint ?? "'cairn help' lists them" : "write one of \(group.joined(separator: ", "))")
        }
        let name = "\(first) \(second)"
        return CommandError(
            .command, "there is no command '\(name)'", remedy: NearestName.hintOrList(name, among: group))
    }
}
