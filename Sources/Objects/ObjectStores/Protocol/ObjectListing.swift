#if canImport(FoundationEssentials)
    public import struct FoundationEssentials.Date
#else
    public import struct Foundation.Date
#endif

/// What to list.
public struct ListOptions: Sendable, Hashable {
    /// Only keys that begin so; need not end at a `/`.
    public var prefix: String
    /// Keys that have this text behind the prefix are not listed one by one: what they share up to and with the delimiter
    /// is one entry, ``ListEntry/prefix(_:)``. `/` gives the view of a folder.
    public var delimiter: String?
    /// Only entries that sort behind this text, which need not be a key. A shared prefix is an entry as any other: one
    /// that does not sort behind it is not listed, even if keys in it do.
    public var startAfter: String?
    /// How many entries a page has at most: 1 to ``ObjectLimits/pageEntries``.
    public var pageSize: Int

    /// Options; by default everything, key by key.
    public init(
        prefix: String = "", delimiter: String? = nil, startAfter: String? = nil,
        pageSize: Int = ObjectLimits.pageEntries
    ) {
        self.prefix = prefix
        self.delimiter = delimiter
        self.startAfter = startAfter
        self.pageSize = pageSize
    }
}

/// What a listing says of an object.
public struct ObjectSummary: Sendable, Hashable {
    /// The key.
    public var key: String
    /// The size in bytes.
    public var size: Int
    /// The mark of its version.
    public var etag: ETag
    /// When this version was stored, by the store's clock.
    public var lastModified: Date?

    /// A summary.
    public init(key: String, size: Int, etag: ETag, lastModified: Date?) {
        self.key = key
        self.size = size
        self.etag = etag
        self.lastModified = lastModified
    }
}

/// An entry of a listing.
public enum ListEntry: Sendable, Hashable {
    /// An object.
    case object(ObjectSummary)
    /// What several keys begin with, up to and with the delimiter.
    case prefix(String)

    /// The key, or the shared prefix: what entries are ordered by.
    public var name: String {
        switch self {
        case .object(let summary): summary.key
        case .prefix(let prefix): prefix
        }
    }
}

/// The entries one request gave.
public struct ListPage: Sendable, Hashable {
    /// The entries.
    public var entries: [ListEntry]
    /// Whether no page follows.
    public var isLast: Bool
    /// What the store says of this answer.
    public var answer: AnswerDetails

    /// A page.
    public init(entries: [ListEntry], isLast: Bool, answer: AnswerDetails = AnswerDetails()) {
        self.entries = entries
        self.isLast = isLast
        self.answer = answer
    }
}

/// The entries of a store as an asynchronous sequence: `for try await entry in store.list(ListOptions()) { … }`.
///
/// Pages are asked for as the loop needs them, at least one. Each loop lists anew. Pages are not of one moment: what is
/// written meanwhile may be seen or not, what is not touched is seen once.
public struct ObjectListing: AsyncSequence, Sendable {
    /// Gives the next page; nil after the last. One that threw may be called again for the same page. Not called twice at once.
    public typealias Source = @Sendable () async throws -> ListPage?

    private let start: @Sendable () -> Source

    /// A listing by what begins to read its pages.
    public init(_ start: @escaping @Sendable () -> Source) {
        self.start = start
    }

    /// Begins to read its pages.
    func source() -> Source { start() }

    /// The same, page by page.
    public var pages: Pages { Pages(start: start) }

    /// Begins to list.
    public func makeAsyncIterator() -> Iterator { Iterator(source: start()) }

    /// Reads on. Not shared between tasks.
    public struct Iterator: AsyncIteratorProtocol {
        let source: Source
        private var page = ListPage(entries: [], isLast: false)
        private var place = 0

        init(source: @escaping Source) {
            self.source = source
        }

        /// The next entry; nil after the last. When it throws, it may be called again.
        public mutating func next() async throws -> ListEntry? {
            while place == page.entries.count {
                guard !page.isLast, let next = try await source() else { return nil }
                page = next
                place = 0
            }
            place += 1
            return page.entries[place - 1]
        }
    }

    /// The pages of a listing.
    public struct Pages: AsyncSequence, Sendable {
        let start: @Sendable () -> Source

        /// Begins to list.
        public func makeAsyncIterator() -> PageIterator { PageIterator(source: start()) }
    }

    /// Reads on, page by page. Not shared between tasks.
    public struct PageIterator: AsyncIteratorProtocol {
        let source: Source

        /// The next page; nil after the last. When it throws, it may be called again.
        public mutating func next() async throws -> ListPage? { try await source() }
    }
}
