import CairnCore

/// What a transaction has read, to see at its commit whether others changed it.
struct ReadSet: Sendable {
    private struct KeyRead: Sendable, Hashable {
        let table: Int
        let key: [UInt8]
    }

    private struct ScanRead: Sendable {
        let scan: IndexScan
        let progress: TrackedScan
    }

    private var keys: Set<KeyRead> = []
    private var scans: [ScanRead] = []

    /// The record of a key was read, or found absent, or written.
    mutating func add(key: [UInt8], of table: Table) {
        keys.insert(KeyRead(table: table.position, key: key))
    }

    /// An operation found its record, or found it absent.
    mutating func add(_ operation: WriteOperation, in state: MemoryState) {
        add(key: state.tables[operation.table.position].keyLayout.encode(operation.key), of: operation.table)
    }

    /// An operation was refused because another record has its unique values: that record was read, so to say.
    mutating func add(refusal error: StorageError, of operation: WriteOperation, in state: MemoryState) {
        let table = operation.table
        guard error.code == .duplicate, let other = error.details.otherID,
            let key = try? KeyText.decode(other, of: table)
        else { return }
        add(key: state.tables[table.position].keyLayout.encode(key), of: table)
    }

    /// Part of an index was read.
    mutating func add(_ scan: IndexScan, _ progress: TrackedScan) {
        scans.append(ScanRead(scan: scan, progress: progress))
    }

    /// Checks that everything read is the same in a later state.
    /// - Throws: `storage.conflict`, retryable, naming the table that differs.
    func validate(from base: MemoryState, to latest: MemoryState) throws {
        for read in keys {
            // A key never has the same revision twice, so equal revisions mean the same record, or the same absence.
            let before = base.tables[read.table].revision(of: read.key)
            let after = latest.tables[read.table].revision(of: read.key)
            if before != after { throw StorageError.lostRace(base.tables[read.table].table) }
        }
        for read in scans where !isUnchanged(read, from: base, to: latest) {
            throw StorageError.lostRace(read.scan.table)
        }
    }

    /// Whether both states have the same entries, and records of the same revisions, in the part that was read.
    private func isUnchanged(_ read: ScanRead, from base: MemoryState, to latest: MemoryState) -> Bool {
        let extent = read.progress.current
        if case .nothing = extent { return true }
        let table = read.scan.table.position
        var before = EntryIterator(base.tables[table], read.scan)
        var after = EntryIterator(latest.tables[table], read.scan)
        while true {
            let left = before.next().flatMap { extent.contains($0.entry, read.scan) ? $0 : nil }
            let right = after.next().flatMap { extent.contains($0.entry, read.scan) ? $0 : nil }
            guard let left, let right else { return left == nil && right == nil }
            guard left.entry == right.entry, left.record.metadata.revision == right.record.metadata.revision else {
                return false
            }
        }
    }
}

extension TrackedScan.Extent {
    /// Whether an entry is in the part that was read.
    fileprivate func contains(_ entry: [UInt8], _ scan: IndexScan) -> Bool {
        switch self {
        case .nothing: false
        case .upTo(let last): scan.isReversed ? !KeyBytes.isLess(entry, last) : !KeyBytes.isLess(last, entry)
        case .everything: true
        }
    }
}
