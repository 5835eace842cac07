import CairnCore
import CairnSchema
import MemoryStorage

/// A store as of one commit: the newest manifest up to it, and what the log did since.
///
/// The problem: record files and index files lag behind the log. The idea: readers look first at an overlay of all that
/// changed since the manifest, and of what the manifest says may not be written yet; what the overlay does not have, the files have.
/// So every commit is visible at once, and files are written whenever it suits.
///
/// Invariant: for every record changed by a commit up to `number`, either the overlay has its image, or its file has a `commit`
/// not less than that change. A view is a value: later commits make other views, and leave this one as it is.
struct View: Sendable {
    let manifest: ManifestBox
    let schema: Schema
    /// The number of the commit it shows.
    private(set) var number: Int
    /// The SHA-256 of that commit record.
    private(set) var hash: [UInt8]
    /// The time of the newest commit. No later commit has an earlier one.
    private(set) var time: Timestamp
    /// By position.
    private(set) var tables: [TableOverlay]
    /// Receipts of idempotency keys that are not in an index file yet, by the bytes of the key.
    private(set) var receipts: [[UInt8]: Manifest.KeptReceipt]
    /// That the store is closed for writing; nil when it is open.
    private(set) var closing: Closing?

    /// A manifest on its own.
    init(_ manifest: Manifest, _ schema: Schema) {
        let box = ManifestBox(manifest, schema)
        self.manifest = box
        self.schema = schema
        number = manifest.covers
        hash = manifest.head
        time = manifest.time
        tables = schema.tables.map { table in
            let state = box.states[table.position]
            return TableOverlay(table, count: state?.count ?? 0, revisionFloor: state?.revisionFloor ?? 0)
        }
        closing = manifest.closing
        receipts = Dictionary(
            manifest.receipts.map { (Array($0.key.utf8), $0) }, uniquingKeysWith: { _, later in later })
        for record in manifest.pending { tables[record.table.position].recall(record) }
    }

    /// Goes on by one commit record.
    mutating func append(_ record: CommitRecord, hash: [UInt8]) {
        number = record.number
        self.hash = hash
        time = max(time, record.time)
        for transaction in record.transactions {
            for operation in transaction.operations { apply(operation) }
            if let receipt = Manifest.KeptReceipt(transaction, of: record) {
                receipts[Array(receipt.key.utf8)] = receipt
            }
        }
        switch record.kind {
        case .close:
            let note = record.note ?? MaintenanceNote(by: "somebody", reason: "no reason given", until: record.time)
            closing = Closing(number: record.number, note: note)
        case .open:
            closing = nil
            for floor in record.floors {
                guard let place = tables.firstIndex(where: { Utf8.equal($0.table.name, floor.table) }) else { continue }
                tables[place].raiseFloor(to: floor.revision)
            }
        case .commit, .empty, .schema: break
        }
    }

    /// The ``RevisionFloor`` of each table that has one.
    var floors: [RevisionFloor] {
        tables.filter { $0.revisionFloor > 0 }.map { RevisionFloor(table: $0.table.name, revision: $0.revisionFloor) }
    }

    /// Applies what a transaction did to a record: of the log, or of one's own that is not committed yet.
    mutating func apply(_ operation: LoggedOperation) {
        tables[operation.table.position].apply(operation)
    }
}

/// A manifest with what is looked up in it often. A class, so that the many views of one manifest share it.
final class ManifestBox: Sendable {
    let manifest: Manifest
    /// For each table of the schema, its state; nil when the manifest has none.
    let states: [Manifest.TableState?]
    /// For each table, the runs of its primary index and of its indexes by position, from the oldest to the newest.
    private let primaries: [[IndexRun]]
    private let secondaries: [[[IndexRun]]]

    init(_ manifest: Manifest, _ schema: Schema) {
        self.manifest = manifest
        states = schema.tables.map { table in manifest.tables.first { $0.name == table.name } }
        primaries = states.map { state in state?.indexes.first { $0.name.isEmpty }?.runs ?? [] }
        secondaries = zip(schema.tables, states).map { table, state in
            table.indexes.map { index in state?.indexes.first { $0.name == index.name }?.runs ?? [] }
        }
    }

    /// The runs of an index; nil is the primary one.
    func runs(_ table: Table, _ index: Index?) -> [IndexRun] {
        index.map { secondaries[table.position][$0.position] } ?? primaries[table.position]
    }

    /// The number of the commit that made a table.
    func since(_ table: Table) -> Int { states[table.position]?.since ?? 0 }
}

/// What changed in one table since the manifest.
struct TableOverlay: Sendable {
    let table: Table
    let keyLayout: KeyLayout
    let indexLayouts: [KeyLayout]
    /// How many records the table has.
    private(set) var count: Int
    /// Records by encoded key.
    private(set) var records = OrderedMap<RecordImage>()
    /// For each index, by encoded entry, the encoded key of the record that has it now; nil for an entry that is gone.
    private(set) var indexes: [OrderedMap<[UInt8]?>]
    /// The ``RevisionFloor`` of the table.
    private(set) var revisionFloor: Int

    init(_ table: Table, count: Int, revisionFloor: Int = 0) {
        self.table = table
        self.count = count
        self.revisionFloor = revisionFloor
        keyLayout = KeyLayout(keyOf: table)
        indexLayouts = table.indexes.map { KeyLayout($0, of: table) }
        indexes = table.indexes.map { _ in OrderedMap() }
    }

    func layout(of index: Index?) -> KeyLayout { index.map { indexLayouts[$0.position] } ?? keyLayout }

    /// The key that an encoded key stands for; nil for bytes that are none.
    func key(_ bytes: [UInt8]) -> Key? {
        guard let values = keyLayout.decode(bytes), let first = values.first else { return nil }
        return Key(first, Array(values.dropFirst()))
    }

    /// The key of the record an entry of an index stands for; nil for bytes that are no entry.
    func key(ofEntry bytes: [UInt8], in index: Index?) -> Key? {
        guard let index else { return key(bytes) }
        let layout = indexLayouts[index.position]
        guard let values = layout.decode(bytes) else { return nil }
        let parts = table.key.compactMap { column in layout.parts.firstIndex { $0.column == column } }
        guard parts.count == table.key.count else { return nil }
        return Key(values[parts[0]], parts.dropFirst().map { values[$0] })
    }

    /// A record that the manifest's indexes know already, and whose file may not be there yet.
    mutating func recall(_ pending: Manifest.PendingRecord) {
        records.set(keyLayout.encode(pending.key), pending.image)
    }

    mutating func raiseFloor(to revision: Int) { revisionFloor = max(revisionFloor, revision) }

    mutating func apply(_ operation: LoggedOperation) {
        let key = keyLayout.encode(operation.key)
        records.set(key, operation.after)
        count += operation.countChange
        for (position, layout) in indexLayouts.enumerated() {
            let old = operation.before?.values.flatMap(layout.entry)
            let new = operation.after.values.flatMap(layout.entry)
            // An entry that stays is set all the same: what it covers may have changed.
            if let old, old != new { indexes[position].set(old, nil) }
            if let new { indexes[position].set(new, key) }
        }
    }
}
