import CairnSchema

/// The help page of one command.
struct HelpPage {
    private let signature: Signature

    init(_ signature: Signature) {
        self.signature = signature
    }

    /// For people.
    var text: String {
        var lines = ["cairn \(signature.name) \(signature.purpose).", "", "usage: cairn \(signature.usage)"]
        let operands = signature.operands.map { ["  \($0.name)", $0.help] }
        let options = signature.allOptions.map { option in
            ["  \(option.spelling)\(option.name == Option.help.name ? ", -h" : "")", option.help]
        }
        lines += [""] + TextTable.lines(operands + options)
        for note in signature.notes { lines += [""] + TextTable.wrap(note) }
        lines += ["", signature.examples.count > 1 ? "examples:" : "example:"]
        lines += signature.examples.map { "  \($0)" }
        return lines.joined(separator: "\n")
    }

    /// For programs.
    var json: String { JSONText.pretty(HelpPage.write(signature)) }

    /// Writes the page of a command as an object.
    static func write(_ signature: Signature) -> (inout JSONWriter) -> Void {
        { writer in
            writer.object { writer in
                writer.member("name", .string(signature.name))
                writer.member("purpose", .string(signature.purpose))
                writer.member("usage", .string("cairn \(signature.usage)"))
                writer.members("arguments", signature.operands) { operand, writer in
                    writer.member("name", .string(operand.name))
                    writer.member("help", .string(operand.help))
                }
                writer.members("options", signature.allOptions) { option, writer in
                    writer.member("name", .string("--\(option.name)"))
                    writer.member("value", option.value.map(JSONValue.string) ?? .null)
                    writer.member("help", .string(option.help))
                }
                writer.member("notes", .array(signature.notes.map(JSONValue.string)))
                writer.member("examples", .array(signature.examples.map(JSONValue.string)))
            }
        }
    }
}

/// The page `cairn --help` prints: what the tool is for, and its commands; or those of a group, for `cairn s3 --help`.
struct Overview {
    private let signatures: [Signature]
    private let group: CommandGroup?

    init(_ signatures: [Signature], of group: CommandGroup? = nil) {
        self.signatures = group.map { group in signatures.filter { group.contains($0) } } ?? signatures
        self.group = group
    }

    /// What the tool understands without a command.
    static let signature = Signature(
        name: "cairn", purpose: "works with Cairn schemas and stores",
        options: [Option(name: "version", help: "print the version")], examples: ["cairn --version"])

    /// For people.
    var text: String {
        let name = group.map { "cairn \($0.name)" } ?? "cairn"
        let purpose = group?.purpose ?? Overview.signature.purpose
        let commands = signatures.map { ["  \($0.name)", $0.purpose] }
        let options = Overview.signature.allOptions.map { ["  --\($0.name)", $0.help] }
        return
            (["\(name) \(purpose).", "", "usage: \(name) COMMAND …", "", "commands:"] + TextTable.lines(commands)
            + (group == nil ? ["", "options:"] + TextTable.lines(options) : [])
            + [
                "", "'cairn help \(group.map { "\($0.name) " } ?? "")COMMAND' tells about one command.", "",
                "exit codes: 0 done; 1 \(group?.found ?? "it found what you asked it to look for"); 2 it could not run",
            ])
            .joined(separator: "\n")
    }

    /// For programs.
    var json: String {
        JSONText.pretty { writer in
            writer.object { writer in
                writer.member("version", .string(Version.current))
                writer.name("commands")
                writer.array { writer in
                    for signature in signatures {
                        writer.element()
                        HelpPage.write(signature)(&writer)
                    }
                }
            }
        }
    }
}

/// Commands whose names begin with the same word.
struct CommandGroup: Sendable {
    /// The word.
    let name: String
    /// What they are for, as a verb.
    let purpose: String

    /// What exit code 1 says of them.
    let found: String

    /// All groups.
    static let all = [
        CommandGroup(
            name: "s3", purpose: "works with buckets and objects of S3 servers",
            found: "no such object, a condition that does not hold, or something the doctor misses"),
        CommandGroup(
            name: "migrate", purpose: "shows and makes changes of the schema of a store",
            found: "a store of another schema, or a change that would not be made"),
    ]

    /// The group of a word; nil when it is none.
    static func named(_ word: String) -> CommandGroup? { all.first { $0.name == word } }

    func contains(_ signature: Signature) -> Bool { signature.name.hasPrefix("\(name) ") }
}
