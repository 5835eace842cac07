/// Reads a pattern into a tree, by recursive descent.
struct RegexParser {
    private let scalars: [Unicode.Scalar]
    private let ignoresCase: Bool
    private var place = 0

    init(_ pattern: String, ignoringCase: Bool) {
        scalars = Array(pattern.unicodeScalars)
        ignoresCase = ignoringCase
    }

    mutating func parse() throws(RegexError) -> RegexNode {
        let node = try alternatives(depth: 0)
        guard next == nil else { throw error("')' closes no group", remedy: "write '\\)' for the character") }
        return node
    }

    // MARK: Characters

    private var next: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        place += 1
        return true
    }

    private func error(_ message: String, remedy: String? = nil, at offset: Int? = nil) -> RegexError {
        RegexError(message: message + (remedy.map { " (\($0))" } ?? ""), position: (offset ?? place) + 1)
    }

    // MARK: Structure

    private mutating func alternatives(depth: Int) throws(RegexError) -> RegexNode {
        guard depth <= RegexLimits.depth else { throw error("groups nest more than \(RegexLimits.depth) deep") }
        var branches = [try sequence(depth: depth)]
        while take("|") { branches.append(try sequence(depth: depth)) }
        return branches.count == 1 ? branches[0] : .alternatives(branches)
    }

    private mutating func sequence(depth: Int) throws(RegexError) -> RegexNode {
        var parts: [RegexNode] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            let start = place
            let atom = try atom(depth: depth)
            parts.append(try repeated(atom, from: start))
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func atom(depth: Int) throws(RegexError) -> RegexNode {
        let start = place
        guard let scalar = next else { throw error("something is missing") }
        place += 1
        switch scalar {
        case "(": return try group(from: start, depth: depth)
        case "[": return .set(try characterClass(from: start))
        case ".": return .set(.anyButLineFeed)
        case "^": return .place(.start)
        case "$": return .place(.end)
        case "\\": return try escape(from: start)
        case "*", "+", "?":
            throw error("'\(scalar)' repeats nothing", remedy: "write '\\\(scalar)' for the character", at: start)
        case "{": throw error("'{' repeats nothing", remedy: "write '\\{' for the character", at: start)
        default: return single(scalar.value)
        }
    }

    private mutating func group(from start: Int, depth: Int) throws(RegexError) -> RegexNode {
        if take("?"), !take(":") {
            throw error(
                "only plain groups are known, '(…)' and '(?:…)': no look-around, names or flags",
                remedy: "to ignore case, use the operator that does", at: start)
        }
        let inside = try alternatives(depth: depth + 1)
        guard take(")") else { throw error("the group is not closed", at: start) }
        return inside
    }

    private func single(_ scalar: UInt32) -> RegexNode {
        let scalar = ignoresCase ? CaseFoldingTable.fold(scalar) : scalar
        return .set(ScalarSet([scalar...scalar]))
    }

    // MARK: Repetition

    private mutating func repeated(_ node: RegexNode, from start: Int) throws(RegexError) -> RegexNode {
        let sign = place
        let count: (Int, Int?)
        switch next {
        case "*": count = (0, nil)
        case "+": count = (1, nil)
        case "?": count = (0, 1)
        case "{":
            place += 1
            count = try bounds(from: sign)
            place -= 1
        default: return node
        }
        place += 1
        if case .place = node { throw error("a place between characters cannot be repeated", at: sign) }
        // Shortest or longest first: it is found or not all the same.
        _ = take("?")
        if let again = next, "*+?{".unicodeScalars.contains(again) {
            throw error("'\(again)' repeats what is repeated", remedy: "put it in a group")
        }
        return .repetition(node, minimum: count.0, maximum: count.1)
    }

    /// `2}`, `2,}` or `2,5}`; ends at the last of these.
    private mutating func bounds(from start: Int) throws(RegexError) -> (Int, Int?) {
        let wrong = error(
            "a repetition is '{2}', '{2,}' or '{2,5}'", remedy: "write '\\{' for the character", at: start)
        guard let minimum = number() else { throw wrong }
        var maximum: Int? = minimum
        if take(",") { maximum = number() }
        guard next == "}" else { throw wrong }
        place += 1
        guard max(minimum, maximum ?? 0) <= RegexLimits.repetitions else {
            throw error("a part is repeated at most \(RegexLimits.repetitions) times by count", at: start)
        }
        if let maximum, maximum < minimum {
            throw error("the bounds of the repetition are in the wrong order", at: start)
        }
        return (minimum, maximum)
    }

    private mutating func number() -> Int? {
        var digits = ""
        while let scalar = next, ("0"..."9").contains(scalar) {
            digits.unicodeScalars.append(scalar)
            place += 1
        }
        // More digits than an integer has are more than is allowed.
        return digits.isEmpty ? nil : Int(digits) ?? .max
    }

    // MARK: Escapes

    private mutating func escape(from start: Int) throws(RegexError) -> RegexNode {
        switch next {
        case "b":
            place += 1
            return .place(.wordBoundary)
        case "B":
            place += 1
            return .place(.noWordBoundary)
        default:
            if let set = namedSet() { return .set(set) }
            return single(try escapedScalar(from: start))
        }
    }

    /// `d`, `w`, `s` and their opposites.
    private mutating func namedSet() -> ScalarSet? {
        let sets: [Unicode.Scalar: (ScalarSet, Bool)] = [
            "d": (.digits, false), "D": (.digits, true), "w": (.word, false), "W": (.word, true),
            "s": (.space, false), "S": (.space, true),
        ]
        guard let scalar = next, let (set, isInverted) = sets[scalar] else { return nil }
        place += 1
        let meant = ignoresCase ? set.folded : set
        return isInverted ? meant.inverted : meant
    }

    private mutating func escapedScalar(from start: Int) throws(RegexError) -> UInt32 {
        guard let scalar = next else {
            throw error("'\\' stands before nothing", remedy: "write '\\\\' for the character", at: start)
        }
        place += 1
        switch scalar {
        case "n": return 0x0A
        case "r": return 0x0D
        case "t": return 0x09
        case "f": return 0x0C
        case "v": return 0x0B
        case "0": return 0
        case "x": return try hex(2, from: start)
        case "u": return take("{") ? try hexInBraces(from: start) : try hex(4, from: start)
        case "1"..."9": throw error("there are no back-references", at: start)
        case "a"..."z", "A"..."Z": throw error("'\\\(scalar)' means nothing", at: start)
        default: return scalar.value
        }
    }

    private mutating func hex(_ count: Int, from start: Int) throws(RegexError) -> UInt32 {
        var digits = ""
        while digits.utf8.count < count, let scalar = next {
            digits.unicodeScalars.append(scalar)
            place += 1
        }
        return try scalar(ofHex: digits, count...count, from: start)
    }

    private mutating func hexInBraces(from start: Int) throws(RegexError) -> UInt32 {
        var digits = ""
        while let scalar = next, scalar != "}" {
            digits.unicodeScalars.append(scalar)
            place += 1
        }
        guard take("}") else { throw error("'}' is missing", at: start) }
        return try scalar(ofHex: digits, 1...6, from: start)
    }

    private func scalar(ofHex digits: String, _ count: ClosedRange<Int>, from start: Int) throws(RegexError) -> UInt32 {
        guard count.contains(digits.utf8.count), digits.utf8.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let value = UInt32(digits, radix: 16), Unicode.Scalar(value) != nil
        else { throw error("this is no character by number", remedy: "'\\x41', '\\u00E9' or '\\u{1F600}'", at: start) }
        return value
    }

    // MARK: Classes

    private mutating func characterClass(from start: Int) throws(RegexError) -> ScalarSet {
        let isInverted = take("^")
        var ranges: [ClosedRange<UInt32>] = []
        var named: [ClosedRange<UInt32>] = []
        while !take("]") {
            guard next != nil else {
                throw error("the class is not closed", remedy: "write '\\[' for the character", at: start)
            }
            if next == "]" || next == "[" && place + 1 < scalars.count && scalars[place + 1] == ":" {
                throw error("there are no classes by name", remedy: "use \\d, \\w or \\s, or list the characters")
            }
            try member(&ranges, &named)
        }
        guard !ranges.isEmpty || !named.isEmpty else {
            throw error("the class is empty", remedy: "write '\\]' for the character", at: start)
        }
        let plain = ScalarSet(ranges)
        let set = ScalarSet((ignoresCase ? plain.folded : plain).ranges + named)
        return isInverted ? set.inverted : set
    }

    /// One member of a class: a character, a range, or a set by name.
    private mutating func member(
        _ ranges: inout [ClosedRange<UInt32>], _ named: inout [ClosedRange<UInt32>]
    ) throws(RegexError) {
        let start = place
        guard let lower = try memberScalar(&named) else { return }
        guard next == "-", place + 1 < scalars.count, scalars[place + 1] != "]" else {
            ranges.append(lower...lower)
            return
        }
        place += 1
        guard let upper = try memberScalar(&named) else { throw error("a range ends with a character", at: start) }
        guard lower <= upper else { throw error("the ends of the range are in the wrong order", at: start) }
        ranges.append(lower...upper)
    }

    /// The scalar of a member; nil when it was a set by name, which is taken.
    private mutating func memberScalar(_ named: inout [ClosedRange<UInt32>]) throws(RegexError) -> UInt32? {
        let start = place
        guard let scalar = next else { throw error("the class is not closed") }
        place += 1
        guard scalar == "\\" else { return scalar.value }
        if let set = namedSet() {
            named += set.ranges
            return nil
        }
        return try escapedScalar(from: start)
    }
}
