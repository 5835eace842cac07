import CairnCore
import ObjectStores

/// What reading will cost, in requests and dollars: what `explain` shows.
struct ReadingCost {
    private let view: View
    private let indexes: IndexReader

    init(_ view: View, _ indexes: IndexReader) {
        self.view = view
        self.indexes = indexes
    }

    /// The request that proves the tip, where nothing else is read.
    func estimateOfTip() -> (requests: Int, dollars: Double, details: [String]) {
        (1, dollars(1), ["requests 1 for the tip"])
    }

    private func dollars(_ requests: Int) -> Double {
        Double(requests * (PriceTable.s3Standard.nanodollars[.get] ?? 0)) / 1e9
    }

    /// The requests of a scan: one that proves the tip, if nothing has proved it, those for blocks of the index that are not cached, one for each record.
    func estimate(
        _ scan: IndexScan, _ plan: AccessPlan, provesTip: Bool
    ) -> (requests: Int, dollars: Double, details: [String]) {
        let layout = view.tables[scan.table.position].layout(of: scan.index)
        let blocks = scan.byteRanges(layout).reduce(0) { sum, range in
            sum
                + indexes.estimate(
                    view.manifest.runs(scan.table, scan.index),
                    IndexBounds(lower: range.lower, upper: range.upper), isReversed: scan.isReversed,
                    limit: scan.filter == nil ? scan.limit : nil
                ).requests
        }
        let records = scan.needsRecords ? (plan.isKeyLookup ? 1 : min(plan.estimatedRows, scan.limit ?? .max)) : 0
        let tip = provesTip ? 1 : 0
        let requests = tip + blocks + records
        return (
            requests, dollars(requests),
            ["requests \(tip) for the tip, \(blocks) for the index, about \(records) for records"]
        )
    }
}
