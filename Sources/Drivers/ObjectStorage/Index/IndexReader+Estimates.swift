import CairnCore

/// How many requests a scan of an index makes.
package struct IndexReadEstimate: Sendable, Hashable {
    package var requests = 0
    /// Whether it makes exactly so many. If not, a directory was not read yet, or the scan may stop early.
    package var isExact = true
}

extension IndexReader {
    /// How many requests it takes to read entries between bounds, with what is cached now. Makes none.
    /// - Parameters:
    ///   - runs: From the oldest to the newest.
    ///   - limit: After how many entries the scan stops.
    package func estimate(
        _ runs: [IndexRun], _ bounds: IndexBounds = .all, isReversed: Bool = false, limit: Int? = nil,
        readAhead: IndexReadAhead = .growing
    ) -> IndexReadEstimate {
        var estimate = IndexReadEstimate()
        for chain in IndexLevel.chains(runs.filter(bounds.meets)) {
            // All entries that are wanted may be of this level.
            var entries = limit ?? Int.max
            for run in isReversed ? chain.reversed() : chain {
                guard entries > 0 else {
                    estimate.isExact = false
                    break
                }
                add(run, bounds, isReversed: isReversed, readAhead, &entries, to: &estimate)
            }
        }
        return estimate
    }

    /// Opens runs, all at the same time, so that entries can be estimated: one request for each. One that cannot be
    /// read is left to whoever needs it.
    /// - Throws: what ends a call: a deadline, a budget, a cancelled task.
    func open(_ runs: [IndexRun]) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for run in runs {
                group.addTask {
                    do {
                        _ = try await IndexReader.live { try await section(run) }
                    } catch let error as StorageError
                        where [.damaged, .snapshotExpired, .accessDenied, .unavailable, .throttled].contains(error.code)
                    {}
                }
            }
            try await group.waitForAll()
        }
    }

    /// About how many entries lie between bounds, deleted ones counted; nil where a run was not opened yet. Makes no request.
    func estimatedEntries(_ runs: [IndexRun], _ bounds: IndexBounds) -> Int? {
        var sum = 0
        for run in runs where bounds.meets(run) {
            switch cachedSection(run) {
            case .whole(let blocks):
                for block in bounds.blocks(of: blocks) { sum += IndexReader.entries(of: blocks[block], in: bounds) }
            case .blocks(let directory):
                let blocks = directory.blocks(in: bounds)
                for block in blocks {
                    if block != blocks.first, block != blocks.last {
                        sum += directory.entries(block)
                    } else if let cached = cachedBlock(block, directory, of: run) {
                        sum += IndexReader.entries(of: cached, in: bounds)
                    } else {
                        // Of a block at an end a part lies between the bounds; where both ends are in it, mostly a small one.
                        sum += directory.entries(block) / (blocks.count > 1 ? 2 : 8)
                    }
                }
            case nil: return nil
            }
        }
        return sum
    }

    private static func entries(of block: IndexBlock, in bounds: IndexBounds) -> Int {
        max(0, (bounds.upper.map(block.lowerBound) ?? block.count) - block.lowerBound(bounds.lower))
    }

    private func add(
        _ run: IndexRun, _ bounds: IndexBounds, isReversed: Bool, _ readAhead: IndexReadAhead, _ entries: inout Int,
        to estimate: inout IndexReadEstimate
    ) {
        switch cachedSection(run) {
        case .whole:
            entries -= run.count
        case .blocks(let directory):
            add(directory, of: run, bounds, isReversed: isReversed, readAhead, &entries, to: &estimate)
        case nil where isWhole(run):
            estimate.requests += 1
            entries -= run.count
        case nil:
            add(unopened: run, bounds, readAhead, &entries, to: &estimate)
        }
    }

    /// Adds the requests the cursor would make, step by step.
    private func add(
        _ directory: IndexDirectory, of run: IndexRun, _ bounds: IndexBounds, isReversed: Bool,
        _ readAhead: IndexReadAhead, _ entries: inout Int, to estimate: inout IndexReadEstimate
    ) {
        var rest = directory.blocks(in: bounds)
        var width = readAhead == .full ? Int.max : 1
        while !rest.isEmpty {
            guard entries > 0 else {
                estimate.isExact = false
                return
            }
            let asked = IndexRunCursor.request(of: rest, width: width, isReversed: isReversed, directory)
            let order = isReversed ? Array(asked.reversed()) : Array(asked)
            let missing = order.prefix { !isCached($0, directory, of: run) }
            let read = missing.isEmpty ? order.prefix(1) : missing
            if !missing.isEmpty {
                estimate.requests += 1
                if readAhead == .growing { width = min(2 * width, IndexReadAhead.growthLimit) }
            }
            // Of the first block only a part may lie between the bounds.
            for block in read { entries -= directory.entries(block) / 2 }
            rest =
                isReversed
                ? rest.lowerBound..<rest.upperBound - read.count : rest.lowerBound + read.count..<rest.upperBound
        }
    }

    /// Adds what reading a run takes whose blocks are not known: its directory, and a part of its blocks that follows from where
    /// the bounds lie between its first and its last key, as if keys were spread evenly.
    private func add(
        unopened run: IndexRun, _ bounds: IndexBounds, _ readAhead: IndexReadAhead, _ entries: inout Int,
        to estimate: inout IndexReadEstimate
    ) {
        estimate.isExact = false
        let share = IndexReader.share(of: bounds, in: run)
        let blocks = Double(run.length) / Double(IndexBlockFormat.blockBytes)
        let wanted = min(share * blocks, Double(entries) / (Double(run.count) / blocks))
        var rest = max(1, Int(wanted.rounded(.up)))
        estimate.requests += 1
        entries -= Int(share * Double(run.count))
        let widest = IndexReader.requestBytes / IndexBlockFormat.blockBytes
        var width = readAhead == .full ? widest : 1
        while rest > 0 {
            estimate.requests += 1
            rest -= width
            if readAhead == .growing { width = min(2 * width, widest, IndexReadAhead.growthLimit) }
        }
    }

    /// Which part of a run lies between bounds, if its keys are spread evenly.
    private static func share(of bounds: IndexBounds, in run: IndexRun) -> Double {
        let skipped = run.first.withUnsafeBytes { first in
            run.last.withUnsafeBytes { IndexOrder.shared(first, $0) }
        }
        func number(_ key: [UInt8]) -> Double {
            Double(key.withUnsafeBytes { IndexOrder.prefix(UnsafeRawBufferPointer(rebasing: $0.dropFirst(skipped))) })
        }
        let (first, last) = (number(run.first), number(run.last))
        guard first < last else { return 1 }
        let lower = IndexOrder.isLess(bounds.lower, run.first) ? first : number(bounds.lower)
        let upper = bounds.upper.map { IndexOrder.isLess(run.last, $0) ? last : number($0) } ?? last
        return min(1, max(0, (upper - lower) / (last - first)))
    }
}
