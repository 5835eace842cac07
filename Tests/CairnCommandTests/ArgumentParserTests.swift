import Testing

@testable import CairnCommand

@Suite("Arguments")
struct ArgumentParserTests {
    private static let parser = ArgumentParser(
        Signature(
            name: "fly", purpose: "flies",
            operands: [
                Operand(name: "FROM", help: "where from"),
                Operand(name: "TO", isOptional: true, isRepeated: true, help: "where to"),
            ],
            options: [
                Option(name: "speed", value: "N", help: "how fast"),
                Option(name: "via", value: "PLACE", isRepeated: true, help: "through where"),
                Option(name: "class", value: "CLASS", help: "where to sit", kind: .choice(["first", "second"])),
                Option(name: "dry", help: "only pretend"),
            ],
            examples: []))

    @Test(
        "Options stand anywhere and take their value with a space or with '='",
        arguments: [
            ["--speed", "5", "here", "there"], ["--speed=5", "here", "there"], ["here", "--speed", "5", "there"],
            ["here", "there", "--speed=5"],
        ])
    func optionPlaces(line: [String]) throws {
        let parsed = try Self.parser.parse(line)
        #expect(parsed.value("speed") == "5")
        #expect(parsed.operand("FROM") == "here")
        #expect(parsed.repeatedOperand("TO") == ["there"])
    }

    @Test("A value after '=' may be empty, begin with dashes and hold '='")
    func attachedValues() throws {
        let parsed = try Self.parser.parse(["a", "--speed=", "--via=--x", "--via=k=v"])
        #expect(parsed.value("speed") == "")
        #expect(parsed.values("via") == ["--x", "k=v"])
    }

    @Test("After '--' nothing is an option")
    func endOfOptions() throws {
        let parsed = try Self.parser.parse(["--dry", "--", "--speed", "--"])
        #expect(parsed.has("dry"))
        #expect(!parsed.has("speed"))
        #expect(parsed.operand("FROM") == "--speed")
        #expect(parsed.repeatedOperand("TO") == ["--"])
    }

    @Test("A dash alone and negative numbers are operands", arguments: ["-", "-5", "-1.5"])
    func dashOperands(text: String) throws {
        #expect(try Self.parser.parse([text]).operand("FROM") == text)
    }

    @Test("An optional operand may be left out")
    func optionalOperand() throws {
        let parsed = try Self.parser.parse(["a"])
        #expect(parsed.optionalOperand("TO") == nil)
        #expect(parsed.repeatedOperand("TO").isEmpty)
    }

    @Test(
        "A line that does not fit says what is wrong and what to do",
        arguments: [
            (
                [], "FROM is missing",
                "usage: cairn fly FROM [TO…] [--speed N] [--via PLACE]… [--class CLASS] [--dry] [--json]"
            ),
            (["a", "--sped", "5"], "'fly' has no option '--sped'", "did you mean '--speed'?"),
            (["a", "-x"], "'fly' has no option '-x'", "it has --speed, --via, --class, --dry, --json, --help"),
            (["a", "--speed"], "'--speed' needs a N", "write '--speed N', or '--speed=N' if it begins with '--'"),
            (
                ["a", "--speed", "--dry"], "'--speed' needs a N",
                "write '--speed N', or '--speed=N' if it begins with '--'"
            ),
            (["a", "--speed=1", "--speed=2"], "'--speed' is given twice, the second time as '2'", "keep one"),
            (["a", "--dry=yes"], "'--dry' takes no value, found 'yes'", "leave '=yes' out"),
            (["a", "--class", "frist"], "'--class' cannot be 'frist'", "did you mean 'first'?"),
            (["a", "--class", "economy"], "'--class' cannot be 'economy'", "it is one of first, second"),
        ])
    func errors(line: [String], message: String, remedy: String) {
        let error = #expect(throws: CommandError.self) { try Self.parser.parse(line) }
        #expect(error?.code == .usage)
        #expect(error?.message == message)
        #expect(error?.remedy == remedy)
    }

    @Test("One operand too many is named")
    func tooMany() {
        let parser = ArgumentParser(
            Signature(name: "sit", purpose: "sits", operands: [Operand(name: "AT", help: "where")], examples: []))
        let error = #expect(throws: CommandError.self) { try parser.parse(["a", "b", "c"]) }
        #expect(error?.message == "'b' is one argument too many")
    }

    @Test("A required option that is missing is named")
    func requiredOption() {
        let signature = Signature(
            name: "go", purpose: "goes", options: [Option(name: "to", value: "PLACE", isRequired: true, help: "where")],
            examples: [])
        let error = #expect(throws: CommandError.self) { try ArgumentParser(signature).parse([]) }
        #expect(error?.message == "'--to PLACE' is missing")
        #expect(error?.remedy == "usage: cairn go --to PLACE [--json]")
    }
}
