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

/// Entries of a block that are still to come, in the order of a scan.
struct IndexWindow: Sendable {
    let block: IndexBlock
    private(set) var places: Range<Int>
    let isReversed: Bool

    init(_ block: IndexBlock, _ places: Range<Int>, isReversed: Bool) {
        self.block = block
        self.places = places
        self.isReversed = isReversed
    }

    /// Those of a block that lie between bounds.
    init(_ block: IndexBlock, _ bounds: IndexBounds, isReversed: Bool) {
        let lower = bounds.lower.isEmpty ? 0 : block.lowerBound(bounds.lower)
        let upper = bounds.upper.map(block.lowerBound) ?? block.count
        self.init(block, lower..<max(lower, upper), isReversed: isReversed)
    }

    var isEmpty: Bool { places.isEmpty }

    /// The next entry; there is one.
    var place: Int { isReversed ? places.upperBound - 1 : places.lowerBound }

    /// Leaves the next entry behind.
    mutating func advance() {
        places = isReversed ? places.lowerBound..<places.upperBound - 1 : places.lowerBound + 1..<places.upperBound
    }
}

/// Reads the entries of one run between bounds, in either direction.
///
/// A state machine with one step that makes a request: `settle` goes to the next block as far as what is in memory allows, `load`
/// fetches what it then lacks. So a scan of cached blocks never suspends.
package struct IndexRunCursor: Sendable {
    private let reader: IndexReader
    private let run: IndexRun
    private let bounds: IndexBounds
    private let isReversed: Bool
    private let readAhead: IndexReadAhead
    private var isOpen: Bool
    private var directory: IndexDirectory?
    /// Blocks that were not read yet.
    private var rest = 0..<0
    /// How many blocks the next request asks for.
    private var width: Int
    /// Blocks that were read, in the order of the scan.
    private var group: ArraySlice<IndexBlock> = []
    /// The block the cursor stands in; nil when it is not settled, or at its end.
    private var window: IndexWindow?

    init(
        _ reader: IndexReader, _ run: IndexRun, _ bounds: IndexBounds, isReversed: Bool, _ readAhead: IndexReadAhead
    ) {
        self.reader = reader
        self.run = run
        self.bounds = bounds
        self.isReversed = isReversed
        self.readAhead = readAhead
        width = readAhead == .full ? Int.max : 1
        // There is nothing to open in a run beside the bounds.
        isOpen = !bounds.meets(run)
    }

    /// The next entry, also one that says that it is gone; nil after the last.
    /// - Throws: ``IndexFileMissing``; `storage.damaged`. The same entry can be asked for again.
    package mutating func next() async throws -> IndexEntry? {
        while !settle() { try await load() }
        guard let window else { return nil }
        self.window?.advance()
        return window.block.entry(window.place)
    }

    /// Goes to a block with entries between the bounds, or to the end, if no request is needed for that.
    /// - Returns: Whether it is there.
    mutating func settle() -> Bool {
        while true {
            if let window, !window.isEmpty { return true }
            if let next = group.popFirst() {
                window = IndexWindow(next, bounds, isReversed: isReversed)
            } else if !isOpen {
                guard let section = reader.cachedSection(run) else { return false }
                open(section)
            } else if let directory, !rest.isEmpty {
                let next = isReversed ? rest.upperBound - 1 : rest.lowerBound
                guard let cached = reader.cachedBlock(next, directory, of: run) else { return false }
                skip(1)
                window = IndexWindow(cached, bounds, isReversed: isReversed)
            } else {
                window = nil
                return true
            }
        }
    }

    /// The block a settled cursor stands in, which it leaves; nil at the end.
    mutating func takeWindow() -> IndexWindow? {
        defer { window = nil }
        return window
    }

    /// Fetches what `settle` needs to go on: one request, or none when another task makes it.
    mutating func load() async throws {
        try Deadline.check()
        guard isOpen, let directory else {
            open(try await reader.section(run))
            return
        }
        let asked = IndexRunCursor.request(of: rest, width: width, isReversed: isReversed, directory)
        let blocks = try await reader.blocks(asked, directory, of: run, isReversed: isReversed)
        guard !blocks.isEmpty else { throw StorageError.damagedIndex("a block is missing", file: run.file) }
        skip(blocks.count)
        group = blocks[...]
        if readAhead == .growing { width = min(2 * width, IndexReadAhead.growthLimit) }
    }

    private mutating func open(_ section: IndexReader.Section) {
        isOpen = true
        switch section {
        case .whole(let blocks):
            let met = blocks[bounds.blocks(of: blocks)]
            group = isReversed ? Array(met.reversed())[...] : met
        case .blocks(let directory):
            self.directory = directory
            rest = directory.blocks(in: bounds)
        }
    }

    private mutating func skip(_ count: Int) {
        rest = isReversed ? rest.lowerBound..<rest.upperBound - count : rest.lowerBound + count..<rest.upperBound
    }

    /// The part of the blocks that are still to be read that one request asks for: no more than `width`, and no more bytes than a
    /// request may have, but at least one.
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
