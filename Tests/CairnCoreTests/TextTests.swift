import Foundation
import Testing

@testable import CairnCore

@Suite("Case folding")
struct CaseFoldingTests {
    @Test("Every scalar folds as Unicode's own file says")
    func everyScalar() throws {
        let path = "/usr/share/unicode/CaseFolding.txt"
        let text = try #require(
            try? String(contentsOfFile: path, encoding: .utf8),
            "\(path) is missing: install Debian's package unicode-data")
        var mappings: [UInt32: UInt32] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let fields = line.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
            guard fields.count >= 3, fields[1] == "C" || fields[1] == "S" else { continue }
            let (from, to): (UInt32, UInt32) = try (
                #require(UInt32(fields[0], radix: 16)), #require(UInt32(fields[2], radix: 16))
            )
            mappings[from] = to
        }
        #expect(mappings.count > 1400)
        for scalar in UInt32(0)...0x10FFFF {
            let wanted = mappings[scalar] ?? scalar
            if CaseFoldingTable.fold(scalar) != wanted { Issue.record("U+\(String(scalar, radix: 16)) folds wrongly") }
        }
    }

    @Test("Text folds scalar by scalar, and bytes that are no text do not trap")
    func text() {
        #expect(CaseFolding.fold("STRAßE Éİ") == Array("straße éİ".utf8))
        for bytes in [[0xFF], [0xC3], [0xE2, 0x82], [0xF0, 0x9F], [0x80, 0x41], [0xC3, 0x41]] as [[UInt8]] {
            let folded = bytes.withUnsafeBufferPointer { CaseFolding.fold(utf8: $0) }
            #expect(folded.count <= bytes.count + 3)
        }
    }
}

@Suite("Patterns of like")
struct LikePatternTests {
    /// The plainest matcher there is, to hold the fast one against: by scalars, trying everything.
    private func matches(_ text: ArraySlice<Unicode.Scalar>, _ pattern: ArraySlice<Unicode.Scalar>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        let rest = pattern.dropFirst()
        switch first {
        case "%": return matches(text, rest) || (!text.isEmpty && matches(text.dropFirst(), pattern))
        case "_": return !text.isEmpty && matches(text.dropFirst(), rest)
        case "\\" where ["%", "_", "\\"].contains(rest.first):
            return text.first == rest.first && matches(text.dropFirst(), rest.dropFirst())
        default: return text.first == first && matches(text.dropFirst(), rest)
        }
    }

    @Test("Random patterns match what the plainest matcher says", arguments: 0..<40 as Range<UInt64>)
    func random(_ seed: UInt64) {
        var random = SeededRandom(seed)
        let alphabet: [Unicode.Scalar] = ["%", "_", "\\", "a", "b", "é", "😀"]
        for _ in 0..<200 {
            func text(_ count: Int) -> [Unicode.Scalar] {
                (0..<count).map { _ in alphabet[random.number(0..<alphabet.count)] }
            }
            let (content, pattern) = (text(random.number(0..<7)), text(random.number(0..<6)))
            func string(_ scalars: [Unicode.Scalar]) -> String { String(String.UnicodeScalarView(scalars)) }
            let matcher = TextMatcher(.like, string(pattern), ignoringCase: false)
            #expect(
                matcher.matches(string(content)) == matches(content[...], pattern[...]),
                "seed \(seed): '\(string(content))' like '\(string(pattern))'")
        }
    }

    @Test(
        "What a pattern begins with ends at the first % or _ that stands for something",
        arguments: [
            ("", .whole("")), ("abc", .whole("abc")), ("a\\%\\_\\\\b", .whole("a%_\\b")), ("a\\b\\", .whole("a\\b\\")),
            ("%", .beginning("", isAll: true)), ("_", .beginning("", isAll: false)),
            ("ab%", .beginning("ab", isAll: true)),
            ("ab%%", .beginning("ab", isAll: true)), ("ab%_", .beginning("ab", isAll: false)),
            ("a%b%", .beginning("a", isAll: false)), ("é😀_", .beginning("é😀", isAll: false)),
            ("\\%%", .beginning("%", isAll: true)), ("\\\\%", .beginning("\\", isAll: true)),
        ] as [(String, LikePattern.Literal)])
    func literal(_ pattern: String, _ wanted: LikePattern.Literal) {
        #expect(LikePattern(pattern).literal == wanted)
    }

    @Test("What matches a random pattern is what its beginning says", arguments: 0..<20 as Range<UInt64>)
    func beginnings(_ seed: UInt64) {
        var random = SeededRandom(seed)
        let alphabet: [Unicode.Scalar] = ["%", "_", "\\", "a", "é", "😀"]
        for _ in 0..<200 {
            func text(_ count: Int) -> String {
                var text = ""
                for _ in 0..<count { text.unicodeScalars.append(alphabet[random.number(0..<alphabet.count)]) }
                return text
            }
            let (content, pattern) = (text(random.number(0..<5)), text(random.number(0..<5)))
            let matches = TextMatcher(.like, pattern, ignoringCase: false).matches(content)
            switch LikePattern(pattern).literal {
            case .whole(let whole):
                #expect(matches == content.utf8.elementsEqual(whole.utf8), "seed \(seed): \(pattern)")
            case .beginning(let beginning, isAll: true):
                #expect(matches == content.utf8.starts(with: beginning.utf8), "seed \(seed): \(pattern)")
            case .beginning(let beginning, isAll: false):
                #expect(!matches || content.utf8.starts(with: beginning.utf8), "seed \(seed): \(pattern)")
            }
        }
    }

    @Test("Bytes that are no text do not trap")
    func garbage() {
        let matcher = TextMatcher(.like, "%_é_%", ignoringCase: false)
        for bytes in [[0xF0], [0xE2, 0x41], [0xFF, 0xFF, 0xFF], [0xC3]] as [[UInt8]] {
            _ = bytes.withUnsafeBufferPointer { matcher.matches(utf8: $0) }
        }
    }
}
