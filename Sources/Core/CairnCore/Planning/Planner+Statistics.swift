import CairnSchema

/// A driver that knows how many entries of an index lie between bounds only after it has read a little of the index: see
/// ``IndexScanner/estimatedEntries(of:)``.
package protocol StatisticsReader: IndexScanner {
    /// Reads what is missing to estimate the entries of scans, unless that takes more than some requests. What it reads is kept.
    /// - Throws: as reading does.
    func readStatistics(of scans: [IndexScan], atMost requests: Int) async throws
}

/// Which statistics are worth a request.
///
/// A guess says that a value is one of a hundred, and may be wrong by as much: with a single index that makes no difference, and with
/// several it may mean to read each record of a table. So where more than one index has bounds, and the best by the guesses reads
/// records, more than the statistics take requests, these are read first.
extension Planner {
    /// The most requests that are made before it is known what to read: with those of the scan itself they stay within eight.
    private static var mostRequests: Int { 4 }

    /// The scans to choose from, where some of them are only guessed, and how many requests to know better are worth it; nil where the
    /// choice is clear.
    func guesses(count: Int, entries: (IndexScan) -> Int?) -> (scans: [IndexScan], requests: Int)? {
        // One condition bounds all indexes alike. Of values that are read first nobody knows which they are.
        guard conjuncts.count > 1, sizes.isEmpty, count > Planner.guessedCount, query.limit != 0,
            !conjuncts.contains(where: \.isNever)
        else { return nil }
        let indexes = query.table.indexes.filter { conjuncts.imply($0.condition) }
        let candidates = ([nil] + indexes.map(Optional.some)).map { candidate($0, count: count, entries) }
        guard let best = candidates.min(by: { $0.cost < $1.cost }), best.scan?.needsRecords == true else { return nil }
        let requests = min(Planner.mostRequests, best.estimatedRows)
        let scans = candidates.filter { !$0.bounds.isEmpty }.compactMap(\.scan?.whole)
        guard scans.count > 1, requests > 1 else { return nil }
        let unknown = scans.filter { $0.ranges.count <= IndexScan.mostEstimatedRanges && entries($0) == nil }
        return unknown.isEmpty ? nil : (unknown, requests)
    }
}

extension IndexScan {
    /// The scan from its beginning, whatever position a page goes on from: that is what is estimated.
    fileprivate var whole: IndexScan {
        var scan = self
        scan.after = nil
        scan.includesAfter = false
        return scan
    }
}
