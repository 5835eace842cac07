/// The completion of `cairn` for zsh.
struct ZshCompletion {
    private let signatures: [Signature]

    init(_ signatures: [Signature]) {
        self.signatures = signatures
    }

    /// The script, without a line break at the end. It works when it is evaluated and when it stands as `_cairn` in `fpath`.
    var script: String {
        """
        #compdef cairn
        # Completion of cairn for zsh.
        _cairn() {
            local -a commands
            commands=(
        \(described(signatures.filter { !$0.name.contains(" ") }.map { ($0.name, $0.purpose) } + groups))
            )
            if (( CURRENT == 2 )); then
                _describe command commands
                _arguments \(Overview.signature.allOptions.map(argument).joined(separator: " "))
                return
            fi
            local command=$words[2]
            shift words
            (( CURRENT-- ))
        \(CommandGroup.all.map(subcommands).joined(separator: "\n"))
            case $command in
        \(signatures.map(arguments).joined(separator: "\n"))
            esac
        }
        if [[ $funcstack[1] == _cairn ]]; then
            _cairn "$@"
        else
            compdef _cairn cairn
        fi
        """
    }

    private var groups: [(String, String)] { CommandGroup.all.map { ($0.name, $0.purpose) } }

    private func described(_ words: [(String, String)]) -> String {
        words.map { "        \(ShellText.literal("\($0.0):\(plain($0.1))"))" }.joined(separator: "\n")
    }

    /// The second word of a command in a group, and the name it makes.
    private func subcommands(of group: CommandGroup) -> String {
        let members = signatures.filter(group.contains).map {
            (String($0.name.dropFirst(group.name.count + 1)), $0.purpose)
        }
        return """
                if [[ $command == \(group.name) ]]; then
                    commands=(
            \(described(members))
                    )
                    if (( CURRENT == 2 )); then
                        _describe command commands
                        return
                    fi
                    command="\(group.name) $words[2]"
                    shift words
                    (( CURRENT-- ))
                fi
            """
    }

    private func arguments(of signature: Signature) -> String {
        let options = signature.allOptions.map(argument)
        let operands = signature.operands.map { operand in
            ShellText.literal(
                "\(operand.isRepeated ? "*" : "")\(operand.isOptional ? ":" : ""):\(operand.name):\(action(operand.kind))"
            )
        }
        return
            "        \(ShellText.quoted(signature.name))) _arguments \((options + operands).joined(separator: " ")) ;;"
    }

    private func argument(_ option: Option) -> String {
        let value = option.value.map { ":\(plain($0)):\(action(option.kind))" } ?? ""
        let separator = option.value == nil ? "" : "="
        return ShellText.literal(
            "\(option.isRepeated ? "*" : "")--\(option.name)\(separator)[\(plain(option.help))]\(value)")
    }

    private func action(_ kind: ValueKind) -> String {
        switch kind {
        case .text: " "
        case .file: "_files"
        case .folder: "_files -/"
        case .choice(let words): "(\(words.joined(separator: " ")))"
        case .command: "(\(Signature.firstWords(signatures).joined(separator: " ")))"
        }
    }

    /// A text without the characters that mean something in a specification of `_arguments`.
    private func plain(_ text: String) -> String {
        String(text.flatMap { ":[]\\".contains($0) ? "\\\($0)" : "\($0)" })
    }
}
