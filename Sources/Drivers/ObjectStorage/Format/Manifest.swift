package import CairnCore
package import CairnSchema

/// What a checkpoint says of the store as of one commit: which index files together are its indexes, and which record files
/// may not be written yet.
///
/// A reader needs the newest manifest and the log behind it, and nothing else. Manifests are created once and never changed;
/// their names run backwards, so that a listing of one entry finds the newest.
package struct Manifest: Sendable, Hashable {
    /// The store it belongs to.
    package var store: String
    /// From 1, one more for each.
    package var version: Int
    /// The number of the last commit it covers; 0 for an empty store.
    package var covers: Int
    /// The SHA-256 of that commit record; zeros for 0.
    package var head: [UInt8]
    /// All log records up to this number may be gone. Never less than in the manifest before.
    package var collected: Int
    /// The schema as of `covers`.
    package var schema: SchemaID
    /// When it was made.
    package var time: Timestamp
    /// The tables, in the order of the schema.
    package var tables: [TableState]
    /// Receipts of idempotency keys in the manifest itself. This version writes none; earlier ones wrote all here.
    package var receipts: [KeptReceipt]
    /// Receipts of idempotency keys of the last 24 hours, from the oldest run to the newest: of equal keys, the newest counts.
    package var receiptRuns: [ReceiptRun]
    /// Records changed up to `covers` whose files are not known to be written.
    package var pending: [PendingRecord]
    /// That the store is closed for writing as of `covers`; nil when it is open.
    package var closing: Closing?
    /// The migrations up to `covers`, the oldest first: record files of commits before them follow earlier schemas.
    package var eras: [SchemaEra]

    package init(
        store: String, version: Int, covers: Int, head: [UInt8], collected: Int, schema: SchemaID, time: Timestamp,
        tables: [TableState], receipts: [KeptReceipt] = [], receiptRuns: [ReceiptRun] = [],
        pending: [PendingRecord] = [],
        closing: Closing? = nil, eras: [SchemaEra] = []
    ) {
        self.store = store
        self.version = version
        self.covers = covers
        self.head = head
        self.collected = collected
        self.schema = schema
        self.time = time
        self.tables = tables
        self.receipts = receipts
        self.receiptRuns = receiptRuns
        self.pending = pending
        self.closing = closing
        self.eras = eras
    }

    /// One table.
    package struct TableState: Sendable, Hashable {
        package var name: String
        /// The number of the commit that created it: a record file of a lower commit is of another table of that name.
        package var since: Int
        /// How many records it has.
        package var count: Int
        /// Its indexes: the primary one first, then in the order of the schema.
        package var indexes: [IndexState]
        /// The ``RevisionFloor`` of the table; 0 when nothing was forgotten.
        package var revisionFloor: Int

        package init(name: String, since: Int, count: Int, indexes: [IndexState], revisionFloor: Int = 0) {
            self.name = name
            self.since = since
            self.count = count
            self.indexes = indexes
            self.revisionFloor = revisionFloor
        }
    }

    /// One index: runs of entries from the oldest to the newest. An entry of a later run hides the equal one of an earlier.
    package struct IndexState: Sendable, Hashable {
        /// Empty for the primary index.
        package var name: String
        package var runs: [IndexRun]

        package init(name: String, runs: [IndexRun] = []) {
            self.name = name
            self.runs = runs
        }
    }

    /// A receipt kept for its idempotency key.
    package struct KeptReceipt: Sendable, Hashable {
        package var key: String
        /// The SHA-256 of the batch.
        package var digest: [UInt8]
        /// The number of the commit record, and the id of the transaction in it.
        package var number: Int
        package var transaction: String
        package var time: Timestamp
        package var results: [RecordMetadata]

        package init(
            key: String, digest: [UInt8], number: Int, transaction: String, time: Timestamp, results: [RecordMetadata]
        ) {
            self.key = key
            self.digest = digest
            self.number = number
            self.transaction = transaction
            self.time = time
            self.results = results
        }
    }

    /// A record whose file is not known to be written.
    package struct PendingRecord: Sendable, Hashable {
        package var table: Table
        package var key: Key
        package var image: RecordImage

        package init(table: Table, key: Key, image: RecordImage) {
            self.table = table
            self.key = key
            self.image = image
        }
    }
}

/// A sorted run of entries of one index: a section of an index file.
package struct IndexRun: Sendable, Hashable {
    /// The id of the index file.
    package var file: String
    /// Where the blocks of the section begin in the file, and how many bytes they are.
    package var offset: Int
    package var length: Int
    /// Where the directory of its blocks begins; it is `directoryLength` bytes. 0 and 0 for a section of one block.
    package var directoryOffset: Int
    package var directoryLength: Int
    /// How many entries it has.
    package var count: Int
    /// The first and the last entry.
    package var first: [UInt8]
    package var last: [UInt8]
    /// Its filter; nil when it has none: it is small, or nobody asks for absent entries of the index, or an older version wrote it.
    package var filter: Filter?

    /// Where the ``IndexFilter`` of a run lies in its file.
    package struct Filter: Sendable, Hashable {
        package var offset: Int
        package var length: Int
        /// How many equally long pieces it has.
        package var pieces: Int

        package init(offset: Int, length: Int, pieces: Int) {
            self.offset = offset
            self.length = length
            self.pieces = pieces
        }
    }

    package init(
        file: String, offset: Int, length: Int, directoryOffset: Int, directoryLength: Int, count: Int, first: [UInt8],
        last: [UInt8], filter: Filter? = nil
    ) {
        self.file = file
        self.offset = offset
        self.length = length
        self.directoryOffset = directoryOffset
        self.directoryLength = directoryLength
        self.count = count
        self.first = first
        self.last = last
        self.filter = filter
    }
}
