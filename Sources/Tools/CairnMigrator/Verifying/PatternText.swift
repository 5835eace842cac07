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

    /// The most scalars that are made, and the most parts of the pattern that are walked through: it may ask for thousands, or for
    /// nothing very often.
    private static let longest = 1000
    private static let most = 20_000

    func make(_ random: inout SeededGenerator) -> String {
        var walk = Walk(random: random)
        walk.visit(node)
        random = walk.random
        return String(walk.text)
    }

    private struct Walk {
        var random: SeededGenerator
        var text = String.UnicodeScalarView()
        var length = 0
        var visits = 0

        mutating func visit(_ node: RegexNode) {
            guard length < PatternText.longest, visits < PatternText.most else { return }
            visits += 1
            switch node {
            case .set(let set):
                guard let scalar = PatternText.scalar(of: set, &random) else { return }
                text.append(scalar)
                length += 1
            case .sequence(let parts): for part in parts { visit(part) }
            case .alternatives(let branches):
                if let branch = branches.randomElement(using: &random) { visit(branch) }
            case .repetition(let part, let minimum, let maximum):
                let most = min(maximum ?? minimum + 6, minimum + 6)
                for _ in 0..<Int.random(in: minimum...max(minimum, most), using: &random) { visit(part) }
            case .place: break
            }
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
