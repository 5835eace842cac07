/// The completion of `cairn` for fish.
struct FishCompletion {
    private let signatures: [Signature]

    init(_ signatures: [Signature]) {
        self.signatures = signatures
    }

    /// The script, without a line break at the end.
    var script: String {
        let commands = signatures.map { signature in
            "complete -c cairn -n __fish_use_subcommand -a \(signature.name) -d \(quoted(signature.purpose))"
        }
        let options = Overview.signature.allOptions.map { option in
            "complete -c cairn -n __fish_use_subcommand -l \(option.name) -d \(quoted(option.help))"
        }
        return
            (["# Completion of cairn for fish.", "complete -c cairn -f"] + commands + options
            + signatures.flatMap(lines))
            .joined(separator: "\n")
    }

    private func lines(of signature: Signature) -> [String] {
        let start = "complete -c cairn -n '__fish_seen_subcommand_from \(signature.name)'"
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
        case .command: "\(exclusive) -a '\(signatures.map(\.name).joined(separator: " "))'"
        }
    }

    /// In single quotes fish knows two escapes, of the quote and of the backslash.
    private func quoted(_ text: String) -> String {
        "'" + text.flatMap { "'\\".contains($0) ? "\\\($0)" : "\($0)" } + "'"
    }
}
