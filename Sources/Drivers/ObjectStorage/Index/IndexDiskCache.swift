import CairnCore
import CairnSchema
import ObjectStores

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Blocks of index files in a folder, for processes to come and for others on the same machine.
///
/// Index files never change, and their ids have random digits, so what is here is never stale. One file of the folder has one block, one
/// directory or one piece of a filter: the frame by which it lies in the index file. Its name is made of the store's id, the
/// file and the place, and what it holds says the same again, under a checksum: damage, what somebody else put there, and what is of
/// another store is taken for nothing, and asked of the store.
///
/// Nothing here ever fails a read: a folder that cannot be read is empty, one that cannot be written stays as it is.
///
/// Bounded: when what it has comes to the limit, the files that were read longest ago go, until a quarter is free. Each process
/// counts what it writes, and looks at the folder again after a sixteenth of the limit; so several that write at the same
/// time exceed it by no more than that each. Only files with names of its own form are ever removed.
final class IndexDiskCache: Sendable {
    private struct State {
        /// Bytes in the folder as far as this process knows; nil when it has not looked.
        var total: Int?
        /// Bytes written since it looked.
        var written = 0
        /// Writes that failed one after the other.
        var failures = 0
        var nextID = 0
    }

    private let folder: String
    private let store: String
    private let limit: Int
    private let process = UInt64.random(in: 0...UInt64.max)
    private let state = Lock(State())

    /// - Parameters:
    ///   - folder: Is made if it is not there.
    ///   - store: The id of the store.
    ///   - bytes: What the folder may take.
    init(folder: String, store: String, bytes: Int) {
        self.folder = folder
        self.store = store
        limit = bytes
    }

    /// Failures one after the other at which it is no longer tried to write.
    private static let failureLimit = 8
    private static let magic = Array("CairnBlk".utf8)
    private static let suffix = ".block"
    private static let unfinishedSuffix = ".new"
    /// Nanoseconds after which a file that was begun and not finished is nobody's any more.
    private static let unfinishedAge: Int64 = 600_000_000_000

    /// Nanoseconds after which it is noted that a file was read again.
    private static let timeStep: Int64 = 60_000_000_000

    // MARK: Reading

    /// What is here of a part of an index file: frames from its beginning on, none beyond its end.
    func bytes(_ file: String, _ range: Range<Int>) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < range.count {
            guard let frame = frame(file, range.lowerBound + bytes.count), frame.count <= range.count - bytes.count
            else { break }
            bytes += frame
        }
        return bytes
    }

    private func frame(_ file: String, _ offset: Int) -> [UInt8]? {
        let identity = identity(file, offset)
        let path = "\(folder)/\(name(identity))"
        guard let open = try? Files.reading(path), let status = try? Files.status(open),
            status.kind == .file, status.size <= IndexReader.requestBytes * 4,
            let content = try? Files.read(open, at: 0, count: status.size),
            let frame = IndexDiskCache.decode(content, identity)
        else { return nil }
        // It goes later than what nobody reads.
        if IndexDiskCache.now() - status.time > IndexDiskCache.timeStep {
            try? FileManager.default.setAttributes([.modificationDate: StoreDate(Timestamp.now)], ofItemAtPath: path)
        }
        return frame
    }

    /// What stands in a file of the folder; nil when it is not what was written for this place.
    private static func decode(_ content: [UInt8], _ identity: [UInt8]) -> [UInt8]? {
        content.withUnsafeBytes { content in
            var reader = IndexBytesReader(content)
            guard let magic = reader.take(magic.count), magic.elementsEqual(IndexDiskCache.magic),
                let checksum = reader.word(), let length = reader.word(), let found = reader.take(length),
                found.elementsEqual(identity), let frame = reader.take(reader.rest)
            else { return nil }
            var crc = CRC32C()
            crc.update(found)
            crc.update(frame)
            guard Int(crc.value) == checksum, IndexBlockFormat.frameLength(frame, at: 0) == frame.count else {
                return nil
            }
            return Array(frame)
        }
    }

    // MARK: Writing

    /// Keeps the frames of a part of an index file; nothing, if it is not made of such.
    func keep(_ bytes: [UInt8], _ file: String, at offset: Int) {
        guard bytes.count <= limit / 4, state.withLock({ $0.failures < IndexDiskCache.failureLimit }) else { return }
        var frames: [Range<Int>] = []
        let isWhole = bytes.withUnsafeBytes { bytes in
            var place = 0
            while place < bytes.count {
                guard let length = IndexBlockFormat.frameLength(bytes, at: place) else { return false }
                frames.append(place..<place + length)
                place += length
            }
            return true
        }
        guard isWhole else { return }
        do {
            try Files.makeFolders(folder)
            let root = try Files.root(folder)
            try makeRoom(root, for: bytes.count)
            for frame in frames { try write(root, Array(bytes[frame]), identity(file, offset + frame.lowerBound)) }
            state.withLock { $0.failures = 0 }
        } catch {
            state.withLock { $0.failures += 1 }
        }
    }

    private func write(_ root: OpenFile, _ frame: [UInt8], _ identity: [UInt8]) throws {
        var checksum = CRC32C()
        identity.withUnsafeBytes { checksum.update($0) }
        frame.withUnsafeBytes { checksum.update($0) }
        var content = IndexDiskCache.magic
        for word in [checksum.value, UInt32(identity.count)] {
            withUnsafeBytes(of: word.littleEndian) { content.append(contentsOf: $0) }
        }
        content += identity + frame
        let name = name(identity)
        let number = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        // Nobody ever sees half of one.
        let unfinished = "\(name).\(String(process, radix: 16))-\(number)\(IndexDiskCache.unfinishedSuffix)"
        do {
            let file = try Files.create(root, unfinished)
            try Files.write(file, content[...], at: 0)
            try Files.move(root, unfinished, to: root, name)
        } catch {
            try? Files.remove(root, unfinished)
            throw error
        }
        state.withLock { state in
            state.total = (state.total ?? 0) + content.count
            state.written += content.count
        }
    }

    // MARK: Bounds

    /// Removes what was read longest ago, if it is time to.
    private func makeRoom(_ root: OpenFile, for more: Int) throws {
        let looks = state.withLock { state in
            guard let total = state.total else { return true }
            return total + more > limit || state.written > limit / 16
        }
        guard looks else { return }
        var found: [(name: String, size: Int, time: Int64)] = []
        var total = 0
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            guard isOwn(name), let status = try Files.status(root, name), status.kind == .file
            else { continue }
            if name.hasSuffix(IndexDiskCache.unfinishedSuffix) {
                if IndexDiskCache.now() - status.time > IndexDiskCache.unfinishedAge { try? Files.remove(root, name) }
                continue
            }
            found.append((name, status.size, status.time))
            total += status.size
        }
        if total + more > limit {
            for file in found.sorted(by: { $0.time < $1.time }) {
                if total + more <= limit / 4 * 3 { break }
                // Another process may have removed it.
                try? Files.remove(root, file.name)
                total -= file.size
            }
        }
        let left = total
        state.withLock { state in
            state.total = left
            state.written = 0
        }
    }

    /// Whether a file of the folder has a name that this makes.
    private func isOwn(_ name: String) -> Bool {
        let digits = name.utf8.prefix(IndexDiskCache.nameDigits)
        let rest = name.dropFirst(IndexDiskCache.nameDigits)
        guard digits.count == IndexDiskCache.nameDigits, digits.allSatisfy({ Hex.digit($0) != nil }) else {
            return false
        }
        return rest == IndexDiskCache.suffix[...]
            || rest.hasPrefix(IndexDiskCache.suffix + ".") && rest.hasSuffix(IndexDiskCache.unfinishedSuffix)
    }

    // MARK: Names

    private static let nameDigits = 48

    private func identity(_ file: String, _ offset: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        for text in [store, file, String(offset)] {
            Varint.append(text.utf8.count, to: &bytes)
            bytes.append(contentsOf: text.utf8)
        }
        return bytes
    }

    /// Ids come from the store: hashes are names on every system, whatever the ids are.
    private func name(_ identity: [UInt8]) -> String {
        Hex.encode(Array(SHA256.digest(identity).prefix(IndexDiskCache.nameDigits / 2))) + IndexDiskCache.suffix
    }

    private static func now() -> Int64 {
        let (nanoseconds, overflow) = Timestamp.now.microseconds.multipliedReportingOverflow(by: 1000)
        return overflow ? 0 : nanoseconds
    }
}

/// Index files with a folder of what was read of them before.
struct CachedIndexFiles: IndexFileSource {
    let base: any IndexFileSource
    let cache: IndexDiskCache

    func bytes(file: String, range: Range<Int>) async throws -> [UInt8] {
        let known = cache.bytes(file, range)
        if known.count == range.count { return known }
        let start = range.lowerBound + known.count
        let rest = try await base.bytes(file: file, range: start..<range.upperBound)
        cache.keep(rest, file, at: start)
        return known.isEmpty ? rest : known + rest
    }
}
