/// Matches text against a pattern prepared once: the one meaning of the text operators on every driver.
///
/// Works on UTF-8 bytes. A valid text found in another valid text begins and ends at whole scalars, so `contains` and the
/// like need no decoding; only `_` of a pattern steps over a scalar.
package struct TextMatcher: Sendable {
    private enum Form: Sendable {
        case equals([UInt8])
        case hasPrefix([UInt8])
        case hasSuffix([UInt8])
        case contains([UInt8])
        case like(LikePattern)
    }

    private let form: Form
    private let ignoresCase: Bool

    package init(_ match: Condition.TextMatch, _ operand: String, ignoringCase: Bool) {
        ignoresCase = ignoringCase
        let bytes = ignoringCase ? CaseFolding.fold(operand) : Array(operand.utf8)
        form =
            switch match {
            case .equals: .equals(bytes)
            case .hasPrefix: .hasPrefix(bytes)
            case .hasSuffix: .hasSuffix(bytes)
            case .contains: .contains(bytes)
            case .like: .like(LikePattern(bytes))
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
        case .contains(let operand): Self.contains(text, operand)
        case .like(let pattern): pattern.matches(text)
        }
    }

    private static func contains(_ text: UnsafeBufferPointer<UInt8>, _ part: [UInt8]) -> Bool {
        guard let first = part.first else { return true }
        guard text.count >= part.count else { return false }
        for start in 0...(text.count - part.count)
        where text[start] == first && text[start..<start + part.count].elementsEqual(part) {
            return true
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
    }

    private let elements: [Element]

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
