/// The completion of `cairn` for fish.
struct FishCompletion {
    private let signatures: [Signature]

    init(_ signatures: [Signature]) {
        self.signatures = signatures
    }

    /// The script, without a line break at the end.
    var script: String {
        let commands = signatures.filter { $0.name.split(separator: " ").count == 1 }.map { signature in
            "complete -c cairn -n __fish_use_subcommand -a \(signature.name) -d \(quoted(signature.purpose))"
        }
        let groups = CommandGroup.all.flatMap { group in
            let members = signatures.filter(group.contains)
            let words = members.map { String($0.name.dropFirst(group.name.count + 1)) }
            let isOpen =
                "__fish_seen_subcommand_from \(group.name); and not __fish_seen_subcommand_from \(words.joined(separator: " "))"
            return [
                "complete -c cairn -n __fish_use_subcommand -a \(group.name) -d \(quoted(group.purpose))"
            ]
                + zip(words, members).map { word, member in
                    "complete -c cairn -n '\(isOpen)' -a \(word) -d \(quoted(member.purpose))"
                }
        }
        let options = Overview.signature.allOptions.map { option in
            "complete -c cairn -n __fish_use_subcommand -l \(option.name) -d \(quoted(option.help))"
        }
        return
            (["# Completion of cairn for fish.", "complete -c cairn -f"] + commands + groups + options
            + signatures.flatMap(lines))
            .joined(separator: "\n")
    }

    private func lines(of signature: Signature) -> [String] {
        // A word of a group may be a command of its own, too: the first word decides.
        let words = signature.name.split(separator: " ")
        let groups = words.count > 1 ? [] : CommandGroup.all.map { "not __fish_seen_subcommand_from \($0.name)" }
        let seen = (words.map { "__fish_seen_subcommand_from \($0)" } + groups).joined(separator: "; and ")
        let start = "complete -c cairn -n '\(seen)'"
        let options = signature.allOptions.map { option in
            let value = option.value == nil ? "" : " \(offer(option.kind, isRequired: true))"
            return "\(start) -l \(option.name)\(value) -d \(quoted(option.help))"
        }
        guard let kind = signature.operands.first?.kind, kind != .text else { return options }
        return options + ["\(start) \(offer(kind, isRequired: false))"]
    }

    /// `-f` no files, `-F` files, `-r` a value is required, `-x` both of no files and a value.
    private func offer(_ kind: ValueKind, isRequired: Bool) -> String {
        let exclusive = isRequired ? "-x" : "-f"
        return switch kind {
        case .text: exclusive
        case .file: isRequired ? "-r -F" : "-F"
        case .folder: "\(exclusive) -a '(__fish_complete_directories)'"
        case .choice(let words): "\(exclusive) -a '\(words.joined(separator: " "))'"
        case .command: "\(exclusive) -a '\(Signature.firstWords(signatures).joined(separator: " "))'"
        }
    }

    /// In single quotes fish knows two escapes, of the quote and of the backslash.
    private func quoted(_ text: String) -> String {
        "'" + text.flatMap { "'\\".contains($0) ? "\\\($0)" : "\($0)" } + "'"
    }
}
