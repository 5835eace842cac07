import CairnSchema

/// Matches text against a pattern prepared once: the one meaning of the text operators on every driver.
///
/// Works on UTF-8 bytes. A valid text found in another valid text begins and ends at whole scalars, so `contains` and the
/// like need no decoding; only `_` of a pattern steps over a scalar.
package struct TextMatcher: Sendable {
    private enum Form: Sendable {
        case equals([UInt8])
        case hasPrefix([UInt8])
        case hasSuffix([UInt8])
        case contains(TextSearch)
        case like(LikePattern)
        /// Nil for a pattern that cannot be read, which matches nothing: a query with one is refused before it runs.
        case matches(RegularExpression?)
    }

    private let form: Form
    private let ignoresCase: Bool

    package init(_ match: Condition.TextMatch, _ operand: String, ignoringCase: Bool) {
        ignoresCase = ignoringCase
        if match == .matches {
            form = .matches(try? RegularExpression(operand, ignoringCase: ignoringCase))
            return
        }
        let bytes = ignoringCase ? CaseFolding.fold(operand) : Array(operand.utf8)
        form =
            switch match {
            case .equals: .equals(bytes)
            case .hasPrefix: .hasPrefix(bytes)
            case .hasSuffix: .hasSuffix(bytes)
            case .contains: .contains(TextSearch(bytes))
            case .like, .matches: .like(LikePattern(bytes))
            }
    }

    package func matches(_ text: String) -> Bool {
        if ignoresCase { return CaseFolding.fold(text).withUnsafeBufferPointer(matchesForm) }
        var text = text
        return text.withUTF8(matchesForm)
    }

    /// Matches text by its bytes. With `ignoringCase` these are folded first.
    package func matches(utf8 text: UnsafeBufferPointer<UInt8>) -> Bool {
        if ignoresCase { return CaseFolding.fold(utf8: text).withUnsafeBufferPointer(matchesForm) }
        return matchesForm(text)
    }

    private func matchesForm(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        switch form {
        case .equals(let operand): text.elementsEqual(operand)
        case .hasPrefix(let operand): text.starts(with: operand)
        case .hasSuffix(let operand): text.count >= operand.count && text.suffix(operand.count).elementsEqual(operand)
        case .contains(let search): search.isFound(in: text)
        case .like(let pattern): pattern.matches(text)
        case .matches(let expression): expression?.isFound(in: text) ?? false
        }
    }
}

/// Looks for bytes within others in linear time, whatever both hold (Knuth, Morris and Pratt, "Fast pattern matching in
/// strings", 1977).
private struct TextSearch: Sendable {
    private let part: [UInt8]
    /// For each count of bytes that matched, how many still do when the next one does not.
    private let fallback: [Int]

    init(_ part: [UInt8]) {
        self.part = part
        var fallback = [0, 0]
        var matched = 0
        for byte in part.dropFirst() {
            while matched > 0, part[matched] != byte { matched = fallback[matched] }
            if part[matched] == byte { matched += 1 }
            fallback.append(matched)
        }
        self.fallback = fallback
    }

    func isFound(in text: UnsafeBufferPointer<UInt8>) -> Bool {
        if part.isEmpty { return true }
        var matched = 0
        for byte in text {
            while matched > 0, part[matched] != byte { matched = fallback[matched] }
            if part[matched] == byte { matched += 1 }
            if matched == part.count { return true }
        }
        return false
    }
}

/// A pattern of `like`: `%` stands for any characters, `_` for one, `\` before one of the three makes it plain. A `\` before
/// anything else, or at the end, is plain itself.
package struct LikePattern: Sendable {
    private enum Element: Sendable, Equatable {
        case byte(UInt8)
        case one
        case any

        /// The byte it stands for; nil where it stands for several.
        var byte: UInt8? {
            if case .byte(let byte) = self { byte } else { nil }
        }
    }

    private let elements: [Element]

    /// What a pattern says of the beginning of a text: as far as an order of texts finds those that match.
    package enum Literal: Sendable, Equatable {
        /// There is neither `%` nor `_` in it: this text matches, and no other.
        case whole(String)
        /// What matches begins with this text, which is empty where the pattern begins with `%` or `_`.
        /// - Parameter isAll: Whether all that begins with it matches: one `%` or several follow, and nothing else.
        case beginning(String, isAll: Bool)
    }

    /// The text before the first `%` or `_`, without the `\` of escapes. Of a valid pattern it is whole scalars: what ends it is ASCII.
    package var literal: Literal {
        let bytes = elements.prefix { $0.byte != nil }.compactMap(\.byte)
        let text = String(decoding: bytes, as: UTF8.self)
        let rest = elements.dropFirst(bytes.count)
        return rest.isEmpty ? .whole(text) : .beginning(text, isAll: rest.allSatisfy { $0 == .any })
    }

    /// Whether one text alone matches.
    package var isWhole: Bool {
        if case .whole = literal { true } else { false }
    }

    /// Whether several texts match, and all of them begin alike.
    package var hasBeginning: Bool {
        if case .beginning(let text, _) = literal { !text.isEmpty } else { false }
    }

    /// A pattern that tells case apart.
    package init(_ pattern: String) { self.init(Array(pattern.utf8)) }

    package init(_ pattern: [UInt8]) {
        var elements: [Element] = []
        var index = 0
        while index < pattern.count {
            let byte = pattern[index]
            index += 1
            switch byte {
            case UInt8(ascii: "%"): if elements.last != .any { elements.append(.any) }
            case UInt8(ascii: "_"): elements.append(.one)
            case UInt8(ascii: "\\") where index < pattern.count && "%_\\".utf8.contains(pattern[index]):
                elements.append(.byte(pattern[index]))
                index += 1
            default: elements.append(.byte(byte))
            }
        }
        self.elements = elements
    }

    /// Goes forward and, at a mismatch, back to the last `%` only: an earlier one can never help. So the time is at most the
    /// product of both lengths.
    func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var place = 0
        var element = 0
        var retry: (element: Int, place: Int)?
        while place < text.count {
            if element < elements.count, elements[element] == .any {
                element += 1
                retry = (element, place)
            } else if element < elements.count, let width = width(of: elements[element], at: place, in: text) {
                element += 1
                place += width
            } else if let (retryElement, retryPlace) = retry {
                place = retryPlace + LikePattern.scalarWidth(text[retryPlace])
                element = retryElement
                retry = (retryElement, place)
            } else {
                return false
            }
        }
        return elements[element...].allSatisfy { $0 == .any }
    }

    private func width(of element: Element, at place: Int, in text: UnsafeBufferPointer<UInt8>) -> Int? {
        switch element {
        case .byte(let byte): text[place] == byte ? 1 : nil
        case .one: LikePattern.scalarWidth(text[place])
        case .any: nil
        }
    }

    /// How many bytes a scalar has that begins with `lead`.
    private static func scalarWidth(_ lead: UInt8) -> Int {
        switch lead {
        case 0xF0...: 4
        case 0xE0...: 3
        case 0xC0...: 2
        default: 1
        }
    }
}

/// Unicode simple case folding of text.
package enum CaseFolding {
    /// The folded text in UTF-8.
    package static func fold(_ text: String) -> [UInt8] {
        var text = text
        return text.withUTF8(fold(utf8:))
    }

    /// The folded text of valid UTF-8.
    package static func fold(utf8 text: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        var folded: [UInt8] = []
        folded.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            let byte = text[index]
            if byte < 0x80 {
                folded.append((0x41...0x5A).contains(byte) ? byte | 0x20 : byte)
                index += 1
                continue
            }
            let start = index
            index += 1
            var scalar = UInt32(byte) & (byte >= 0xF0 ? 0x07 : byte >= 0xE0 ? 0x0F : 0x1F)
            while index < text.count, text[index] & 0xC0 == 0x80 {
                scalar = scalar << 6 | UInt32(text[index] & 0x3F)
                index += 1
            }
            let mapped = CaseFoldingTable.fold(scalar)
            if mapped == scalar {
                folded.append(contentsOf: text[start..<index])
            } else if let encoded = Unicode.Scalar(mapped).flatMap(UTF8.encode) {
                folded.append(contentsOf: encoded)
            }
        }
        return folded
    }
}
