import CairnSchema

/// The values of parameters.
extension StoreURL {
    /// One of a few words; nil when it is not there.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, _ type: Choice.Type
    ) throws -> Choice? where Choice.RawValue == String {
        guard let text = parameters[name] else { return nil }
        if let choice = Choice(rawValue: text) { return choice }
        throw StoreURL.none(text, of: name, among: Choice.allCases.map(\.rawValue))
    }

    /// Yes or no; nil when it is not there.
    func flag(_ name: String) throws -> Bool? {
        guard let text = parameters[name] else { return nil }
        switch text {
        case "true": return true
        case "false": return false
        default: throw StoreURL.error("'\(name)' cannot be '\(text)'", "write true or false")
        }
    }

    /// A time in seconds; nil when it is not there.
    /// - Parameters:
    ///   - least: The shortest time that makes sense.
    ///   - most: The longest one.
    func seconds(_ name: String, from least: Double = 0, to most: Int = 86_400) throws -> Duration? {
        guard let text = parameters[name] else { return nil }
        guard let seconds = Double(text), (least...Double(most)).contains(seconds) else {
            let start = least == 0 ? "0" : "\(least)"
            throw StoreURL.error("'\(name)' is seconds from \(start) to \(most), found '\(text)'", nil)
        }
        return .seconds(seconds)
    }

    /// A number; nil when it is not there.
    func count(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = parameters[name] else { return nil }
        guard let count = Int(text), range.contains(count) else {
            throw StoreURL.error(
                "'\(name)' is a number from \(range.lowerBound) to \(range.upperBound), found '\(text)'", nil)
        }
        return count
    }

    /// A value that is none of those there are.
    static func none(_ text: String, of name: String, among known: [String]) -> any Error {
        error(
            "'\(name)' cannot be '\(text)'",
            NearestName.hint(text, among: known) ?? "it is one of \(known.joined(separator: ", "))")
    }
}
