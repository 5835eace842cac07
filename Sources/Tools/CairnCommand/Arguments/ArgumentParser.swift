import CairnSchema

/// Reads the arguments of one command by its signature.
///
/// Options stand anywhere: `--name value` or `--name=value`. After `--` nothing is an option. `-` alone and negative numbers are
/// operands, so keys like `-5` need no quoting.
struct ArgumentParser {
    private let signature: Signature
    private let options: [Option]

    init(_ signature: Signature) {
        self.signature = signature
        options = signature.allOptions
    }

    /// Whether the line asks for the help page; then nothing else in it matters.
    func asksForHelp(_ arguments: some Sequence<String>) -> Bool {
        arguments.prefix { $0 != "--" }.contains { $0 == "--help" || $0 == "-h" }
    }

    /// Reads a line.
    /// - Throws: `CommandError` for options and operands that are unknown, missing or too many.
    func parse(_ arguments: some Sequence<String>) throws -> ParsedArguments {
        var rest = Array(arguments)[...]
        var operands: [String] = []
        var values: [String: [String]] = [:]
        while let argument = rest.popFirst() {
            if argument == "--" {
                operands += rest
                break
            }
            if argument == "-h" {
                values[Option.help.name] = [""]
            } else if ArgumentParser.isOption(argument) {
                let (option, value) = try read(argument, &rest)
                if let value, !option.isRepeated, values[option.name] != nil {
                    throw error("'--\(option.name)' is given twice, the second time as '\(value)'", "keep one")
                }
                values[option.name, default: []].append(value ?? "")
            } else {
                operands.append(argument)
            }
        }
        for option in options where option.isRequired && values[option.name] == nil {
            throw error("'\(option.spelling)' is missing", usage)
        }
        return ParsedArguments(operands: try assign(operands), options: values)
    }

    private static func isOption(_ argument: String) -> Bool {
        guard argument.hasPrefix("-"), argument != "-" else { return false }
        return Double(argument) == nil
    }

    // MARK: Options

    private func read(_ argument: String, _ rest: inout ArraySlice<String>) throws -> (Option, String?) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let spelling = String(parts[0])
        guard let option = options.first(where: { "--\($0.name)" == spelling }) else {
            throw unknown(spelling)
        }
        let attached = parts.count > 1 ? String(parts[1]) : nil
        guard let name = option.value else {
            if let attached {
                throw error("'\(spelling)' takes no value, found '\(attached)'", "leave '=\(attached)' out")
            }
            return (option, nil)
        }
        if let attached { return (option, try check(attached, option.kind, spelling)) }
        guard let next = rest.first, !next.hasPrefix("--") else {
            throw error(
                "'\(spelling)' needs a \(name)",
                "write '\(spelling) \(name)', or '\(spelling)=\(name)' if it begins with '--'")
        }
        rest.removeFirst()
        return (option, try check(next, option.kind, spelling))
    }

    private func unknown(_ spelling: String) -> CommandError {
        let known = options.map { "--\($0.name)" }
        return error(
            "'\(signature.name)' has no option '\(spelling)'",
            NearestName.hint(spelling, among: known) ?? "it has \(known.joined(separator: ", "))")
    }

    private func check(_ value: String, _ kind: ValueKind, _ what: String) throws -> String {
        guard case .choice(let choices) = kind, !choices.contains(value) else { return value }
        throw error(
            "'\(what)' cannot be '\(value)'",
            NearestName.hint(value, among: choices) ?? "it is one of \(choices.joined(separator: ", "))")
    }

    // MARK: Operands

    private func assign(_ given: [String]) throws -> [String: [String]] {
        var rest = given[...]
        var assigned: [String: [String]] = [:]
        for operand in signature.operands {
            let values = operand.isRepeated ? Array(rest) : Array(rest.prefix(1))
            rest = rest.dropFirst(values.count)
            if values.isEmpty {
                if operand.isOptional { continue }
                throw error("\(operand.name) is missing", usage)
            }
            assigned[operand.name] = try values.map { try check($0, operand.kind, operand.name) }
        }
        if let extra = rest.first { throw error("'\(extra)' is one argument too many", usage) }
        return assigned
    }

    private var usage: String { "usage: cairn \(signature.usage)" }

    private func error(_ message: String, _ remedy: String) -> CommandError {
        CommandError(.usage, message, remedy: remedy)
    }
}
