import CairnCore

/// Entries newer than all runs, in the order and between the bounds of the scan that reads them.
package protocol IndexOverlay: Sendable {
    /// The next entry; nil after the last.
    mutating func next() -> IndexEntry?
}

/// Entries that are there already, as an overlay.
package struct IndexEntries: IndexOverlay {
    private var rest: ArraySlice<IndexEntry>

    /// - Parameter entries: In the order of the scan.
    package init(_ entries: [IndexEntry]) { rest = entries[...] }

    package mutating func next() -> IndexEntry? { rest.popFirst() }
}

/// Which entries a scan gives.
package enum IndexKeeping: Sendable {
    /// Those that are there: what readers want.
    case live
    /// Those and the tombstones: what a new base keeps.
    case allButRemoved
    /// All: what a merge keeps that leaves older runs alone.
    case all

    func keeps(_ kind: IndexPayload.Kind?) -> Bool {
        switch self {
        case .live: kind?.isLive ?? false
        case .allButRemoved: kind != .removed
        case .all: true
        }
    }
}

/// Reads several runs and an overlay as if they were one: of equal keys, the newest counts.
///
/// Runs that follow one another without overlap, such as the pieces of a large base, are one level: they are opened as the scan
/// comes to them. The first entry needs something of every level; the levels fetch it at the same time.
package struct MergedIndexCursor: Sendable {
    /// From the oldest to the newest.
    private var levels: [IndexLevel]
    private let isReversed: Bool
    private let keeping: IndexKeeping
    /// Levels whose entry is hidden by a newer one of the same key. Kept between steps, so that none allocates.
    private var hidden: [Int] = []

    /// How far a step came.
    private enum Step {
        case entry(IndexBlock, Int)
        /// Something must be loaded.
        case wait
        case end
    }

    init(
        _ reader: IndexReader, _ runs: [IndexRun], _ bounds: IndexBounds, isReversed: Bool,
        overlay: (any IndexOverlay)?, _ keeping: IndexKeeping, _ readAhead: IndexReadAhead
    ) {
        self.isReversed = isReversed
        self.keeping = keeping
        levels = IndexLevel.chains(runs.filter(bounds.meets)).map { chain in
            let cursors = (isReversed ? chain.reversed() : chain).map {
                IndexRunCursor(reader, $0, bounds, isReversed: isReversed, readAhead)
            }
            return IndexLevel(cursors)
        }
        if let overlay { levels.append(IndexLevel(overlay)) }
    }

    /// The next entry; nil after the last.
    /// - Throws: ``IndexFileMissing``; `storage.damaged`. The same entry can be asked for again.
    package mutating func next() async throws -> IndexEntry? {
        try await nextPlace().map { block, index in block.entry(index) }
    }

    /// How many entries are still to come. Reads them all and keeps none.
    package mutating func count() async throws -> Int {
        var count = 0
        while try await nextPlace() != nil {
            count += 1
            if count.isMultiple(of: 1 << 14) { try Deadline.check() }
        }
        return count
    }

    /// Where the next entry lies.
    mutating func nextPlace() async throws -> (block: IndexBlock, index: Int)? {
        while true {
            switch step() {
            case .entry(let block, let index):
                if keeping.keeps(block.kind(index)) { return (block, index) }
            case .wait: try await load()
            case .end: return nil
            }
        }
    }

    /// Takes the first entry of all levels, and the older ones of the same key with it.
    private mutating func step() -> Step {
        for index in levels.indices where !levels[index].settle() { return .wait }
        let best = findFirst()
        guard best >= 0, let window = levels[best].window else { return .end }
        levels[best].advance()
        for index in hidden { levels[index].advance() }
        return .entry(window.block, window.place)
    }

    /// The level that stands at the first entry in the order of the scan, the newest of several that do; -1 when all are at their
    /// end. Puts the others that do in `hidden`.
    private mutating func findFirst() -> Int {
        hidden.removeAll(keepingCapacity: true)
        var best = -1
        for index in levels.indices.reversed() where levels[index].window != nil {
            guard best >= 0 else {
                best = index
                continue
            }
            let order = compare(index, best)
            if order == 0 {
                hidden.append(index)
            } else if (order < 0) != isReversed {
                best = index
                hidden.removeAll(keepingCapacity: true)
            }
        }
        return best
    }

    /// Negative, zero or positive as the entry of a level sorts before, with or after that of another.
    private func compare(_ left: Int, _ right: Int) -> Int {
        let (leftPrefix, rightPrefix) = (levels[left].prefix, levels[right].prefix)
        if leftPrefix != rightPrefix { return leftPrefix < rightPrefix ? -1 : 1 }
        guard let left = levels[left].window, let right = levels[right].window else { return 0 }
        return left.block.compare(left.place, right.block, right.place)
    }

    /// Fetches what is missing, for all levels at once.
    private mutating func load() async throws {
        let waiting = levels.indices.filter { !levels[$0].settle() }
        if let only = waiting.first, waiting.count == 1 {
            try await levels[only].load()
            return
        }
        try await withThrowingTaskGroup(of: (Int, IndexLevel).self) { group in
            for index in waiting {
                group.addTask { [level = levels[index]] in
                    var level = level
                    while !level.settle() { try await level.load() }
                    return (index, level)
                }
            }
            for try await (index, level) in group { levels[index] = level }
        }
    }
}

/// Entries of one age: those of runs that do not overlap, or of the overlay.
struct IndexLevel: Sendable {
    /// In the order of the scan.
    private var runs: [IndexRunCursor] = []
    /// The run that is being read.
    private var run = 0
    private var overlay: (any IndexOverlay)?
    /// Entries to come, first the one the level stands at; nil when it is not settled, or at its end. Never empty.
    private(set) var window: IndexWindow?
    /// What the key of that entry begins with.
    private(set) var prefix: UInt64 = 0

    init(_ runs: [IndexRunCursor]) { self.runs = runs }

    init(_ overlay: any IndexOverlay) { self.overlay = overlay }

    /// Runs in groups of which each ascends without overlap. The order of the runs is kept, and with it which is newer.
    static func chains(_ runs: [IndexRun]) -> [[IndexRun]] {
        var chains: [[IndexRun]] = []
        for run in runs {
            if let last = chains.last?.last, IndexOrder.isLess(last.last, run.first) {
                chains[chains.count - 1].append(run)
            } else {
                chains.append([run])
            }
        }
        return chains
    }

    /// Goes to the next entry or to the end, if no request is needed for that.
    /// - Returns: Whether it is there.
    @inline(__always)
    mutating func settle() -> Bool { window != nil || refill() }

    private mutating func refill() -> Bool {
        if let entry = overlay?.next() {
            window = IndexBlock(entry).map { IndexWindow($0, 0..<1, isReversed: false) }
        }
        while window == nil, run < runs.count {
            guard runs[run].settle() else { return false }
            window = runs[run].takeWindow()
            if window == nil { run += 1 }
        }
        updatePrefix()
        return true
    }

    /// Fetches what `settle` needs to go on.
    mutating func load() async throws {
        if run < runs.count { try await runs[run].load() }
    }

    /// Leaves the entry the level stands at.
    @inline(__always)
    mutating func advance() {
        window?.advance()
        if window?.isEmpty ?? true { window = nil }
        updatePrefix()
    }

    @inline(__always)
    private mutating func updatePrefix() {
        if let window { prefix = window.block.prefix(window.place) }
    }
}

extension IndexReader {
    /// The entries of an index between bounds.
    /// - Parameters:
    ///   - runs: From the oldest to the newest.
    ///   - overlay: Newer than all of them; in the order of the scan, and between the bounds.
    package func merged(
        _ runs: [IndexRun], _ bounds: IndexBounds = .all, isReversed: Bool = false,
        overlay: (any IndexOverlay)? = nil, keeping: IndexKeeping = .live, readAhead: IndexReadAhead = .growing
    ) -> MergedIndexCursor {
        MergedIndexCursor(
            self, runs, bounds, isReversed: isReversed, overlay: overlay, keeping, readAhead)
    }

    /// How many entries an index has between bounds. Reads them all and keeps none.
    package func count(
        _ runs: [IndexRun], _ bounds: IndexBounds = .all, overlay: (any IndexOverlay)? = nil
    ) async throws -> Int {
        var cursor = merged(runs, bounds, overlay: overlay, readAhead: .full)
        return try await cursor.count()
    }
}
