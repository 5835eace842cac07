import CairnCore

/// The keys of a store in the order of their bytes, to jump about in.
protocol KeyCursor: Sendable {
    /// The object of the least key that is not less than `bound`. Calls come with ascending bounds.
    mutating func next(from bound: [UInt8]) throws -> ObjectSummary?
}

/// Makes the pages of a listing of any cursor: prefix, delimiter, start-after and pages mean the same in each store.
///
/// The idea: there is one bound, below which everything is dealt with. An object moves it just behind itself, a shared prefix
/// behind all keys that have it, so a cursor never looks at keys that no entry comes from.
struct Lister<Cursor: KeyCursor>: Sendable {
    private let options: ListOptions
    private let prefix: [UInt8]
    private let delimiter: [UInt8]
    private let startAfter: [UInt8]
    private var cursor: Cursor
    private var bound: [UInt8]
    /// The entry behind the last page: it is looked for to know whether a page is the last.
    private var ahead: ListEntry?
    private var hasBegun = false

    init(_ options: ListOptions, _ cursor: Cursor) {
        self.options = options
        self.cursor = cursor
        prefix = Array(options.prefix.utf8)
        delimiter = Array((options.delimiter ?? "").utf8)
        startAfter = Array((options.startAfter ?? "").utf8)
        let after = options.startAfter == nil ? [] : startAfter + [0]
        bound = after.lexicographicallyPrecedes(prefix) ? prefix : after
    }

    /// The next page; nil after the last. When it throws, nothing has moved.
    mutating func page(_ answer: AnswerDetails) throws -> ListPage? {
        if hasBegun, ahead == nil { return nil }
        var moved = self
        let page = try moved.advance(answer)
        self = moved
        return page
    }

    private mutating func advance(_ answer: AnswerDetails) throws -> ListPage {
        if !hasBegun { ahead = try entry() }
        hasBegun = true
        var entries: [ListEntry] = []
        while let entry = ahead, entries.count < options.pageSize {
            entries.append(entry)
            ahead = try self.entry()
        }
        return ListPage(entries: entries, isLast: ahead == nil, answer: answer)
    }

    private mutating func entry() throws -> ListEntry? {
        while let summary = try cursor.next(from: bound) {
            let key = Array(summary.key.utf8)
            guard key.starts(with: prefix) else { return nil }
            guard let shared = sharedPrefix(of: key) else {
                bound = key + [0]
                return .object(summary)
            }
            guard let behind = KeyOrder.successor(ofKeysWith: shared) else { return nil }
            bound = behind
            if startAfter.lexicographicallyPrecedes(shared) {
                return .prefix(String(decoding: shared, as: UTF8.self))
            }
        }
        return nil
    }

    /// What a key has up to and with the first delimiter behind the prefix.
    private func sharedPrefix(of key: [UInt8]) -> [UInt8]? {
        guard !delimiter.isEmpty, key.count >= prefix.count + delimiter.count else { return nil }
        for start in prefix.count...(key.count - delimiter.count) where key[start...].starts(with: delimiter) {
            return Array(key[..<(start + delimiter.count)])
        }
        return nil
    }
}

extension ObjectListing {
    /// A listing over a cursor.
    /// - Parameter begin: Called when the first page is asked for. The answer goes with every page: its date lies before
    ///   anything the cursor saw.
    static func cursor<Cursor: KeyCursor>(
        _ options: ListOptions, _ begin: @escaping @Sendable () throws -> (AnswerDetails, Cursor)
    ) -> ObjectListing {
        ObjectListing {
            let begun = Lock<(answer: AnswerDetails, lister: Lister<Cursor>)?>(nil)
            return {
                try ObjectRules.check(options)
                try Task.checkCancellation()
                return try begun.withLock { begun in
                    var (answer, lister) =
                        try begun
                        ?? {
                            let (answer, cursor) = try begin()
                            return (answer, Lister(options, cursor))
                        }()
                    let page = try lister.page(answer)
                    begun = (answer, lister)
                    return page
                }
            }
        }
    }
}

/// The order of keys: that of their bytes.
enum KeyOrder {
    /// The least byte string that sorts behind all that begin with `prefix`; nil when there is none.
    static func successor(ofKeysWith prefix: [UInt8]) -> [UInt8]? {
        var bytes = prefix
        while let last = bytes.popLast() {
            guard last < 0xFF else { continue }
            bytes.append(last + 1)
            return bytes
        }
        return nil
    }
}
