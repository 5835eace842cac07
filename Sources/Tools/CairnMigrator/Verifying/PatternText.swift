import CairnSchema

/// Makes texts that a pattern is found in, by walking through it.
///
/// It does not look ahead: what `^`, `$` and `\b` ask for inside a pattern may not hold in what comes out, so each text is checked by whoever
/// asked for it.
struct PatternText {
    private let node: RegexNode

    init?(_ pattern: String) {
        guard let node = try? RegexNode(parsing: pattern) else { return nil }
        self.node = node
    }

    /// The most scalars that are made: a pattern may ask for thousands.
    private static let longest = 2000

    func make(_ random: inout SeededGenerator) -> String {
        var text = String.UnicodeScalarView()
        append(node, to: &text, &random)
        return String(text)
    }

    private func append(_ node: RegexNode, to text: inout String.UnicodeScalarView, _ random: inout SeededGenerator) {
        guard text.count < PatternText.longest else { return }
        switch node {
        case .set(let set): if let scalar = PatternText.scalar(of: set, &random) { text.append(scalar) }
        case .sequence(let parts): for part in parts { append(part, to: &text, &random) }
        case .alternatives(let branches):
            if let branch = branches.randomElement(using: &random) { append(branch, to: &text, &random) }
        case .repetition(let part, let minimum, let maximum):
            let most = min(maximum ?? minimum + 6, minimum + 6)
            for _ in 0..<Int.random(in: minimum...max(minimum, most), using: &random) {
                append(part, to: &text, &random)
            }
        case .place: break
        }
    }

    /// A scalar of a set, one that can be read where there is one.
    private static func scalar(of set: ScalarSet, _ random: inout SeededGenerator) -> Unicode.Scalar? {
        let readable = set.ranges.compactMap { range -> ClosedRange<UInt32>? in
            let (low, high) = (max(range.lowerBound, 0x20), min(range.upperBound, 0x7E))
            return low <= high ? low...high : nil
        }
        guard let range = (readable.isEmpty ? set.ranges : readable).randomElement(using: &random) else { return nil }
        // Surrogates are no scalars.
        return Unicode.Scalar(UInt32.random(in: range, using: &random)) ?? Unicode.Scalar(range.lowerBound)
    }
}
