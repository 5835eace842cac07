import CairnCore

/// Requests stay in their budget where nothing goes wrong: a statement reads what it needs, and nothing grows with the table or
/// with time. The exact numbers of each operation are tests of the driver.
extension Judge {
    /// Requests that come now and then: the store's id is read again, and the newest manifest looked for and read, twice at most.
    private static let nowAndThen = 5
    /// Index blocks that are not cached, and the ends of the files they are in: of one base run and eight deltas.
    private static let blocks = 2 * 9

    mutating func checkRequests() {
        let sizes = tableSizes()
        var lastEnd: [String: World.Moment] = [:]
        for deed in deeds.sorted(by: { ($0.end ?? .max) < ($1.end ?? .max) }) {
            guard case .done = deed.outcome, let end = deed.end, deed.staleness == 0 else { continue }
            // A batch that is sent again, and the question for an outcome, may be answered without a look at the log.
            let looked = deed.requests > 0 && deed.repeats == nil && (deed.isWriting || !deed.reads.isEmpty)
            defer { if looked { lastEnd[deed.process] = max(lastEnd[deed.process] ?? 0, deed.begin) } }
            guard let budget = budget(of: deed, sizes) else { continue }
            // Each commit that arrived since the process last looked is read, and a listing may tell which there are.
            let known = lastEnd[deed.process].map { replay.newest(at: $0) } ?? 0
            let arrived = replay.newest(at: end) - known
            let limit = budget + arrived + (arrived > 3 ? 1 : 0) + Judge.nowAndThen
            if deed.requests > limit {
                found("I12", "\(deed.text) made \(deed.requests) requests, and \(limit) are enough")
            }
        }
    }

    /// How many records each table has had.
    private func tableSizes() -> [String: Int] {
        replay.histories.keys.reduce(into: [:]) { sizes, name in
            sizes[String(name.prefix { $0 != "/" }), default: 0] += 1
        }
    }

    /// The budget of one read outside of a transaction or snapshot; nil for anything else.
    private func budget(of deed: Deed, _ sizes: [String: Int]) -> Int? {
        guard !deed.isWriting, deed.kind != "snapshot", deed.kind != "everything", let note = deed.reads.first,
            deed.reads.count == 1
        else { return nil }
        return switch note.what {
        // The proof of the tip, and the file; or, where that tells too little, the entry of the index.
        case .key: 2 + Judge.blocks
        // The proof, the index, and the records, all of the table at worst.
        case .query(let query), .count(let query): 1 + Judge.blocks + (sizes[query.table.name] ?? 0)
        }
    }
}
