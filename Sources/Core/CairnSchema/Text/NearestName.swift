/// Finds the name a person probably meant.
package enum NearestName {
    /// The most bytes of a name that is compared.
    private static let longest = 128

    /// The candidate with the fewest edits from `name`, if that is few enough to be a slip of the hand; of equals the
    /// first.
    package static func of(_ name: String, among candidates: some Sequence<String>) -> String? {
        // Names longer than any Cairn accepts are near to none: a comparison takes the product of both lengths.
        guard name.utf8.count <= longest else { return nil }
        let limit = max(1, name.utf8.count / 3)
        let lowercased = Array(name.lowercased().utf8)
        var best: (distance: Int, name: String)?
        for candidate in candidates where !candidate.isEmpty && candidate.utf8.count <= longest {
            let distance = edits(lowercased, Array(candidate.lowercased().utf8))
            if distance <= limit, distance < best?.distance ?? .max { best = (distance, candidate) }
        }
        return best?.name
    }

    /// ", did you mean 'x'?" when there is a near name; nothing else.
    package static func hint(_ name: String, among candidates: some Sequence<String>) -> String? {
        of(name, among: candidates).map { "did you mean '\($0)'?" }
    }

    /// The near name, or else all there are: "it has a, b and 3 more".
    package static func hintOrList(_ name: String, among candidates: [String]) -> String {
        if let hint = hint(name, among: candidates) { return hint }
        let listed = 20
        let rest = candidates.count > listed ? " and \(candidates.count - listed) more" : ""
        return "it has \(candidates.prefix(listed).joined(separator: ", "))\(rest)"
    }

    /// Insertions, deletions, replacements and swaps of neighbours that turn one into the other (Damerau, restricted).
    private static func edits(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var rows = [Array(0...right.count)]
        for row in 0..<left.count {
            var line = [row + 1]
            for column in 0..<right.count {
                let replacement = rows[row][column] + (left[row] == right[column] ? 0 : 1)
                var cost = min(replacement, rows[row][column + 1] + 1, line[column] + 1)
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    cost = min(cost, rows[row - 1][column - 1] + 1)
                }
                line.append(cost)
            }
            rows.append(line)
        }
        return rows[left.count][right.count]
    }
}
