import CairnCore
import ObjectStores

/// What an index file says of itself before its first section.
package struct IndexFileHeader: Sendable, Hashable {
    /// The format of the file.
    package var format: Int
    /// Features without which a program must not read it.
    package var needs: [String]
    /// The store it belongs to.
    package var store: String

    package init(format: Int = StoreFormat.current, needs: [String] = [], store: String) {
        self.format = format
        self.needs = needs
        self.store = store
    }

    private static let magic = Array("CairnIdx".utf8)

    /// The header in bytes.
    package var encoded: [UInt8] {
        var body: [UInt8] = []
        Varint.append(format, to: &body)
        Varint.append(needs.count, to: &body)
        for text in needs + [store] {
            Varint.append(text.utf8.count, to: &body)
            body.append(contentsOf: text.utf8)
        }
        let length = withUnsafeBytes(of: UInt32(body.count).littleEndian, Array.init)
        let checksum = withUnsafeBytes(of: CRC32C.of(length + body).littleEndian, Array.init)
        return IndexFileHeader.magic + length + checksum + body
    }

    /// The header of a file.
    /// - Parameter bytes: The beginning of the file, or all of it.
    /// - Throws: `storage.damaged` when it is no index file; `storage.upgrade_required` when a newer Cairn wrote it.
    package init(decoding bytes: [UInt8], file: String) throws {
        let header = bytes.withUnsafeBytes { IndexFileHeader.decode($0) }
        guard let header else { throw StorageError.damagedIndex("the header is none", file: file) }
        let unknown = header.needs.filter { !StoreFormat.features.contains($0) }
        guard header.format <= StoreFormat.current, unknown.isEmpty else {
            let what = unknown.isEmpty ? "format \(header.format)" : unknown.joined(separator: ", ")
            throw StorageError(
                .upgradeRequired, "index file '\(ObjectNames.index(file))' needs \(what)",
                remedy: "use a newer version of Cairn")
        }
        self = header
    }

    private static func decode(_ bytes: UnsafeRawBufferPointer) -> IndexFileHeader? {
        var outer = IndexBytesReader(bytes)
        guard let magic = outer.take(IndexFileHeader.magic.count), magic.elementsEqual(IndexFileHeader.magic),
            let length = outer.word(), let checksum = outer.word(), let body = outer.take(length),
            checksum == Int(IndexBlockFormat.checksum(bytes, at: IndexFileHeader.magic.count, body))
        else { return nil }
        var reader = IndexBytesReader(body)
        // What a later format has behind its number, only a later version can read.
        guard let format = reader.varint() else { return nil }
        guard format <= StoreFormat.current else { return IndexFileHeader(format: format, store: "") }
        guard let count = reader.varint(), count <= reader.rest else { return nil }
        var needs: [String] = []
        for _ in 0..<count {
            guard let text = reader.text() else { return nil }
            needs.append(text)
        }
        guard let store = reader.text(), reader.rest == 0 else { return nil }
        return IndexFileHeader(format: format, needs: needs, store: store)
    }
}
