import CairnCore

/// One entry of an index: the bytes it is sorted by, and what the index says of it.
package struct IndexEntry: Sendable, Hashable {
    /// The encoded entry: comparing these bytes compares entries (see `KeyLayout`).
    package var key: [UInt8]
    /// An ``IndexPayload`` in bytes. Merging copies it without looking at more than its first byte.
    package var payload: [UInt8]

    package init(key: [UInt8], payload: [UInt8]) {
        self.key = key
        self.payload = payload
    }

    package init(key: [UInt8], _ payload: IndexPayload) {
        self.init(key: key, payload: payload.encoded)
    }

    /// What the index says of the entry.
    /// - Throws: `storage.damaged` for bytes that Cairn did not write.
    package func content() throws -> IndexPayload {
        guard let content = IndexPayload(decoding: payload) else {
            throw StorageError.damagedIndex("an entry of \(payload.count) bytes says nothing that Cairn knows")
        }
        return content
    }
}

/// What an index says of an entry.
///
/// | kind | bytes behind it |
/// |---|---|
/// | `00` removed | none |
/// | `01` present | what the index covers; any bytes |
/// | `02` record | revision, commit (varints), then 16 bytes of digest or none |
/// | `03` tombstone | revision, commit (varints) |
///
/// Secondary indexes have the first two, the primary index the others. The kind comes first, so that merging knows what is
/// gone without decoding the rest.
package enum IndexPayload: Sendable, Hashable {
    /// Of a secondary index: the entry is gone. It hides the equal one of an older run.
    case removed
    /// Of a secondary index: the entry is there. `included` is what the index covers, empty when that is nothing.
    case present(included: [UInt8])
    /// Of the primary index: the record is there. `digest` is the MD5 of its file, or empty.
    case record(revision: Int, commit: Int, digest: [UInt8])
    /// Of the primary index: the record was deleted. Kept until a purge, because its next revision follows this one.
    case tombstone(revision: Int, commit: Int)

    /// Bytes of a digest.
    package static let digestBytes = 16

    /// The first byte of a payload.
    enum Kind: UInt8 {
        case removed = 0
        case present = 1
        case record = 2
        case tombstone = 3

        /// Whether a reader sees the entry.
        var isLive: Bool { self == .present || self == .record }
    }

    /// The payload in bytes. Revision and commit are not negative; a digest has 16 bytes or none.
    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        switch self {
        case .removed:
            bytes.append(Kind.removed.rawValue)
        case .present(let included):
            bytes.reserveCapacity(included.count + 1)
            bytes.append(Kind.present.rawValue)
            bytes.append(contentsOf: included)
        case .record(let revision, let commit, let digest):
            precondition(
                digest.isEmpty || digest.count == IndexPayload.digestBytes, "a digest of \(digest.count) bytes")
            bytes.reserveCapacity(digest.count + 16)
            bytes.append(Kind.record.rawValue)
            Varint.append(revision, to: &bytes)
            Varint.append(commit, to: &bytes)
            bytes.append(contentsOf: digest)
        case .tombstone(let revision, let commit):
            bytes.append(Kind.tombstone.rawValue)
            Varint.append(revision, to: &bytes)
            Varint.append(commit, to: &bytes)
        }
        return bytes
    }

    /// The payload that bytes stand for; nil when they are none.
    package init?(decoding bytes: [UInt8]) {
        guard let kind = bytes.first.flatMap(Kind.init) else { return nil }
        switch kind {
        case .removed:
            guard bytes.count == 1 else { return nil }
            self = .removed
        case .present:
            self = .present(included: Array(bytes[1...]))
        case .record, .tombstone:
            let numbers = bytes.withUnsafeBytes { buffer -> (revision: Int, commit: Int, end: Int)? in
                var reader = IndexBytesReader(buffer, from: 1)
                guard let revision = reader.varint(), let commit = reader.varint() else { return nil }
                return (revision, commit, reader.place)
            }
            guard let numbers else { return nil }
            let digest = Array(bytes[numbers.end...])
            if kind == .tombstone {
                guard digest.isEmpty else { return nil }
                self = .tombstone(revision: numbers.revision, commit: numbers.commit)
            } else {
                guard digest.isEmpty || digest.count == IndexPayload.digestBytes else { return nil }
                self = .record(revision: numbers.revision, commit: numbers.commit, digest: digest)
            }
        }
    }
}

extension StorageError {
    /// An index file is not what Cairn wrote.
    /// - Parameter file: The id of the file, where it is known.
    static func damagedIndex(_ message: String, file: String? = nil) -> StorageError {
        let place = file.map { "index file '\(ObjectNames.index($0))'" } ?? "an index file"
        return StorageError(
            .damaged, "\(place): \(message)",
            remedy: "rebuild the indexes from the record files, which lose nothing by it: run cairn rebuild")
    }
}
