/// What the line of a command looks like: parser, help and shell completion are made from this one value.
struct Signature: Sendable {
    /// The name of the command; two words for one of a group, such as `s3 ls`.
    let name: String
    /// What it is for, in one line, as a verb: `validates schema files`.
    let purpose: String
    /// The arguments without a name, in their order.
    var operands: [Operand] = []
    /// The options of its own; `--json` and `--help` every command has.
    var options: [Option] = []
    /// What one should know beyond the options, each a paragraph.
    var notes: [String] = []
    /// Lines to try.
    let examples: [String]

    /// All options, those of every command last.
    var allOptions: [Option] { options + [.json, .help] }

    /// How its line is written: `check FILE… [--json]`.
    var usage: String {
        let parts = operands.map(\.usage) + (options + [.json]).map(\.usage)
        return ([name] + parts).joined(separator: " ")
    }
}

extension Signature {
    /// The first words of the names, each once, in their order.
    static func firstWords(_ signatures: [Signature]) -> [String] {
        var words: [String] = []
        for signature in signatures {
            let word = String(signature.name.prefix { $0 != " " })
            if !words.contains(word) { words.append(word) }
        }
        return words
    }
}

/// An argument without a name.
struct Operand: Sendable {
    /// What to call it, in capitals.
    let name: String
    var isOptional = false
    /// Whether several may be given; only the last operand.
    var isRepeated = false
    let help: String
    /// What it can be.
    var kind = ValueKind.text

    /// How it stands in a usage line.
    var usage: String {
        let text = isRepeated ? "\(name)…" : name
        return isOptional ? "[\(text)]" : text
    }
}

/// An argument with a name.
struct Option: Sendable {
    /// Its name without the dashes.
    let name: String
    /// What its value is called, in capitals; nil for a flag.
    var value: String?
    /// Whether the command cannot do without.
    var isRequired = false
    /// Whether it may be given several times.
    var isRepeated = false
    let help: String
    /// What its value can be.
    var kind = ValueKind.text

    /// Output for programs.
    static let json = Option(name: "json", help: "print JSON, for programs; errors too")
    /// The help page; `-h` is the same.
    static let help = Option(name: "help", help: "print this page")

    /// How it is written: `--output FOLDER`.
    var spelling: String { "--\(name)" + (value.map { " \($0)" } ?? "") }

    /// How it stands in a usage line.
    var usage: String {
        (isRequired ? spelling : "[\(spelling)]") + (isRepeated ? "…" : "")
    }
}

/// What an argument can be: what completion offers, and what the parser accepts.
enum ValueKind: Sendable, Equatable {
    /// Anything.
    case text
    /// A path of a file.
    case file
    /// A path of a folder.
    case folder
    /// One of a few words; everything else is an error.
    case choice([String])
    /// The name of a command.
    case command
}
