import CairnSchema
import Foundation

@testable import CairnCommand
@testable import CairnCore
@testable import Simulation

/// Short texts with a form of their own: numbers, times, ids, names, patterns; and texts that are shown.
///
/// A value that was read has one canonical text, which is read back the same; what is compared is in order; a pattern matches
/// what a plain reading of its rules says; what is shown holds nothing a terminal obeys.
struct TextTarget: FuzzTarget {
    let words = [
        "2026-11-20", "2026-11-20T15:06:01.870549Z", "+01:00", "-23:59", "0001-01-01", "9999-12-31T23:59:59.999999999Z",
        "12.50", "-0.05",
        "1e38", "1e-38", "sha256:", "AP8=", "0198f3c2-0000-7000-8000-00000000000a", "home_url", "InProgress", "%", "_",
        "\\%", "a%b_c",
        "[a-z]", "(a|b)*", "^\\w+$", "a{2,3}", "\\b", "[^\\d]", "(?:", "\\u{E9}",
        "99999999999999999999999999999999999999", "memory:a:1:0", "t", "z", "60", "24:00", "-02-29",
    ]

    private static let types: [ValueType] = [
        .int, .double, .bool, .uuid, .bytes, .timestamp, .date, .decimal, .json, .array(.decimal), .array(.timestamp),
    ]

    func make(_ random: inout SeededRandom) -> [UInt8]? {
        let value = EdgeValues.make(random.pick(TextTarget.types, else: .decimal), &random)
        let text = KeyText.plainText(value)
        return Array((random.chance(30) ? text + "\n" + EdgeValues.pattern(text, &random) : text).utf8)
    }

    func check(_ input: [UInt8]) throws {
        let text = String(decoding: input, as: UTF8.self)
        for type in TextTarget.types { try checkValue(text, type) }
        try checkNumbers(text)
        if let id = SchemaID(text) { try hold(SchemaID(id.description) == id, "another schema id") }
        try checkNames(text)
        try checkMatching(input)
        let line = Printable.line(text)
        try hold(
            !line.unicodeScalars.contains { $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) }, "shown: \(line)")
        try hold(Utf8.equal(Printable.line(line), line), "what is safe to show is changed again")
    }

    private func checkValue(_ text: String, _ type: ValueType) throws {
        guard let value = ValueJSON.parse(text, as: type) else { return }
        try hold(type.holds(value), "a \(type) that is none: \(value)")
        let canonical = ValueJSON.value(value)
        let plain = if case .string(let plain) = canonical, type != .json { plain } else { canonical.description }
        try hold(ValueJSON.parse(plain, as: type) == value, "a \(type) is read back otherwise: \(plain)")
        // Ids have one length, and no form but upper case.
        if type == .uuid { try hold(Utf8.equal(text.lowercased(), plain), "a uuid in another form") }
        if type == .date { try hold(Utf8.equal(text, plain), "a date in another form") }
        try hold(Printable.value(value).utf8.count <= 8 * text.utf8.count + 64, "it is shown much longer")
    }

    private func checkNumbers(_ text: String) throws {
        let sides = text.split(whereSeparator: \.isNewline).compactMap { DecimalNumber(String($0)) }
        guard let left = sides.first, let right = sides.last else { return }
        try hold(DecimalNumber(left.description) == left, "a decimal is read back otherwise")
        try hold(-(-left) == left && left.subtracting(left) == .zero, "a decimal and itself")
        let sum = left.adding(right)
        try hold(right.adding(left) == sum && (-left).subtracting(right) == sum.map(-), "\(left) + \(right)")
        if let sum { try hold(sum.subtracting(right) == left, "\(left) + \(right) = \(sum)") }
        if let product = left.multiplied(by: right) {
            try hold(right.multiplied(by: left) == product, "\(left) * \(right) = \(product)")
        }
        try hold((left < right) == (right > left) && !(left < right && right < left), "\(left) < \(right)")
        try hold(Double(left).isFinite, "the double of \(left)")
    }

    private func checkNames(_ text: String) throws {
        if let name = Naming.snakeCase(text) {
            try hold(Naming.isSnakeCase(name) && Naming.snakeCase(name) == name, "a name: \(name)")
        }
        _ = (Naming.lowerCamelCase(text), Naming.upperCamelCase(text), Naming.entityName(ofTable: text))
        _ = NearestName.hint(text, among: ["memory", "sqlite", "timeout", "", "é"])
        if let name = try Expected.result({ try ProjectName(text) }) {
            try hold(Naming.isSnakeCase(name.database), "a package called \(name.database)")
        }
        _ = Path.absolute(text, from: "/a/b")
        try hold(ShellText.quoted(text).utf8.count <= 4 * text.utf8.count + 2, "a long word of a shell")
    }

    // MARK: Matching

    /// Matches the first line with the second as the pattern. SQLite hands over the bytes another program wrote, of any form.
    private func checkMatching(_ input: [UInt8]) throws {
        let parts = input.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false)
        let operand = String(decoding: parts.last ?? [], as: UTF8.self)
        let text = Array(parts[0])
        let isSmall = text.count < 200 && operand.utf8.count < 60
        for match in [Condition.TextMatch.equals, .hasPrefix, .hasSuffix, .contains, .like, .matches] {
            for ignoringCase in [false, true] where isSmall || match != .like && match != .matches {
                let matcher = TextMatcher(match, operand, ignoringCase: ignoringCase)
                let isMatch = text.withUnsafeBufferPointer(matcher.matches(utf8:))
                guard isSmall, !ignoringCase, let valid = String(validating: text, as: UTF8.self) else { continue }
                let wanted = TextTarget.matches(valid, match, operand)
                try hold(isMatch == wanted, "'\(valid)' \(match) '\(operand)' is \(isMatch)")
            }
        }
    }

    /// The rules of matching, as plainly as they can be written.
    private static func matches(_ text: String, _ match: Condition.TextMatch, _ operand: String) -> Bool {
        let (bytes, wanted) = (Array(text.utf8), Array(operand.utf8))
        return switch match {
        case .equals: bytes == wanted
        case .hasPrefix: bytes.starts(with: wanted)
        case .hasSuffix: bytes.reversed().starts(with: wanted.reversed())
        case .contains: wanted.isEmpty || bytes.indices.contains { bytes[$0...].starts(with: wanted) }
        case .like: isLike(Array(text.unicodeScalars), Array(operand.unicodeScalars))
        case .matches: ModelRegex.isFound(operand, in: text, ignoringCase: false)
        }
    }

    private enum Element {
        case any
        case one
        case plain(Unicode.Scalar)
    }

    private static func isLike(_ text: [Unicode.Scalar], _ pattern: [Unicode.Scalar]) -> Bool {
        var elements: [Element] = []
        var place = 0
        while place < pattern.count {
            let next = place + 1 < pattern.count ? pattern[place + 1] : "a"
            if pattern[place] == "\\", "%_\\".unicodeScalars.contains(next) {
                elements.append(.plain(next))
                place += 1
            } else {
                elements.append(pattern[place] == "%" ? .any : pattern[place] == "_" ? .one : .plain(pattern[place]))
            }
            place += 1
        }
        // For each count, whether the elements so far match that many scalars.
        var matched = [true] + text.map { _ in false }
        for element in elements {
            var next = matched.map { _ in false }
            for count in next.indices {
                switch element {
                case .any: next[count] = matched[count] || (count > 0 && next[count - 1])
                case .one: next[count] = count > 0 && matched[count - 1]
                case .plain(let scalar): next[count] = count > 0 && matched[count - 1] && text[count - 1] == scalar
                }
            }
            matched = next
        }
        return matched[text.count]
    }
}
