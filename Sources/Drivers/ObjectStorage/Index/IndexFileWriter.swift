import ObjectStores

/// Writes an index file: a header, then sections, each the blocks of one run, when there are several their directory, and the
/// filter of a run that is not read whole (``IndexFilter``).
///
/// The header has the eight bytes `CairnIdx` and then, like a block, a length, a checksum and a body: the format, the names of
/// the features it needs, the id of the store. Readers of a section do not fetch it, because the manifest that names the section
/// says the same; it is there for whoever meets the file alone.
///
/// A directory is a block of its own kind. Its entries are the first keys of the blocks in full, with the length of the block
/// and the count of its entries as varints behind a kind byte; the blocks lie without gaps, so their places follow.
package struct IndexFileWriter: Sendable {
    private var bytes: [UInt8]
    private var section: Section?
    private var block: BlockInProgress?

    /// The run being written.
    private struct Section {
        let offset: Int
        var count = 0
        var first: [UInt8] = []
        var last: [UInt8] = []
        var blocks: [IndexDirectory.Line] = []
        let filterKeys: IndexFilterKeys?
        var filter = IndexFilterBuilder()

        /// How many bytes the next key shares with the last one.
        func bytesShared(with key: UnsafeRawBufferPointer) -> Int {
            last.withUnsafeBytes { last in
                precondition(count == 0 || IndexOrder.compare(last, key) < 0, "entries of an index are out of order")
                return IndexOrder.shared(last, key)
            }
        }

        mutating func add(_ key: UnsafeRawBufferPointer) {
            if count == 0 { first = Array(key) }
            last.removeAll(keepingCapacity: true)
            last.append(contentsOf: key)
            count += 1
            if let length = filterKeys?.length(of: key) {
                filter.add(UnsafeRawBufferPointer(rebasing: key.prefix(length)))
            }
        }
    }

    private struct BlockInProgress {
        let offset: Int
        let first: [UInt8]
        var count = 0
        /// Bytes of keys and payloads.
        var total = 0
        /// Bytes it has come to at most, in the file and in memory.
        var size = IndexBlockFormat.headBytes
    }

    /// A file of a store.
    package init(store: String) {
        bytes = IndexFileHeader(store: store).encoded
    }

    /// How many bytes the file has so far.
    package var byteCount: Int { bytes.count }

    /// Begins a section.
    /// - Parameter filter: What its filter is to be asked for; nil for a section without one.
    package mutating func begin(filter: IndexFilterKeys? = nil) {
        precondition(section == nil, "a section was begun inside another one")
        section = Section(offset: bytes.count, filterKeys: filter)
    }

    /// Adds an entry, which sorts behind all of the section so far.
    package mutating func append(_ key: [UInt8], _ payload: [UInt8]) {
        key.withUnsafeBytes { key in payload.withUnsafeBytes { append(key, $0) } }
    }

    /// Adds an entry, which sorts behind all of the section so far.
    package mutating func append(_ entry: IndexEntry) { append(entry.key, entry.payload) }

    /// Adds an entry of a block.
    mutating func append(_ block: IndexBlock, _ index: Int) {
        block.withKey(index) { key in block.withPayload(index) { append(key, $0) } }
    }

    private mutating func append(_ key: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer) {
        guard let shared = section?.bytesShared(with: key) else { preconditionFailure("an entry without a section") }
        precondition(!payload.isEmpty, "an entry without a payload")
        let size = key.count + payload.count + IndexBlockFormat.entryBytes
        if let block, block.size + size > IndexBlockFormat.blockBytes { close(block) }
        let isFirst = block == nil
        if isFirst { begin(blockAt: Array(key)) }
        write(key, sharing: isFirst ? 0 : shared, payload)
        block?.count += 1
        block?.total += key.count + payload.count
        block?.size += size
        section?.add(key)
    }

    private mutating func begin(blockAt key: [UInt8]) {
        block = BlockInProgress(offset: bytes.count, first: key)
        bytes.append(contentsOf: repeatElement(0, count: IndexBlockFormat.headBytes))
    }

    private mutating func write(
        _ key: UnsafeRawBufferPointer, sharing shared: Int, _ payload: UnsafeRawBufferPointer
    ) {
        Varint.append(shared, to: &bytes)
        Varint.append(key.count - shared, to: &bytes)
        Varint.append(payload.count, to: &bytes)
        bytes.append(contentsOf: key[shared...])
        bytes.append(contentsOf: payload)
    }

    private mutating func close(_ block: BlockInProgress) {
        finish(block, .entries)
        section?.blocks.append(
            IndexDirectory.Line(first: block.first, length: bytes.count - block.offset, count: block.count))
        self.block = nil
    }

    /// Fills in the head of the block that the file ends with.
    private mutating func finish(_ block: BlockInProgress, _ kind: IndexBlockFormat.Kind) {
        let start = block.offset
        bytes.withUnsafeMutableBytes { file in
            let length = file.count - start - IndexBlockFormat.frameBytes
            file.storeBytes(of: UInt32(length).littleEndian, toByteOffset: start, as: UInt32.self)
            file[start + IndexBlockFormat.frameBytes] = kind.rawValue
            file.storeBytes(of: UInt32(block.count).littleEndian, toByteOffset: start + 9, as: UInt32.self)
            file.storeBytes(of: UInt32(block.total).littleEndian, toByteOffset: start + 13, as: UInt32.self)
            let body = UnsafeRawBufferPointer(rebasing: file[(start + IndexBlockFormat.frameBytes)...])
            let checksum = IndexBlockFormat.checksum(UnsafeRawBufferPointer(file), at: start, body)
            file.storeBytes(of: checksum.littleEndian, toByteOffset: start + 4, as: UInt32.self)
        }
    }

    /// Ends the section.
    /// - Parameter file: The id under which the file will be stored.
    /// - Returns: The run it is; nil when it has no entry, and nothing was written.
    package mutating func endSection(file: String) -> IndexRun? {
        if let block { close(block) }
        guard let section else { preconditionFailure("a section ended that was not begun") }
        self.section = nil
        guard section.count > 0 else { return nil }
        let length = bytes.count - section.offset
        let directoryOffset = section.blocks.count == 1 ? 0 : bytes.count
        if section.blocks.count > 1 { write(section.blocks) }
        var run = IndexRun(
            file: file, offset: section.offset, length: length, directoryOffset: directoryOffset,
            directoryLength: directoryOffset == 0 ? 0 : bytes.count - directoryOffset, count: section.count,
            first: section.first, last: section.last)
        if run.directoryLength > 0, length > IndexReader.wholeBytes {
            run.filter = section.filter.write(for: run, to: &bytes)
        }
        return run
    }

    private mutating func write(_ directory: [IndexDirectory.Line]) {
        begin(blockAt: [])
        var last: [UInt8] = []
        for line in directory {
            let payload = line.payload
            line.first.withUnsafeBytes { key in
                let shared = last.withUnsafeBytes { IndexOrder.shared($0, key) }
                payload.withUnsafeBytes { write(key, sharing: shared, $0) }
            }
            block?.count += 1
            block?.total += line.first.count + payload.count
            last = line.first
        }
        if let block { finish(block, .directory) }
        block = nil
    }

    /// The whole file.
    package consuming func finish() -> [UInt8] {
        precondition(section == nil, "a file ended inside a section")
        return bytes
    }
}
