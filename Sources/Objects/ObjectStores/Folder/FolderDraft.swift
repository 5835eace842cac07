import CairnSchema

#if canImport(FoundationEssentials)
    import struct FoundationEssentials.Date
#else
    import struct Foundation.Date
#endif

/// A file nobody sees yet: bytes on their way into a store. Gone with the last reference unless it was moved.
///
/// It stands in the folder of a writer, and goes with what a killed writer leaves.
final class FolderDraft {
    private let folder: OpenFile
    private let name = "draft-" + Hex.encode((0..<8).map { _ in UInt8.random(in: 0...255) })
    private let file: OpenFile
    private var isMoved = false
    private var hash: SHA256Stream?
    /// How many bytes it has.
    private(set) var size = 0
    /// When its bytes were changed, in nanoseconds from 1970; 0 until it is dated.
    private(set) var time: Int64 = 0
    /// The SHA-256 of the bytes; empty until it is dated, and unless it was asked for.
    private(set) var digest: [UInt8] = []

    /// An empty file.
    /// - Parameter hashes: Whether ``digest`` is wanted.
    init(in folder: OpenFile, hashes: Bool = false) throws {
        self.folder = folder
        hash = hashes ? SHA256Stream() : nil
        file = try Files.create(folder, name)
    }

    deinit {
        if !isMoved { try? Files.remove(folder, name) }
    }

    /// Writes behind what was written before.
    func write(_ bytes: [UInt8]) throws {
        try Files.write(file, bytes)
        size += bytes.count
        bytes.withUnsafeBytes { hash?.update($0) }
    }

    /// Ends the writing: says when the bytes were changed.
    func date(_ nanoseconds: Int64) throws {
        try Files.setTime(file, nanoseconds)
        time = nanoseconds
        if let digest = hash.take()?.finish() { self.digest = digest }
    }

    /// Waits until the bytes are on the disk.
    func sync() throws { try Files.sync(file) }

    /// The mark it will have as an object.
    func etag() throws -> ETag { try Files.status(file).etag }

    /// Gives it its name; what had the name is gone.
    /// - Parameter isNew: Fails where something has the name.
    func move(to folder: OpenFile, _ name: String, isNew: Bool = false) throws {
        if isNew {
            try Files.moveToFree(self.folder, self.name, to: folder, name)
        } else {
            try Files.move(self.folder, self.name, to: folder, name)
        }
        isMoved = true
    }
}

extension FolderDraft {
    /// When its bytes were changed.
    var date: Date { Date(timeIntervalSince1970: Double(time) / 1e9) }
}
