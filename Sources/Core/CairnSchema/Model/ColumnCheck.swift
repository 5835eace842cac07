/// Checks values against the rules of a column. The same code checks defaults when a schema is read and records before
/// they are written.
package enum ColumnCheck {
    /// The first rule a value breaks, as what it must be; nil when it breaks none.
    /// - Parameter pattern: The pattern of the rules, when it is at hand; else it is read each time.
    package static func brokenRule(_ value: Value, _ rules: ColumnRules, _ pattern: RegularExpression? = nil) -> String?
    {
        if value.isNull { return nil }
        if let text = rules.pattern, case .string(let string) = value {
            // A schema is refused when its pattern cannot be read.
            guard let pattern = pattern ?? (try? RegularExpression(text)), pattern.isFound(in: string) else {
                return "it must match the pattern \(text)"
            }
        }
        if let minimum = rules.minimum, let order = Value.compare(value, minimum), order < 0 {
            return "it must be at least \(text(minimum))"
        }
        if let maximum = rules.maximum, let order = Value.compare(value, maximum), order > 0 {
            return "it must be at most \(text(maximum))"
        }
        guard rules.minimumLength != nil || rules.maximumLength != nil, let length = length(of: value) else {
            return nil
        }
        if let minimum = rules.minimumLength, length.count < minimum {
            return "it must have at least \(minimum) \(length.unit), found \(length.count)"
        }
        if let maximum = rules.maximumLength, length.count > maximum {
            return "it must have at most \(maximum) \(length.unit), found \(length.count)"
        }
        return nil
    }

    private static func length(of value: Value) -> (count: Int, unit: String)? {
        switch value {
        case .string(let text): (text.unicodeScalars.count, "characters")
        case .bytes(let bytes): (bytes.count, "bytes")
        case .array(let elements): (elements.count, "elements")
        default: nil
        }
    }

    private static func text(_ value: Value) -> String {
        switch ValueJSON.value(value) {
        case .string(let text): text
        case let json: json.description
        }
    }
}
