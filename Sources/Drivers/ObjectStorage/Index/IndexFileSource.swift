import CairnCore
package import ObjectStores

/// Where index files are read from.
package protocol IndexFileSource: Sendable {
    /// Bytes of an index file. One request, and one more for each answer that breaks off.
    /// - Parameters:
    ///   - file: The id of the file.
    ///   - range: Not empty.
    /// - Returns: Exactly as many bytes as asked for.
    /// - Throws: ``IndexFileMissing``; `storage.damaged` when the file is too short; other errors of a store.
    func bytes(file: String, range: Range<Int>) async throws -> [UInt8]
}

/// An index file is not there. It was removed after a newer manifest came to stand without it; or the store is damaged, when
/// the newest manifest names it.
package struct IndexFileMissing: Error, Sendable, Hashable {
    /// The id of the file.
    package let file: String

    package init(file: String) { self.file = file }
}

/// The index files of an object store.
package struct ObjectIndexFiles: IndexFileSource {
    private let objects: any ObjectStore
    private let store: String?

    /// - Parameter store: The id of the store whose files they are; nil: whosesoever they are.
    package init(_ objects: any ObjectStore, of store: String? = nil) {
        self.objects = objects
        self.store = store
    }

    package func bytes(file: String, range: Range<Int>) async throws -> [UInt8] {
        let name = ObjectNames.index(file)
        let access = StoreAccess(objects: objects)
        do {
            let (_, bytes) = try await access.fetch(
                name, range: .closed(range.lowerBound...range.upperBound - 1))
            guard bytes.count == range.count else { throw tooShort(file, range) }
            return bytes
        } catch let error as ObjectStoreError {
            switch error.code {
            case .notFound:
                // Of a cache, it proves nothing.
                try access.check(error.answer, name)
                // One that the newest manifest names was not collected: it was lost.
                if try await isNeeded(file) { throw StorageError.damagedIndex("it is missing", file: file) }
                throw IndexFileMissing(file: file)
            case .rangeNotSatisfiable: throw tooShort(file, range)
            default: throw StoreAccess.storageError(error, name)
            }
        }
    }

    /// Whether the newest manifest names a file.
    private func isNeeded(_ file: String) async throws -> Bool {
        let access = StoreAccess(objects: objects)
        let owner = store.map { Ownership(access: access, store: $0) }
        let newest = try await access.newestManifest(of: owner) { object, name in
            let text = String(decoding: object.bytes, as: UTF8.self)
            if let owner, !text.contains("\"\(owner.store)\"") {
                throw StoredObject.damaged(name, "it does not name the store '\(owner.store)'")
            }
            // The id has random digits: where it stands, it is the name of this file.
            return text.contains("\"\(file)\"")
        }
        return newest?.value ?? false
    }

    private func tooShort(_ file: String, _ range: Range<Int>) -> StorageError {
        .damagedIndex("it has fewer than \(range.upperBound) bytes", file: file)
    }
}
