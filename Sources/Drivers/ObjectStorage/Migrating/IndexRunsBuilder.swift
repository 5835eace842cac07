import CairnCore
import MemoryStorage

/// Builds indexes from entries that come in any order. So much of them as fits is sorted and stored as runs, and the runs are merged in
/// the end: what it holds in memory does not grow with the table.
struct IndexRunsBuilder {
    private let parts: EngineParts
    private let files: IndexFiles
    private let filters: [IndexFilterKeys?]
    private var entries: [[IndexEntry]]
    private var runs: [[IndexRun]]
    private var bytes = 0

    /// Bytes of entries that are held.
    private static let limit = 16 << 20

    /// - Parameter filters: For each index what its filter is asked for.
    init(_ parts: EngineParts, _ filters: [IndexFilterKeys?]) {
        self.parts = parts
        self.filters = filters
        files = IndexFiles(parts)
        entries = filters.map { _ in [] }
        runs = filters.map { _ in [] }
    }

    /// Adds an entry of an index.
    mutating func add(_ index: Int, _ entry: IndexEntry) {
        entries[index].append(entry)
        bytes += entry.key.count + entry.payload.count + 64
    }

    /// Stores what is held, when that is much.
    mutating func spill() async throws {
        if bytes >= IndexRunsBuilder.limit { try await store() }
    }

    /// The runs of each index.
    mutating func finish() async throws -> [[IndexRun]] {
        try await store()
        for place in runs.indices where runs[place].count > 1 {
            try Deadline.check()
            let filter = filters[place]
            runs[place] = try await IndexReader.live { [runs, parts, files] in
                try await parts.indexes.merge(
                    runs[place], dropsRemoved: true, filter: filter, store: parts.tip.storeID, name: files.newID,
                    save: files.save)
            }
        }
        return runs
    }

    private mutating func store() async throws {
        guard bytes > 0 else { return }
        let file = files.newID()
        var writer = IndexFileWriter(store: parts.tip.storeID)
        var made: [(place: Int, run: IndexRun)] = []
        for place in entries.indices where !entries[place].isEmpty {
            writer.begin(filter: filters[place])
            for entry in entries[place].sorted(by: { KeyBytes.isLess($0.key, $1.key) }) { writer.append(entry) }
            if let run = writer.endSection(file: file) { made.append((place, run)) }
            entries[place] = []
        }
        let stored = writer.finish()
        try await files.save(file, stored)
        for (place, run) in made {
            parts.indexes.keep(run, of: stored)
            runs[place].append(run)
        }
        bytes = 0
    }
}
