import CairnSchema

/// Tags of objects (S3 user guide, "Categorizing your storage using tags").
enum TagRules {
    /// Tags of an object.
    static let maximumCount = 10
    /// Characters of a key.
    static let keyCharacters = 1...128
    /// Characters of a value.
    static let valueCharacters = 0...256

    /// Checks the tags of an object.
    static func check(_ tags: [ObjectTag]) throws(S3Error) {
        guard tags.count <= maximumCount else {
            throw S3Error(.invalid, "an object cannot have \(tags.count) tags", remedy: "keep \(maximumCount) at most")
        }
        for (index, tag) in tags.enumerated() {
            try check(tag.key, "key of a tag", keyCharacters)
            try check(tag.value, "value of the tag '\(tag.key)'", valueCharacters)
            if tag.key.lowercased().hasPrefix("aws:") {
                throw S3Error(
                    .invalid, "the tag '\(tag.key)' begins with 'aws:', which is reserved", remedy: "rename it")
            }
            if tags[..<index].contains(where: { Utf8.equal($0.key, tag.key) }) {
                throw S3Error(.invalid, "the tag '\(tag.key)' is there twice", remedy: "keep one")
            }
        }
    }

    /// The value of `x-amz-tagging`: a query.
    static func header(_ tags: [ObjectTag]) throws(S3Error) -> String {
        try check(tags)
        return CanonicalQuery(tags.map { (name: $0.key, value: $0.value) }).text
    }

    private static func check(_ text: String, _ what: String, _ characters: ClosedRange<Int>) throws(S3Error) {
        let count = text.unicodeScalars.count
        guard characters.contains(count) else {
            throw S3Error(
                .invalid, "a \(what) cannot have \(count) characters",
                remedy: "use \(characters.lowerBound) to \(characters.upperBound)")
        }
        if let wrong = text.unicodeScalars.first(where: { !isAllowed($0) }) {
            throw S3Error(
                .invalid, "a \(what) cannot have the character \(String(wrong).debugDescription)",
                remedy: "use letters, digits, spaces and _ . : / = + - @")
        }
    }

    private static func isAllowed(_ scalar: UnicodeScalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber, .spaceSeparator, .lineSeparator, .paragraphSeparator:
            true
        default: "_.:/=+-@".unicodeScalars.contains(scalar)
        }
    }
}
