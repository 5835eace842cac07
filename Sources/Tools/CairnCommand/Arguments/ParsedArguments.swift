/// The arguments of a command line that fits a signature.
struct ParsedArguments: Sendable {
    private let operands: [String: [String]]
    private let options: [String: [String]]

    init(operands: [String: [String]], options: [String: [String]]) {
        self.operands = operands
        self.options = options
    }

    /// The operand of a name that the signature demands.
    func operand(_ name: String) -> String {
        guard let value = operands[name]?.first else {
            preconditionFailure("the signature of the command demands no \(name)")
        }
        return value
    }

    /// The operand of a name; nil when it was left out.
    func optionalOperand(_ name: String) -> String? { operands[name]?.first }

    /// All operands of a name.
    func repeatedOperand(_ name: String) -> [String] { operands[name] ?? [] }

    /// Whether an option was given.
    func has(_ option: String) -> Bool { options[option] != nil }

    /// The value of an option; nil when it was not given.
    func value(_ option: String) -> String? { options[option]?.first }

    /// All values of an option, in their order.
    func values(_ option: String) -> [String] { options[option] ?? [] }

    /// Whether output is for a program.
    var isJSON: Bool { has(Option.json.name) }
}
