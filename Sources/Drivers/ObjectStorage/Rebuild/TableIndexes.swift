import CairnCore
import CairnSchema

/// The entries of all indexes of one table, made from its records.
///
/// In memory: about a hundred bytes for each record and index, for the table that is being read; then, of all tables, what the index
/// files will be, which is half of that or less. A table of a million records with three indexes takes 400 MB while it is read.
struct TableIndexes: Sendable {
    let overlay: TableOverlay
    /// The primary one, then those of the table.
    private var entries: [[IndexEntry]]
    private let included: [IncludedColumns]

    private(set) var records = 0
    private(set) var deleted = 0

    var table: Table { overlay.table }

    init(_ table: Table) {
        overlay = TableOverlay(table, count: 0)
        entries = [[IndexEntry]](repeating: [], count: 1 + table.indexes.count)
        included = table.indexes.map { IncludedColumns($0, of: table) }
    }

    // MARK: Filling

    /// Adds a record.
    /// - Parameters:
    ///   - key: Its encoded key.
    ///   - digest: The MD5 of its file.
    mutating func add(_ key: [UInt8], _ image: RecordImage, digest: [UInt8]) {
        let (revision, commit) = (image.metadata.revision, image.commit)
        guard let values = image.values else {
            deleted += 1
            entries[0].append(IndexEntry(key: key, .tombstone(revision: revision, commit: commit)))
            return
        }
        records += 1
        entries[0].append(IndexEntry(key: key, .record(revision: revision, commit: commit, digest: digest)))
        for (place, layout) in overlay.indexLayouts.enumerated() {
            guard let entry = layout.entry(of: values) else { continue }
            let covered = included[place].encode(values, image.metadata)
            entries[place + 1].append(IndexEntry(key: entry, .present(included: covered)))
        }
    }

    mutating func sort() {
        for place in entries.indices { entries[place].sort { KeyBytes.isLess($0.key, $1.key) } }
    }

    // MARK: Checking

    /// The commit of a record, be it deleted, by its encoded key; nil when there is none. Only when sorted.
    func commit(_ key: [UInt8]) -> Int? {
        var (low, high) = (0, entries[0].count)
        while low < high {
            let middle = (low + high) / 2
            if KeyBytes.isLess(entries[0][middle].key, key) { low = middle + 1 } else { high = middle }
        }
        guard low < entries[0].count, entries[0][low].key == key else { return nil }
        switch try? entries[0][low].content() {
        case .record(_, let commit, _), .tombstone(_, let commit): return commit
        case .removed, .present, nil: return nil
        }
    }

    /// The encoded keys of the records.
    var liveKeys: Set<[UInt8]> {
        Set(entries[0].lazy.filter { $0.payload.first == IndexPayload.Kind.record.rawValue }.map(\.key))
    }

    /// Hears of each record that has the values of another one in a unique index. Only when sorted.
    func eachDuplicate(_ body: (Index, _ key: Key, _ other: Key) -> Void) {
        for index in table.indexes where index.isUnique {
            let layout = overlay.indexLayouts[index.position]
            var last: (values: [Value], key: Key)?
            for entry in entries[index.position + 1] {
                guard let values = layout.decode(entry.key), let key = overlay.key(ofEntry: entry.key, in: index) else {
                    continue
                }
                let unique = Array(values.prefix(index.parts.count))
                if unique.contains(where: \.isNull) { continue }
                if let last, last.values == unique { body(index, key, last.key) }
                last = (unique, key)
            }
        }
    }

    /// Hears of each reference of each record. Only when sorted.
    func eachReference(_ body: (Reference, _ key: Key, _ target: Value) -> Void) {
        for reference in table.references {
            let index = reference.index.map { table.indexes[$0] }
            let layout = overlay.layout(of: index)
            for entry in entries[index.map { $0.position + 1 } ?? 0] {
                guard entry.payload.first != IndexPayload.Kind.tombstone.rawValue,
                    let target = layout.decode(entry.key)?.first, !target.isNull,
                    let key = overlay.key(ofEntry: entry.key, in: index)
                else { continue }
                body(reference, key, target)
            }
        }
    }

    // MARK: Files

    /// The index files of the table, and what a manifest says of them. Only when sorted.
    /// - Parameter name: Makes the id of a file.
    func files(
        store: String, name: () -> String
    ) -> (indexes: [Manifest.IndexState], files: [(id: String, bytes: [UInt8])]) {
        var files: [(id: String, bytes: [UInt8])] = []
        var indexes: [Manifest.IndexState] = []
        var writer = IndexFileWriter(store: store)
        var file = name()
        let names = [""] + table.indexes.map(\.name)
        let filters = [nil] + table.indexes.map(Optional.some)
        for ((index, filtered), entries) in zip(zip(names, filters), entries) {
            let filter = IndexFilterKeys(filtered, of: table)
            var runs: [IndexRun] = []
            writer.begin(filter: filter)
            var start = writer.byteCount
            for entry in entries {
                if writer.byteCount - start >= IndexCompaction.splitBytes {
                    if let run = writer.endSection(file: file) { runs.append(run) }
                    files.append((file, writer.finish()))
                    writer = IndexFileWriter(store: store)
                    file = name()
                    writer.begin(filter: filter)
                    start = writer.byteCount
                }
                writer.append(entry)
            }
            if let run = writer.endSection(file: file) { runs.append(run) }
            indexes.append(Manifest.IndexState(name: index, runs: runs))
        }
        if indexes.contains(where: { $0.runs.contains { $0.file == file } }) { files.append((file, writer.finish())) }
        return (indexes, files)
    }
}
