import CairnSchema

/// The whole tool without its process: finds the command, runs it, reports what kept it from running.
struct Tool: Sendable {
    /// The commands, in the order help lists them.
    let commands: [any Command]

    /// The tool with all its commands.
    init() {
        let commands: [any Command] = [
            InitCommand(), CheckCommand(), GenerateCommand(), GetCommand(), QueryCommand(), ExplainCommand(),
            DoctorCommand(), MaintainCommand(), PinCommand(), UnpinCommand(), PinsCommand(), RebuildCommand(),
            AdoptCommand(), MigratePlanCommand(),
            MigrateApplyCommand(), MigrateStatusCommand(), MigrateDriftCommand(), MigrateHistoryCommand(),
            MigrateRollbackCommand(), MigrateBaselineCommand(), MigrateMergeCommand(), MigrateSquashCommand(),
            MigrateVerifyCommand(), MigrateStartCommand(), MigrateBackfillCommand(), MigrateCompleteCommand(),
            MigrateAbortCommand(),
            S3ListCommand(), S3GetCommand(), S3PutCommand(), S3RemoveCommand(), S3StatCommand(), S3PresignCommand(),
            S3MakeBucketCommand(), S3RemoveBucketCommand(), S3DoctorCommand(),
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
            if let command = arguments.first(where: { !$0.hasPrefix("-") }) {
                throw CommandError(
                    .usage, "'\(first)' stands in front of the command '\(command)'",
                    remedy: "options stand behind the command: cairn check --json FILE")
            }
            let parsed = try ArgumentParser(Overview.signature).parse(arguments)
            if parsed.has("help") {
                console.print(parsed.isJSON ? overview.json : overview.text)
            } else if parsed.has("version") {
                console.print(
                    parsed.isJSON
                        ? JSONText.object([("version", .string(Version.current))]) : "cairn \(Version.current)")
            } else {
                throw CommandError(
                    .usage, "no command is named", remedy: "options stand behind the command: cairn check --json FILE")
            }
            return .done
        }
        if let group = CommandGroup.named(first) {
            let page = Overview(commands.map(\.signature), of: group)
            if arguments.count == 1 {
                console.report(page.text)
                return .failed
            }
            if ["--help", "-h"].contains(arguments[1]) {
                console.print(arguments.contains("--json") ? page.json : page.text)
                return .done
            }
        }
        let (command, rest) = try find(arguments)
        let parser = ArgumentParser(command.signature)
        if parser.asksForHelp(rest) {
            let page = HelpPage(command.signature)
            console.print(arguments.contains("--json") ? page.json : page.text)
            return .done
        }
        return try await command.run(parser.parse(rest), console)
    }

    /// The command that a line begins with, and what stands behind its name, which has two words in a group.
    private func find(_ arguments: [String]) throws -> (any Command, ArraySlice<String>) {
        let count = CommandGroup.named(arguments[0]) == nil ? 1 : 2
        let name = arguments.prefix(count).joined(separator: " ")
        guard let command = commands.first(where: { $0.signature.name == name }) else {
            throw CommandError.unknownCommand(name, among: commands.map(\.signature.name))
        }
        return (command, arguments.dropFirst(count))
    }
}

extension CommandError {
    /// There is no command of a name.
    static func unknownCommand(_ name: String, among names: [String]) -> CommandError {
        let group = name.split(separator: " ").first.flatMap { CommandGroup.named(String($0)) }
        return CommandError(
            .command, "there is no command '\(name)'",
            remedy: NearestName.hint(name, among: names)
                ?? "'cairn help\(group.map { " \($0.name)" } ?? "")' lists them")
    }
}
