import CairnCore
package import CairnSchema

/// Manifests as JSON, without white space. Entries of indexes and hashes are hexadecimal digits.
///
/// Tables and indexes are found by their names when a manifest is read: the programs that share a store may declare them in
/// different orders.
package enum ManifestJSON {
    /// The bytes of a manifest.
    package static func encode(_ manifest: Manifest) -> [UInt8] {
        var writer = JSONWriter(capacity: 4096)
        write(manifest, to: &writer)
        return Seal.put(on: writer.bytes)
    }

    /// Writes a manifest as a value.
    static func write(_ manifest: Manifest, to writer: inout JSONWriter) {
        writer.object { writer in
            var needs = manifest.receiptRuns.isEmpty ? [] : [StoreFormat.receiptRuns]
            if !manifest.eras.isEmpty { needs.append(StoreFormat.migrations) }
            if manifest.eras.contains(where: \.isConverted) { needs.append(StoreFormat.conversions) }
            if manifest.eras.contains(where: \.hasKeptValues) { needs.append(StoreFormat.keptValues) }
            Requirements.write(needs: needs, to: &writer)
            writer.name("store")
            writer.string(manifest.store)
            writer.name("group")
            writer.plain("main")
            writer.name("version")
            writer.int(manifest.version)
            writer.name("covers")
            writer.int(manifest.covers)
            writer.name("head")
            writer.plain(Hex.encode(manifest.head))
            writer.name("collected")
            writer.int(manifest.collected)
            writer.name("schema")
            writer.plain(manifest.schema.description)
            writer.name("at")
            writer.timestamp(manifest.time)
            if let closing = manifest.closing { write(closing, to: &writer) }
            if !manifest.eras.isEmpty { list("migrations", manifest.eras, to: &writer) { $0.write(to: &$1) } }
            list("tables", manifest.tables, to: &writer, write)
            list("receipts", manifest.receipts, to: &writer, write)
            if !manifest.receiptRuns.isEmpty { list("receipt_runs", manifest.receiptRuns, to: &writer, write) }
            var codecs = ColumnCodecs()
            list("pending", manifest.pending, to: &writer) { write($0, &codecs, to: &$1) }
        }
    }

    private static func list<Element>(
        _ name: String, _ elements: [Element], to writer: inout JSONWriter,
        _ write: (Element, inout JSONWriter) -> Void
    ) {
        writer.name(name)
        writer.array { writer in
            for element in elements {
                writer.element()
                write(element, &writer)
            }
        }
    }

    private static func write(_ closing: Closing, to writer: inout JSONWriter) {
        writer.name("closed")
        writer.object { writer in
            writer.name("seq")
            writer.int(closing.number)
            writer.name("by")
            writer.string(closing.note.by)
            writer.name("reason")
            writer.string(closing.note.reason)
            writer.name("until")
            writer.timestamp(closing.note.until)
        }
    }

    private static func write(_ table: Manifest.TableState, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.name("name")
            writer.string(table.name)
            writer.name("since")
            writer.int(table.since)
            writer.name("count")
            writer.int(table.count)
            if table.revisionFloor > 0 {
                writer.name("revision_floor")
                writer.int(table.revisionFloor)
            }
            list("indexes", table.indexes, to: &writer, write)
        }
    }

    private static func write(_ index: Manifest.IndexState, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.name("name")
            writer.string(index.name)
            list("runs", index.runs, to: &writer, write)
        }
    }

    private static func write(_ receipts: ReceiptRun, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.name("oldest")
            writer.timestamp(receipts.oldest)
            writer.name("newest")
            writer.timestamp(receipts.newest)
            writer.name("run")
            write(receipts.run, to: &writer)
        }
    }

    private static func write(_ run: IndexRun, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.name("file")
            writer.string(run.file)
            writer.name("offset")
            writer.int(run.offset)
            writer.name("length")
            writer.int(run.length)
            if run.directoryLength != 0 {
                writer.name("directory_offset")
                writer.int(run.directoryOffset)
                writer.name("directory_length")
                writer.int(run.directoryLength)
            }
            writer.name("count")
            writer.int(run.count)
            writer.name("first")
            writer.plain(Hex.encode(run.first))
            writer.name("last")
            writer.plain(Hex.encode(run.last))
            if let filter = run.filter {
                writer.name("filter_offset")
                writer.int(filter.offset)
                writer.name("filter_length")
                writer.int(filter.length)
                writer.name("filter_pieces")
                writer.int(filter.pieces)
            }
        }
    }

    private static func write(_ receipt: Manifest.KeptReceipt, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.name("key")
            writer.string(receipt.key)
            writer.name("digest")
            writer.plain(Hex.encode(receipt.digest))
            writer.name("seq")
            writer.int(receipt.number)
            writer.name("transaction")
            writer.string(receipt.transaction)
            writer.name("at")
            writer.timestamp(receipt.time)
            writer.name("results")
            ResultsJSON.write(receipt.results, to: &writer)
        }
    }

    private static func write(
        _ record: Manifest.PendingRecord, _ codecs: inout ColumnCodecs, to writer: inout JSONWriter
    ) {
        let columns = codecs.codec(of: record.table)
        writer.object { writer in
            writer.name("table")
            writer.string(record.table.name)
            writer.name("id")
            writer.string(KeyText.encode(record.key))
            writer.name("image")
            ImageJSON.write(record.image, columns, hasCommit: true, to: &writer)
        }
    }

    /// Reads a manifest.
    /// - Parameters:
    ///   - name: The name of the object, which says the version of the manifest.
    ///   - schema: Gives the schema of an id. Its errors are passed on.
    /// - Throws: `storage.damaged` naming the object, `storage.upgrade_required`.
    package static func decode(
        _ bytes: [UInt8], name: String, schema: (SchemaID) throws -> Schema
    ) throws -> Manifest {
        try StoredObject.read(bytes, name, isSealed: true) { scanner in
            var reader = ManifestReader(name: name)
            return try reader.read(&scanner, schema)
        }
    }
}
