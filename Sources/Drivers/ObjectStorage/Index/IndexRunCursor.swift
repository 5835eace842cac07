import CairnCore

/// How much of a run is asked for at once.
package enum IndexReadAhead: Sendable {
    /// One block: for a caller that stops soon.
    case none
    /// One block, then two, then four, up to sixteen: at most twice what is used, in few requests.
    case growing
    /// As much as one request may have: for a caller that reads all there is.
    case full

    /// Blocks of the largest request of `growing`.
    static let growthLimit = 16
}

/// Reads the entries of one run between bounds, in either direction.
///
/// A state machine with one step that makes a request: `settle` goes to the next entry as far as what is in memory allows, `load`
/// fetches what it then lacks. So a scan of cached blocks never suspends.
package struct IndexRunCursor: Sendable {
    private let reader: IndexReader
    private let run: IndexRun
    private let bounds: IndexBounds
    private let isReversed: Bool
    private let readAhead: IndexReadAhead
    private var isOpen = false
    private var directory: IndexDirectory?
    /// Blocks that were not read yet.
    private var rest = 0..<0
    /// How many blocks the next request asks for.
    private var width: Int
    /// Blocks that were read, in the order of the scan.
    private var group: ArraySlice<IndexBlock> = []
    private var block: IndexBlock?
    /// The entries of `block` that are still to come.
    private var places = 0..<0

    init(
        _ reader: IndexReader, _ run: IndexRun, _ bounds: IndexBounds, isReversed: Bool, _ readAhead: IndexReadAhead
    ) {
        self.reader = reader
        self.run = run
        self.bounds = bounds
        self.isReversed = isReversed
        self.readAhead = readAhead
        width = readAhead == .full ? Int.max : 1
        // A run beside the bounds has been read before it is opened.
        isOpen = !bounds.meets(run)
    }

    /// The next entry, also one that says that it is gone; nil after the last.
    /// - Throws: ``IndexFileMissing``; `storage.damaged`. The same entry can be asked for again.
    package mutating func next() async throws -> IndexEntry? {
        while !settle() { try await load() }
        guard let (block, index) = head else { return nil }
        advance()
        return block.entry(index)
    }

    /// The entry the cursor stands at; nil when it is not settled, or at its end.
    var head: (block: IndexBlock, index: Int)? {
        guard let block, !places.isEmpty else { return nil }
        return (block, isReversed ? places.upperBound - 1 : places.lowerBound)
    }

    /// Leaves the entry the cursor stands at.
    mutating func advance() {
        places = isReversed ? places.lowerBound..<places.upperBound - 1 : places.lowerBound + 1..<places.upperBound
    }

    /// Goes to the next entry or to the end, if no request is needed for that.
    /// - Returns: Whether it is there.
    mutating func settle() -> Bool {
        while places.isEmpty {
            if let next = group.popFirst() {
                enter(next)
            } else if !isOpen {
                guard let section = reader.cachedSection(run) else { return false }
                open(section)
            } else if let directory, !rest.isEmpty {
                let next = isReversed ? rest.upperBound - 1 : rest.lowerBound
                guard let cached = reader.cachedBlock(next, directory, of: run) else { return false }
                skip(1)
                enter(cached)
            } else {
                block = nil
                return true
            }
        }
        return true
    }

    /// Fetches what `settle` needs to go on: one request, or none when another task makes it.
    mutating func load() async throws {
        try Deadline.check()
        guard isOpen, let directory else {
            open(try await reader.section(run))
            return
        }
        let blocks = try await reader.blocks(nextBlocks(directory), directory, of: run, isReversed: isReversed)
        guard !blocks.isEmpty else { throw StorageError.damagedIndex("a block is missing", file: run.file) }
        skip(blocks.count)
        group = blocks[...]
        if readAhead == .growing { width = min(2 * width, IndexReadAhead.growthLimit) }
    }

    private mutating func open(_ section: IndexReader.Section) {
        isOpen = true
        switch section {
        case .whole(let blocks):
            let met = blocks[bounds.blocks(of: blocks.count) { blocks[$0].compare(0, $1) }]
            group = isReversed ? Array(met.reversed())[...] : met
        case .blocks(let directory):
            self.directory = directory
            rest = directory.blocks(in: bounds)
        }
    }

    private mutating func enter(_ block: IndexBlock) {
        let lower = bounds.lower.isEmpty ? 0 : block.lowerBound(bounds.lower)
        let upper = bounds.upper.map(block.lowerBound) ?? block.count
        self.block = block
        places = lower..<max(lower, upper)
    }

    private mutating func skip(_ count: Int) {
        rest = isReversed ? rest.lowerBound..<rest.upperBound - count : rest.lowerBound + count..<rest.upperBound
    }

    /// The blocks the next request asks for: not one more than `width`, nor more bytes than a request may have.
    private func nextBlocks(_ directory: IndexDirectory) -> Range<Int> {
        IndexRunCursor.request(of: rest, width: width, isReversed: isReversed, directory)
    }

    /// The part of blocks to be read that one request asks for.
    static func request(of rest: Range<Int>, width: Int, isReversed: Bool, _ directory: IndexDirectory) -> Range<Int> {
        var asked = isReversed ? rest.upperBound..<rest.upperBound : rest.lowerBound..<rest.lowerBound
        var bytes = 0
        while asked.count < min(width, rest.count) {
            let next = isReversed ? asked.lowerBound - 1 : asked.upperBound
            bytes += directory.range(next).count
            if bytes > IndexReader.requestBytes, !asked.isEmpty { break }
            asked = isReversed ? next..<asked.upperBound : asked.lowerBound..<next + 1
        }
        return asked
    }
}

extension IndexReader {
    /// The entries of one run between bounds.
    package func cursor(
        _ run: IndexRun, _ bounds: IndexBounds = .all, isReversed: Bool = false, readAhead: IndexReadAhead = .growing
    ) -> IndexRunCursor {
        IndexRunCursor(self, run, bounds, isReversed: isReversed, readAhead)
    }
}
