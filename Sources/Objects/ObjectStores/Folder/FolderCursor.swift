import CairnSchema

/// The objects of a folder in the order of their keys, for one listing.
///
/// The problem: keys are ordered by all of their bytes, so `a-b` stands before `a/b` and `a/b` before `a0`; folders know no
/// such order. The idea: in each folder, a file counts as its part of a key and a folder as its part with a `/` behind. Sorted by
/// these bytes, everything in a folder stands together and at its right place. Folders are read one after the other as the
/// listing gets to them; those the listing jumps over are never read.
struct FolderCursor: KeyCursor {
    /// What a name in a folder is to a listing.
    private enum Kind {
        case object
        case folder
        /// The object of the key of the folder, inside of it.
        case own
        case foreign
    }

    private struct Item {
        /// The bytes of keys it stands for, from where its folder's end.
        let part: [UInt8]
        let kind: Kind
        /// From its folder: more than one name for a long part.
        let path: [String]
    }

    /// A folder that is being read.
    private struct Level {
        /// What all keys in it begin with.
        let prefix: [UInt8]
        let path: [String]
        let items: [Item]
        var place = 0
        /// Open while it is the innermost: a tree may be deeper than a process has open files.
        var folder: OpenFile?
    }

    private let tree: FolderTree
    private let prefix: [UInt8]
    private var levels: [Level] = []
    private var hasBegun = false

    /// - Parameter prefix: Keys without it will not be asked for.
    init(_ tree: FolderTree, prefix: String) {
        self.tree = tree
        self.prefix = Array(prefix.utf8)
    }

    mutating func next(from bound: [UInt8]) throws -> ObjectSummary? {
        do {
            if !hasBegun { try begin() }
            while !levels.isEmpty {
                if let summary = try step(bound) { return summary }
            }
            return nil
        } catch let failure as FileFailure {
            throw failure.storeError(nil, in: tree.path)
        }
    }

    /// Opens the folder that all keys of the listing are in.
    private mutating func begin() throws {
        let start = Array(prefix[..<(prefix.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0)])
        let parts = start.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropLast()
        let path = parts.flatMap { tree.names.names(of: Array($0)) }
        if let folder = try tree.folder(path) { levels.append(try level(folder, start, path)) }
        hasBegun = true
    }

    /// Deals with one item of the innermost folder; gives an object when it is one.
    private mutating func step(_ bound: [UInt8]) throws -> ObjectSummary? {
        let last = levels.count - 1
        let level = levels[last]
        guard level.place < level.items.count else {
            levels.removeLast()
            return nil
        }
        let item = level.items[level.place]
        let key = level.prefix + item.part
        levels[last].place += 1
        let isBefore = key.lexicographicallyPrecedes(bound) && !(item.kind == .folder && bound.starts(with: key))
        let isOfListing = key.starts(with: prefix) || prefix.starts(with: key)
        guard !isBefore, isOfListing else { return nil }
        let folder = try level.folder ?? tree.folder(level.path)
        levels[last].folder = folder
        // A folder that is gone has nothing in it any more.
        guard let folder else { return nil }
        switch item.kind {
        case .foreign:
            let name = item.path.joined(separator: "/")
            throw tree.foreign(name, try Files.status(folder, name)?.kind ?? .file)
        case .object, .own: return try object(item, in: folder, key, level.path)
        case .folder:
            // Whatever became of it since its name was read, nothing is lost: a file in its place was put there meanwhile.
            if let inner = try tree.folder(level.path + item.path) {
                levels[last].folder = nil
                levels.append(try self.level(inner, key, level.path + item.path))
            }
            return nil
        }
    }

    /// The object an item stands for; nil when it is gone.
    private func object(_ item: Item, in folder: OpenFile, _ key: [UInt8], _ path: [String]) throws -> ObjectSummary? {
        guard key.count <= ObjectLimits.keyBytes, let key = Utf8.string(key) else {
            throw tree.foreign(item.path.joined(separator: "/"), .file)
        }
        var status: FileStatus?
        if item.kind == .object, item.path.count == 1 { status = try Files.status(folder, item.path[0]) }
        if status?.kind != .file {
            // A file that became a folder since its name was read is in that folder now.
            status = try tree.entry(key)?.status
        }
        guard let status else { return nil }
        return ObjectSummary(key: key, size: status.size, etag: status.etag, lastModified: status.date)
    }

    // MARK: Reading folders

    private func level(_ folder: OpenFile, _ prefix: [UInt8], _ path: [String]) throws -> Level {
        var items: [Item] = []
        try read(folder, into: &items, isRoot: path.isEmpty, pieces: [])
        items.sort { $0.part.lexicographicallyPrecedes($1.part) }
        return Level(prefix: prefix, path: path, items: items, folder: folder)
    }

    /// Reads the names of a folder; those of the folders that long parts are continued in, too.
    private func read(_ folder: OpenFile, into items: inout [Item], isRoot: Bool, pieces: [String]) throws {
        for entry in try Files.names(folder) {
            guard let name = Utf8.string(entry.bytes) else {
                items.append(Item(part: entry.bytes, kind: .foreign, path: ["a name that is not UTF-8"]))
                continue
            }
            if isRoot, name == FolderNames.control { continue }
            if !isRoot, pieces.isEmpty, name == FolderNames.own { continue }
            let path = pieces + [name]
            guard let kind = try entry.kind ?? Files.status(folder, name)?.kind else { continue }
            if kind == .folder, FolderNames.isContinued(name), path.count <= ObjectLimits.keyBytes / 64 {
                if let inner = try? Files.folder(folder, name) {
                    try read(inner, into: &items, isRoot: false, pieces: path)
                }
                continue
            }
            guard kind == .file || kind == .folder, let part = tree.names.part(of: path) else {
                items.append(Item(part: Array(path.joined().utf8), kind: .foreign, path: path))
                continue
            }
            items.append(Item(part: part, kind: kind == .file ? .object : .own, path: path))
            if kind == .folder { items.append(Item(part: part + [UInt8(ascii: "/")], kind: .folder, path: path)) }
        }
    }
}
