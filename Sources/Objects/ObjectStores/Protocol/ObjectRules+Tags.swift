/// The tags of objects, by the rules of S3 (S3 user guide, "Categorizing your storage using tags").
extension ObjectRules {
    /// Characters of the key of a tag.
    package static let tagKeyCharacters = 1...128
    /// Characters of its value.
    package static let tagValueCharacters = 0...256

    /// What is wrong with a tag, and what a person can do about it.
    package struct TagProblem: Sendable, Hashable {
        package let message: String
        package let remedy: String
    }

    /// What is wrong with so many tags; nil when nothing is.
    package static func problem(ofTagCount count: Int) -> TagProblem? {
        if count <= ObjectLimits.tags { return nil }
        return TagProblem(
            message: "an object cannot have \(count) tags", remedy: "keep \(ObjectLimits.tags) at most")
    }

    /// What is wrong with a tag; nil when nothing is.
    package static func problem(ofTag key: String, _ value: String) -> TagProblem? {
        if let problem = problem(of: key, "key of a tag", tagKeyCharacters) { return problem }
        if let problem = problem(of: value, "value of the tag '\(key)'", tagValueCharacters) { return problem }
        guard key.lowercased().hasPrefix("aws:") else { return nil }
        return TagProblem(
            message: "the tag '\(key)' begins with 'aws:', which is reserved", remedy: "rename it")
    }

    private static func problem(of text: String, _ what: String, _ characters: ClosedRange<Int>) -> TagProblem? {
        let count = text.unicodeScalars.count
        guard characters.contains(count) else {
            return TagProblem(
                message: "a \(what) cannot have \(count) characters",
                remedy: "use \(characters.lowerBound) to \(characters.upperBound)")
        }
        guard let wrong = text.unicodeScalars.first(where: { !isInTags($0) }) else { return nil }
        return TagProblem(
            message: "a \(what) cannot have the character \(String(wrong).debugDescription)",
            remedy: "use letters, digits, spaces and _ . : / = + - @")
    }

    private static func isInTags(_ scalar: UnicodeScalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber, .spaceSeparator, .lineSeparator, .paragraphSeparator:
            true
        default: "_.:/=+-@".unicodeScalars.contains(scalar)
        }
    }
}
