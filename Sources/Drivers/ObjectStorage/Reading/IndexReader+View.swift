import CairnCore
import MemoryStorage

/// The indexes of a view: the index files of its manifest, and what the overlay says since.
extension IndexReader {
    /// The entries of an index between bounds that stand for records.
    func cursor(
        _ view: View, _ table: Table, _ index: Index?, _ bounds: IndexBounds, isReversed: Bool = false
    ) -> MergedIndexCursor {
        cursor(view.manifest.runs(table, index), view, table, index, bounds, isReversed: isReversed)
    }

    private func cursor(
        _ runs: [IndexRun], _ view: View, _ table: Table, _ index: Index?, _ bounds: IndexBounds, isReversed: Bool
    ) -> MergedIndexCursor {
        merged(
            runs, bounds, isReversed: isReversed,
            overlay: overlay(view.tables[table.position], index, bounds, isReversed))
    }

    private func overlay(
        _ overlay: TableOverlay, _ index: Index?, _ bounds: IndexBounds, _ isReversed: Bool
    ) -> any IndexOverlay {
        guard let index else {
            return OverlayEntries(overlay.records, bounds, isReversed: isReversed) { image in
                image.isLive
                    ? .record(revision: image.metadata.revision, commit: image.commit, digest: [])
                    : .tombstone(revision: image.metadata.revision, commit: image.commit)
            }
        }
        return OverlayEntries(overlay.indexes[index.position], bounds, isReversed: isReversed) { key in
            key == nil ? .removed : .present(included: [])
        }
    }

    /// About how many entries an index has between bounds; nil when that takes a request to know.
    func estimatedEntries(_ view: View, _ table: Table, _ index: Index?, _ bounds: IndexBounds) -> Int? {
        guard let entries = estimatedEntries(view.manifest.runs(table, index), bounds) else { return nil }
        // What the overlay took away counts as well: it is little, and has to be read to be left out.
        let overlay = view.tables[table.position]
        guard let index else { return entries + overlay.records.estimatedCount(from: bounds.lower, to: bounds.upper) }
        return entries + overlay.indexes[index.position].estimatedCount(from: bounds.lower, to: bounds.upper)
    }

    /// The entries of an index that begin with a prefix, at most `limit`.
    /// - Throws: `storage.snapshot_expired`; `storage.damaged`.
    func entries(
        _ table: Table, _ index: Index?, prefix: [UInt8], in view: View, limit: Int
    ) async throws -> [[UInt8]] {
        let bounds = IndexBounds(lower: prefix, upper: KeyBytes.end(ofPrefix: prefix))
        return try await entries(view.manifest.runs(table, index), table, index, bounds, in: view, limit: limit)
    }

    /// The entries of a unique index that have its values, which probably none has: the filters of the index files are asked first.
    /// - Parameter values: All parts of the index, none of them null.
    /// - Throws: `storage.snapshot_expired`; `storage.damaged`.
    func claims(_ values: [UInt8], _ table: Table, _ index: Index, in view: View) async throws -> [[UInt8]] {
        let bounds = IndexBounds(lower: values, upper: KeyBytes.end(ofPrefix: values))
        let candidates = try await IndexReader.live {
            try await runs(view.manifest.runs(table, index), thatMayHave: values, bounds)
        }
        return try await entries(candidates, table, index, bounds, in: view, limit: .max)
    }

    private func entries(
        _ runs: [IndexRun], _ table: Table, _ index: Index?, _ bounds: IndexBounds, in view: View, limit: Int
    ) async throws -> [[UInt8]] {
        var cursor = cursor(runs, view, table, index, bounds, isReversed: false)
        var entries: [[UInt8]] = []
        while entries.count < limit, let entry = try await IndexReader.live({ try await cursor.next() }) {
            entries.append(entry.key)
        }
        return entries
    }

    /// What can be said of a key without a request.
    enum CachedFinding {
        case present
        case absent
        /// A block that might have it is not cached.
        case unknown
    }

    /// Whether runs have a key, as far as no request is needed.
    func cachedFind(_ key: [UInt8], in runs: [IndexRun]) -> CachedFinding {
        for run in runs.reversed() {
            switch knowledge(of: key, .only(key), in: run) {
            case .absent: continue
            case .unknown: return .unknown
            case .inMemory: break
            }
            let block: IndexBlock?
            switch cachedSection(run) {
            case nil: return .unknown
            case .whole(let blocks):
                block = IndexBounds.only(key).blocks(of: blocks).last.map { blocks[$0] }
            case .blocks(let directory):
                guard let place = directory.blocks(in: .only(key)).last else { continue }
                guard let cached = cachedBlock(place, directory, of: run) else { return .unknown }
                block = cached
            }
            guard let block else { continue }
            let index = block.lowerBound(key)
            if index < block.count, block.compare(index, key) == 0 { return .present }
        }
        return .absent
    }

    /// Whether the primary index has a key, be it of a record or of a deleted one.
    /// - Throws: `storage.snapshot_expired`; `storage.damaged`.
    func has(_ table: Table, _ key: [UInt8], in view: View) async throws -> Bool {
        if view.tables[table.position].records.get(key) != nil { return true }
        let runs = view.manifest.runs(table, nil)
        return try await IndexReader.live { try await find(key, in: runs) } != nil
    }

    /// Runs `body`; an index file that is gone means that the view is too old.
    static func live<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch {
            throw StoreAccess.translated(error)
        }
    }
}

/// The entries of an ordered map between bounds.
private struct OverlayEntries<Value: Sendable>: IndexOverlay {
    private var cursor: OrderedMap<Value>.Cursor
    private let bounds: IndexBounds
    private let isReversed: Bool
    private let payload: @Sendable (Value) -> IndexPayload

    init(
        _ map: OrderedMap<Value>, _ bounds: IndexBounds, isReversed: Bool,
        payload: @escaping @Sendable (Value) -> IndexPayload
    ) {
        cursor = isReversed ? .init(map, after: bounds.upper) : .init(map, before: bounds.lower)
        self.bounds = bounds
        self.isReversed = isReversed
        self.payload = payload
    }

    mutating func next() -> IndexEntry? {
        guard let (key, value) = isReversed ? cursor.previous() : cursor.next(), bounds.contains(key) else {
            return nil
        }
        return IndexEntry(key: key, payload(value))
    }
}
