import CairnSchema

#if canImport(FoundationEssentials)
    public import struct FoundationEssentials.Date
#else
    public import struct Foundation.Date
#endif

/// What a listing says of an object.
public struct S3ObjectSummary: Sendable, Hashable {
    /// The key.
    public var key: String
    /// The size in bytes.
    public var size: Int
    /// The mark of its version; empty where the server tells none.
    public var etag: ETag
    /// When this version was stored.
    public var lastModified: Date
    /// nil where the server tells none.
    public var storageClass: StorageClass?
}

/// The objects and shared prefixes that one request gave.
public struct S3ListPage: Sendable, Hashable {
    /// The objects.
    public var objects: [S3ObjectSummary]
    /// What keys with a delimiter behind the prefix have in common, up to and with the delimiter.
    public var prefixes: [String]
    /// What the next page is asked for with; nil at the end.
    public var continuation: String?
    /// What the server says of this answer.
    public var answer: AnswerDetails
}

extension S3Bucket {
    /// The objects whose keys begin with a text, as an asynchronous sequence. One LIST for each 1,000, made as the loop needs them.
    ///
    /// Pages are not of one moment: what is written meanwhile may be seen or not, what is not touched is seen once.
    public func objects(prefix: String = "", startAfter: String? = nil) -> S3Sequence<S3ObjectSummary> {
        S3Sequence {
            PageReader { (continuation: String?) in
                let options = ListOptions(prefix: prefix, startAfter: continuation == nil ? startAfter : nil)
                let page = try await list(options, continuation: continuation)
                return (page.objects, page.continuation)
            }
        }
    }

    /// One page of a listing. One LIST.
    /// - Parameter continuation: That of the page before; with it, `options.startAfter` has no meaning.
    /// - Throws: `s3.no_such_bucket`; `s3.malformed_answer` when the answer cannot be what was asked for.
    public func list(_ options: ListOptions = ListOptions(), continuation: String? = nil) async throws -> S3ListPage {
        try client.options.keyRules.check(prefix: options.prefix, bucket: name)
        guard (1...ObjectLimits.pageEntries).contains(options.pageSize) else {
            throw S3Error(
                .invalid, "a page cannot have \(options.pageSize) entries",
                remedy: "choose from 1 to \(ObjectLimits.pageEntries)", details: subject("GET", nil).details)
        }
        var query = [(name: "list-type", value: "2"), (name: "encoding-type", value: "url")]
        if !options.prefix.isEmpty { query.append((name: "prefix", value: options.prefix)) }
        if let delimiter = options.delimiter { query.append((name: "delimiter", value: delimiter)) }
        if let continuation {
            query.append((name: "continuation-token", value: continuation))
        } else if let startAfter = options.startAfter {
            query.append((name: "start-after", value: startAfter))
        }
        if options.pageSize != ObjectLimits.pageEntries {
            query.append((name: "max-keys", value: String(options.pageSize)))
        }
        return try await client.send(call("ListObjectsV2", "GET", query: query)) { answer throws(AnswerError) in
            let page = try ObjectPage(answer.body)
            // A page that leads back would be asked for again, and again.
            if let next = page.continuation, next == continuation {
                throw .malformed(XMLError("the list goes on where it was", at: 0))
            }
            return S3ListPage(
                objects: page.objects.map(S3ObjectSummary.init), prefixes: page.prefixes,
                continuation: page.continuation, answer: answer.details)
        }
    }

    // MARK: Versions

    /// The versions of the objects whose keys begin with a text, newest first for each key. One request for each 1,000.
    public func versions(prefix: String = "") -> S3Sequence<S3ObjectVersion> {
        S3Sequence {
            PageReader { (marker: VersionMarker?) in
                try client.options.keyRules.check(prefix: prefix, bucket: name)
                var query = [(name: "versions", value: ""), (name: "encoding-type", value: "url")]
                if !prefix.isEmpty { query.append((name: "prefix", value: prefix)) }
                if let marker {
                    query.append((name: "key-marker", value: marker.key))
                    if let id = marker.versionID { query.append((name: "version-id-marker", value: id)) }
                }
                return try await client.send(call("ListObjectVersions", "GET", query: query)) {
                    answer throws(AnswerError) in
                    let page = try VersionPage(answer.body)
                    let next = page.nextKey.map { VersionMarker(key: $0, versionID: page.nextVersionID) }
                    if let next, next == marker {
                        throw .malformed(XMLError("the list of versions goes on where it was", at: 0))
                    }
                    return (page.versions.map(S3ObjectVersion.init), next)
                }
            }
        }
    }

    private struct VersionMarker: Sendable, Equatable {
        let key: String
        let versionID: String?
    }
}

/// One version of an object, or a marker that it was deleted.
public struct S3ObjectVersion: Sendable, Hashable {
    /// The key.
    public var key: String
    /// Its name; `null` for what was written before versions were kept.
    public var versionID: String
    /// Whether it is what a reader of the key gets.
    public var isLatest: Bool
    /// Whether it says that the object was deleted.
    public var isDeleteMarker: Bool
    /// When it was stored.
    public var lastModified: Date
    /// The size in bytes; 0 for a marker.
    public var size: Int
    /// The mark of the version; empty for a marker.
    public var etag: ETag
    /// nil where the server tells none.
    public var storageClass: StorageClass?

    init(_ listed: ListedVersion) {
        key = listed.key
        versionID = listed.versionID
        isLatest = listed.isLatest
        isDeleteMarker = listed.isDeleteMarker
        lastModified = Date(listed.lastModified)
        size = listed.size
        etag = ETag(rawValue: listed.etag)
        storageClass = listed.storageClass.map(StorageClass.init(rawValue:))
    }
}

extension S3ObjectSummary {
    init(_ listed: ListedObject) {
        key = listed.key
        size = listed.size
        etag = ETag(rawValue: listed.etag)
        lastModified = Date(listed.lastModified)
        storageClass = listed.storageClass.map(StorageClass.init(rawValue:))
    }
}

/// What comes in pages, one element after the other. Each loop asks anew.
public struct S3Sequence<Element: Sendable>: AsyncSequence, Sendable {
    /// Gives the next element; nil after the last.
    typealias Source = () async throws -> Element?

    private let start: @Sendable () -> Source

    init<Marker: Sendable>(_ start: @escaping @Sendable () -> PageReader<Element, Marker>) {
        self.start = {
            let reader = start()
            return { try await reader.next() }
        }
    }

    /// Begins to ask.
    public func makeAsyncIterator() -> Iterator { Iterator(source: start()) }

    /// Reads on. Not shared between tasks.
    public struct Iterator: AsyncIteratorProtocol {
        let source: Source

        /// The next element; nil after the last. When it throws, it may be called again.
        public mutating func next() async throws -> Element? { try await source() }
    }

    /// All of them at once.
    public func collect() async throws -> [Element] {
        var elements: [Element] = []
        for try await element in self { elements.append(element) }
        return elements
    }
}

/// Asks for one page after the other.
final class PageReader<Element: Sendable, Marker: Sendable> {
    private let read: (Marker?) async throws -> ([Element], Marker?)
    private var page: [Element] = []
    private var place = 0
    private var marker: Marker?
    private var isLast = false

    /// - Parameter read: A page by what the one before ended with; the marker of the last one is nil.
    init(_ read: @escaping (Marker?) async throws -> ([Element], Marker?)) {
        self.read = read
    }

    func next() async throws -> Element? {
        while place == page.count {
            if isLast { return nil }
            (page, marker) = try await read(marker)
            isLast = marker == nil
            place = 0
        }
        place += 1
        return page[place - 1]
    }
}
