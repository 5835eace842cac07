import CairnCore

/// Reads index files: the one place that knows which bytes to ask for, and whether what came is what was written.
///
/// A run of at most ``wholeBytes`` is read in one request, and needs no directory. Of a larger one the directory is read once, then
/// blocks as they are needed. Everything that was read stays in the cache.
///
/// What is checked of each answer: the checksum of every block; that keys ascend, within a block and from one to the next; and
/// that first key, last key and count are those the manifest and the directory name. So a wrong file is found by its first use.
package struct IndexReader: Sendable {
    let source: any IndexFileSource
    let cache: IndexBlockCache
    /// Whether what is read stays in the cache.
    let keepsBlocks: Bool

    /// Bytes of the largest run that is read at once.
    package static let wholeBytes = 256 << 10
    /// Bytes of the file that are asked for at once, if a single block is not larger.
    package static let requestBytes = 1 << 20

    package init(_ source: any IndexFileSource, cache: IndexBlockCache = IndexBlockCache()) {
        self.init(source, cache, keepsBlocks: true)
    }

    private init(_ source: any IndexFileSource, _ cache: IndexBlockCache, keepsBlocks: Bool) {
        self.source = source
        self.cache = cache
        self.keepsBlocks = keepsBlocks
    }

    /// A reader that uses what is in the cache and adds nothing: for reading much that nobody needs again.
    func passing() -> IndexReader { IndexReader(source, cache, keepsBlocks: false) }

    /// A run, opened.
    enum Section: Sendable {
        /// All of its blocks.
        case whole([IndexBlock])
        /// What is needed to read them.
        case blocks(IndexDirectory)
    }

    // MARK: Single keys

    /// The newest entry of a key, also one that says that it is gone; nil when there is none. For keys that are probably absent: one
    /// request for each run whose ends lie around the key and whose filter or block is not cached, all at the same time; two more
    /// where a run may have it.
    /// - Parameter runs: From the oldest to the newest.
    /// - Throws: ``IndexFileMissing``; `storage.damaged`.
    package func find(_ key: [UInt8], in runs: [IndexRun]) async throws -> IndexEntry? {
        try await newest(key, in: self.runs(runs, thatMayHave: key, .only(key)))
    }

    /// The newest entry of a key that is probably there, so that filters would only cost requests. At most two requests for each run
    /// whose ends lie around the key, and none for what is cached.
    /// - Parameter runs: From the oldest to the newest.
    /// - Throws: ``IndexFileMissing``; `storage.damaged`.
    func present(_ key: [UInt8], in runs: [IndexRun]) async throws -> IndexEntry? {
        try await newest(key, in: runs.filter { $0.mayHave(key) })
    }

    private func newest(_ key: [UInt8], in runs: [IndexRun]) async throws -> IndexEntry? {
        for run in runs.reversed() {
            guard let block = try await block(for: key, in: run) else { continue }
            let index = block.lowerBound(key)
            if index < block.count, block.compare(index, key) == 0 { return block.entry(index) }
        }
        return nil
    }

    /// The block that has a key if any of the run does.
    private func block(for key: [UInt8], in run: IndexRun) async throws -> IndexBlock? {
        let opened =
            if let cached = cachedSection(run) { cached } else { try await section(run) }
        switch opened {
        case .whole(let blocks):
            let behind = IndexOrder.partition(0, blocks.count) { blocks[$0].compare(0, key) <= 0 }
            return behind == 0 ? nil : blocks[behind - 1]
        case .blocks(let directory):
            guard let block = directory.block(of: key) else { return nil }
            if let cached = cachedBlock(block, directory, of: run) { return cached }
            return try await blocks(block..<block + 1, directory, of: run, isReversed: false).first
        }
    }

    // MARK: Sections

    /// Whether the blocks of a run are read all at once.
    func isWhole(_ run: IndexRun) -> Bool { run.directoryLength == 0 || run.length <= IndexReader.wholeBytes }

    func place(_ run: IndexRun) -> IndexBlockCache.Place {
        IndexBlockCache.Place(file: run.file, offset: isWhole(run) ? run.offset : run.directoryOffset)
    }

    /// A run, if it can be opened without a request.
    func cachedSection(_ run: IndexRun) -> Section? {
        cache.content(place(run)).flatMap(section)
    }

    /// Opens a run: one request.
    func section(_ run: IndexRun) async throws -> Section {
        let contents = try await cache.contents([place(run)], keeps: keepsBlocks) { _ in
            try check(run)
            return [isWhole(run) ? .blocks(try await readWhole(run)) : .directory(try await readDirectory(run))]
        }
        guard let section = contents.first.flatMap(section) else { throw damaged(run, "it has no blocks") }
        return section
    }

    private func section(_ content: IndexBlockCache.Content) -> Section? {
        switch content {
        case .blocks(let blocks): blocks.isEmpty ? nil : .whole(blocks)
        case .directory(let directory): .blocks(directory)
        case .filter: nil
        }
    }

    /// What `decode` makes of bytes of a file. When they are not what was written, they are asked for once more: what is damaged
    /// in the store comes the same way twice, what was damaged on its way does not.
    func read<Value>(
        _ run: IndexRun, _ range: Range<Int>, _ decode: ([UInt8]) throws -> Value
    ) async throws -> Value {
        let bytes = try await source.bytes(file: run.file, range: range)
        do {
            return try decode(bytes)
        } catch let error as StorageError where error.code == .damaged {
            let again = try await source.bytes(file: run.file, range: range)
            if again == bytes { throw error }
            return try decode(again)
        }
    }

    private func readWhole(_ run: IndexRun) async throws -> [IndexBlock] {
        try await read(run, run.offset..<run.offset + run.length) { try decodeWhole($0, run) }
    }

    /// The blocks of a run that is read whole.
    func decodeWhole(_ bytes: [UInt8], _ run: IndexRun) throws -> [IndexBlock] {
        var blocks: [IndexBlock] = []
        var place = 0
        var count = 0
        while place < bytes.count {
            let (block, length) = try decode(bytes, at: place, of: run)
            if let last = blocks.last, last.compare(last.count - 1, block, 0) >= 0 {
                throw damaged(run, "its blocks are out of order")
            }
            blocks.append(block)
            count += block.count
            place += length
        }
        guard let first = blocks.first, let last = blocks.last, count == run.count, first.compare(0, run.first) == 0,
            last.compare(last.count - 1, run.last) == 0
        else { throw damaged(run, "it has other entries than the manifest says") }
        return blocks
    }

    private func readDirectory(_ run: IndexRun) async throws -> IndexDirectory {
        let range = run.directoryOffset..<run.directoryOffset + run.directoryLength
        return try await read(run, range) { try decodeDirectory($0, run) }
    }

    func decodeDirectory(_ bytes: [UInt8], _ run: IndexRun) throws -> IndexDirectory {
        // The first keys stand in full in the blocks, so they are not longer than these.
        let (keys, length) = try decode(bytes, at: 0, of: run, .directory, limit: 2 * run.length)
        guard length == bytes.count, let directory = IndexDirectory(keys, of: run) else {
            throw damaged(run, "the directory does not fit the manifest")
        }
        return directory
    }

    // MARK: Blocks

    private func place(_ block: Int, _ directory: IndexDirectory, _ run: IndexRun) -> IndexBlockCache.Place {
        IndexBlockCache.Place(file: run.file, offset: directory.range(block).lowerBound)
    }

    /// Whether a block can be had without a request.
    func isCached(_ block: Int, _ directory: IndexDirectory, of run: IndexRun) -> Bool {
        cache.has(place(block, directory, run))
    }

    /// A block, if it can be had without a request.
    func cachedBlock(_ block: Int, _ directory: IndexDirectory, of run: IndexRun) -> IndexBlock? {
        guard case .blocks(let blocks) = cache.content(place(block, directory, run)) else { return nil }
        return blocks.first
    }

    /// Blocks of a run, the last ones first if it is read backwards: as many as one request gives, and at least one.
    /// - Parameter wanted: Not empty.
    func blocks(
        _ wanted: Range<Int>, _ directory: IndexDirectory, of run: IndexRun, isReversed: Bool
    ) async throws -> [IndexBlock] {
        let order = isReversed ? Array(wanted.reversed()) : Array(wanted)
        let places = order.map { place($0, directory, run) }
        let contents = try await cache.contents(places, keeps: keepsBlocks) { count in
            let asked = isReversed ? wanted.suffix(count) : wanted.prefix(count)
            let blocks = try await read(asked, directory, of: run)
            return (isReversed ? blocks.reversed() : blocks).map { .blocks([$0]) }
        }
        return contents.compactMap { content in
            if case .blocks(let blocks) = content { blocks.first } else { nil }
        }
    }

    private func read(
        _ wanted: Range<Int>, _ directory: IndexDirectory, of run: IndexRun
    ) async throws -> [IndexBlock] {
        let start = directory.range(wanted.lowerBound).lowerBound
        let end = directory.range(wanted.upperBound - 1).upperBound
        return try await read(run, start..<end) { bytes in
            try wanted.map { index in
                let range = directory.range(index)
                let (block, length) = try decode(bytes, at: range.lowerBound - start, of: run)
                guard length == range.count, block.count == directory.entries(index),
                    directory.compare(index, block, 0) == 0, isBeforeNext(block, index, directory, run)
                else { throw damaged(run, "block \(index) does not fit the directory") }
                return block
            }
        }
    }

    /// Whether a block ends before the next one, or with the run.
    private func isBeforeNext(_ block: IndexBlock, _ index: Int, _ directory: IndexDirectory, _ run: IndexRun) -> Bool {
        let last = block.count - 1
        if index + 1 == directory.count { return block.compare(last, run.last) == 0 }
        return directory.compare(index + 1, block, last) > 0
    }

    // MARK: Damage

    private func decode(
        _ bytes: [UInt8], at place: Int, of run: IndexRun, _ kind: IndexBlockFormat.Kind = .entries,
        limit: Int = IndexBlockFormat.blockBytes
    ) throws -> (block: IndexBlock, length: Int) {
        do {
            return try bytes.withUnsafeBytes { try IndexBlockFormat.decode($0, at: place, kind, limit: limit) }
        } catch let damage as IndexBlockFormat.Damage {
            throw damaged(run, damage.reason)
        }
    }

    /// What a manifest says of a run, before anything is computed with it.
    private func check(_ run: IndexRun) throws {
        let limit = Int.max / 4
        guard run.count > 0, (0..<limit).contains(run.offset), (1..<limit).contains(run.length),
            (0..<limit).contains(run.directoryOffset), (0..<limit).contains(run.directoryLength)
        else { throw damaged(run, "the manifest says what cannot be of it") }
    }

    func damaged(_ run: IndexRun, _ reason: String) -> StorageError {
        .damagedIndex("the section at byte \(run.offset): \(reason)", file: run.file)
    }
}
