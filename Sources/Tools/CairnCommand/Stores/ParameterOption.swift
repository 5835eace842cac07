/// `--set NAME=VALUE`: what the parameters of a query are, so that no script puts texts together.
enum ParameterOption {
    static let option = Option(
        name: "set", value: "NAME=VALUE", isRepeated: true, help: "what the parameter $NAME of the query is")

    static let note =
        "A parameter, $country, stands for a value that '--set country=FR' gives, without quotes: whatever it holds, it is a value and nothing else. For a list ('country in $countries') it is a JSON array."

    /// The values by the names of the parameters.
    /// - Throws: `command.usage` for what is no pair, and for a name that is given twice.
    static func texts(_ arguments: ParsedArguments) throws -> [String: String] {
        var texts: [String: String] = [:]
        for pair in arguments.values("set") {
            // By bytes: an accent at the beginning of the value would make one character of it and the sign.
            guard let sign = pair.utf8.firstIndex(of: UInt8(ascii: "=")), sign > pair.startIndex else {
                throw CommandError(.usage, "'--set \(pair)' is no pair", remedy: "write --set country=FR")
            }
            let name = String(pair[..<sign])
            let value = String(pair.utf8[pair.utf8.index(after: sign)...]) ?? ""
            guard texts.updateValue(value, forKey: name) == nil else {
                throw CommandError(.usage, "'--set' gives '\(name)' twice", remedy: "keep one of them")
            }
        }
        return texts
    }
}
