/// The completion of `cairn` for bash, 3.2 and later.
struct BashCompletion {
    private let signatures: [Signature]

    init(_ signatures: [Signature]) {
        self.signatures = signatures
    }

    /// The script, without a line break at the end.
    ///
    /// bash splits a word at `=`, so `--module=C` arrives as three words. `compopt` exists from bash 4 on and fails outside of a
    /// completion; without it a path with spaces is not quoted, which is all that is lost.
    var script: String {
        """
        # Completion of cairn for bash.
        _cairn_offer() {
            local line
            while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen "$@")
        }
        _cairn_paths() {
            compopt -o filenames 2> /dev/null
            _cairn_offer "$@"
        }
        _cairn() {
            local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}" command="${COMP_WORDS[1]}"
            COMPREPLY=()
            if [[ $COMP_CWORD -eq 1 ]]; then
                _cairn_offer -W '\(commandWords.joined(separator: " "))' -- "$current"
                return
            fi
        \(groups)
            if [[ $current == = ]]; then
                current=
            elif [[ $previous == = && $COMP_CWORD -gt 2 ]]; then
                previous="${COMP_WORDS[COMP_CWORD-2]}"
            fi
            case "$command $previous" in
        \(optionValues.joined(separator: "\n"))
            esac
            case "$command $current" in
        \(signatures.map(words).joined(separator: "\n"))
            esac
        }
        complete -F _cairn cairn
        """
    }

    /// The second word of a command in a group, and the name it makes.
    private var groups: String {
        CommandGroup.all.map { group in
            let words = signatures.filter(group.contains).map { $0.name.dropFirst(group.name.count + 1) }
            return """
                    if [[ $command == \(group.name) ]]; then
                        if [[ $COMP_CWORD -eq 2 ]]; then
                            _cairn_offer -W '\(words.joined(separator: " "))' -- "$current"
                            return
                        fi
                        command="\(group.name) ${COMP_WORDS[2]}"
                    fi
                """
        }
        .joined(separator: "\n")
    }

    private var commandWords: [String] {
        Signature.firstWords(signatures) + Overview.signature.allOptions.map { "--\($0.name)" }
    }

    private var optionValues: [String] {
        signatures.flatMap { signature in
            signature.options.filter { $0.value != nil }.map { option in
                "        '\(signature.name) --\(option.name)') \(offer(option.kind)); return ;;"
            }
        }
    }

    private func words(of signature: Signature) -> String {
        let options = signature.allOptions.map { "--\($0.name)" }.joined(separator: " ")
        let operand = signature.operands.first.map { offer($0.kind) } ?? ":"
        return """
                    '\(signature.name) -'*) _cairn_offer -W '\(options)' -- "$current" ;;
                    '\(signature.name) '*) \(operand) ;;
            """
    }

    private func offer(_ kind: ValueKind) -> String {
        switch kind {
        case .text: ":"
        case .file: "_cairn_paths -f -- \"$current\""
        case .folder: "_cairn_paths -d -- \"$current\""
        case .choice(let words): "_cairn_offer -W '\(words.joined(separator: " "))' -- \"$current\""
        case .command:
            "_cairn_offer -W '\(Signature.firstWords(signatures).joined(separator: " "))' -- \"$current\""
        }
    }
}
