import CairnCore
import CairnSchema

/// Whether a regular expression is found in a text, the plainest way: from each place, the places where a match may end.
enum ModelRegex {
    static func isFound(_ pattern: String, in text: String, ignoringCase: Bool) -> Bool {
        guard let node = try? RegexNode(parsing: pattern, ignoringCase: ignoringCase) else { return false }
        let text = ignoringCase ? String(decoding: CaseFolding.fold(text), as: UTF8.self) : text
        let scalars = text.unicodeScalars.map(\.value)
        return !ends(node, scalars, Set(0...scalars.count)).isEmpty
    }

    /// Where matches of a node end that begin at one of some places.
    private static func ends(_ node: RegexNode, _ text: [UInt32], _ starts: Set<Int>) -> Set<Int> {
        switch node {
        case .set(let set):
            return Set(
                starts.filter { start in
                    start < text.count && set.ranges.contains { $0.contains(text[start]) }
                }.map { $0 + 1 })
        case .place(let place):
            return starts.filter { start in
                place.holds(start > 0 ? text[start - 1] : nil, start < text.count ? text[start] : nil)
            }
        case .sequence(let parts): return parts.reduce(starts) { ends($1, text, $0) }
        case .alternatives(let branches):
            return branches.reduce(into: []) { $0.formUnion(ends($1, text, starts)) }
        case .repetition(let part, let minimum, let maximum):
            var places = starts
            for _ in 0..<minimum { places = ends(part, text, places) }
            var reached = places
            // After as many rounds as there are places nothing new is reached.
            for _ in 0..<min((maximum ?? .max) - minimum, text.count + 1) {
                places = ends(part, text, places).subtracting(reached)
                if places.isEmpty { break }
                reached.formUnion(places)
            }
            return reached
        }
    }
}
