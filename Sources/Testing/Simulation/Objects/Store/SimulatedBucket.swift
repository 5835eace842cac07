import CairnCore
package import CairnSchema
import ObjectStores

#if canImport(FoundationEssentials)
    import struct FoundationEssentials.Date
#else
    import struct Foundation.Date
#endif

/// The objects of a bucket and what S3 makes of a request, in one step: conditions, dates, pages.
///
/// It remembers every change that ever happened in it: what was removed is still known to those who judge.
package final class SimulatedBucket: Sendable {
    /// How the bucket behaves.
    package struct Options: Sendable {
        /// Whether ETags are the MD5 of the bytes, as on S3; else each write has one of its own.
        package var hasMD5 = true
        /// Whether it refuses requests that were signed more than 15 minutes before.
        package var hasFence = true
        /// Whether DELETE keeps If-Match.
        package var deletesConditionally = true
        /// How many entries a page has at most, whatever is asked for.
        package var pageLimit = ObjectLimits.pageEntries
        /// Microseconds for which listings may not show what was created; 0 on the S3 of today.
        package var listingLag = 0
        /// What it takes for the time, so that a test may move it; nil: the world's.
        package var clock: (@Sendable () -> Timestamp)?

        package init() {}

        /// Whether its listings are as long and as true as those of S3.
        var isLikeS3: Bool { listingLag == 0 && pageLimit == ObjectLimits.pageEntries }
    }

    struct Object {
        let bytes: [UInt8]
        let etag: ETag
        let modified: Int
        let attributes: ObjectAttributes
        let created: World.Moment
    }

    /// One change.
    package struct Change: Sendable {
        package let time: World.Moment
        package let process: String
        package let key: String
        /// nil: it was removed.
        package let bytes: [UInt8]?
        /// What was there before.
        package let before: [UInt8]?
    }

    struct State {
        var objects: [String: Object] = [:]
        /// In the order of their bytes.
        var keys: [String] = []
        var writes = 0
        var changes: [Change] = []
    }

    private let world: World
    package let options: Options
    let state = Lock(State())

    package init(_ world: World, _ options: Options = Options()) {
        self.world = world
        self.options = options
    }

    /// Seconds a signature may be from the bucket's time.
    static let skewSeconds = 15 * 60

    // MARK: Looking in from outside

    /// All changes, oldest first.
    package var changes: [Change] { state.withLock { $0.changes } }

    /// How many changes there were.
    package var changeCount: Int { state.withLock { $0.changes.count } }

    /// What is stored now.
    package var contents: [String: [UInt8]] { state.withLock { $0.objects.mapValues(\.bytes) } }

    /// The keys, in order.
    package var keys: [String] { state.withLock { $0.keys } }

    package func bytes(_ key: String) -> [UInt8]? { state.withLock { $0.objects[key]?.bytes } }

    /// Changes an object past every rule, as somebody at a console does; nil removes it.
    package func edit(_ key: String, _ bytes: [UInt8]?) { change(key, bytes, by: Judge.hand) }

    func change(_ key: String, _ bytes: [UInt8]?, by who: String) {
        state.withLock { state in
            state.set(key, bytes.map { object($0, ObjectAttributes(), &state) }, by: who, at: world.now)
        }
    }

    /// An object with its times.
    func stored(_ key: String) -> Object? { state.withLock { $0.objects[key] } }

    // MARK: Requests

    /// Second of its clock.
    package var second: Int {
        if let clock = options.clock { return Int(clock().microseconds / 1_000_000) }
        let epoch = Int(World.epoch.microseconds)
        return epoch / 1_000_000 + (world.now + epoch % 1_000_000) / 1_000_000
    }

    /// What goes with an answer of this moment.
    var answer: AnswerDetails { AnswerDetails(serverDate: Date(timeIntervalSince1970: Double(second))) }

    /// Refuses a request whose date is too far from the bucket's. Judged when a request arrives; what it asks for may happen
    /// a little later.
    func admit(_ request: SimulatedRequest) throws(ObjectStoreError) {
        guard options.hasFence, abs(second - request.signed) > SimulatedBucket.skewSeconds else { return }
        if request.isFenced { throw .expired(request.key, answer: answer) }
        throw ObjectStoreError(
            .accessDenied, "the request was signed for a time too far from the server's", key: request.key,
            isRetryable: true, provider: .init(code: "RequestTimeTooSkewed", status: 403), answer: answer)
    }

    /// Does what is asked, if its conditions hold.
    func perform(
        _ request: SimulatedRequest, by process: String
    ) throws(ObjectStoreError) -> SimulatedAnswer {
        let key = request.key
        do {
            return try state.withLock { state in
                switch request.action {
                case .get(let options): try get(key, options, state)
                case .head(let conditions): .info(try find(key, conditions, state).info(key, answer))
                case .put(let bytes, let mode, let attributes):
                    .info(try put(key, bytes, mode, attributes, &state, process))
                case .delete(let ifMatch): try delete(key, ifMatch, &state, process)
                case .deleteAll(let keys): deleteAll(keys, &state, process)
                case .list(let options, let after): .page(page(options, after, state))
                case .copy(let source, let options): try copy(source, key, options, &state, process)
                }
            }
        } catch let error as ObjectStoreError {
            throw error
        } catch {
            throw ObjectStoreError(.unavailable, "\(error)", key: key)
        }
    }

    private func find(_ key: String, _ conditions: ReadConditions, _ state: State) throws -> Object {
        guard let object = state.objects[key] else { throw ObjectStoreError.notFound(key, answer: answer) }
        if let ifMatch = conditions.ifMatch, ifMatch != object.etag {
            throw ObjectStoreError.changed(key, answer: answer)
        }
        if conditions.ifNoneMatch == object.etag { throw ObjectStoreError.notModified(key, answer: answer) }
        return object
    }

    private func get(_ key: String, _ options: GetOptions, _ state: State) throws -> SimulatedAnswer {
        let object = try find(key, options.conditions, state)
        guard let range = options.range else {
            return .object(object.info(key, answer), object.bytes, 0..<object.bytes.count)
        }
        guard let resolved = range.resolved(size: object.bytes.count) else {
            throw ObjectStoreError.noSuchRange(range, of: key, size: object.bytes.count, answer: answer)
        }
        return .object(object.info(key, answer), Array(object.bytes[resolved]), resolved)
    }

    private func object(_ bytes: [UInt8], _ attributes: ObjectAttributes, _ state: inout State) -> Object {
        state.writes += 1
        var mark = "w\(state.writes)"
        if options.hasMD5, let md5 = MessageDigest.Algorithm.md5 { mark = Hex.encode(MessageDigest.of(bytes, md5)) }
        return Object(
            bytes: bytes, etag: ETag(rawValue: mark), modified: second, attributes: attributes, created: world.now)
    }

    private func check(_ mode: PutMode, _ key: String, _ state: State) throws {
        switch mode {
        case .overwrite: return
        case .create: if state.objects[key] != nil { throw ObjectStoreError.exists(key, answer: answer) }
        case .ifMatch(let etag):
            guard let object = state.objects[key] else { throw ObjectStoreError.notFound(key, answer: answer) }
            if object.etag != etag { throw ObjectStoreError.changed(key, answer: answer) }
        }
    }

    private func put(
        _ key: String, _ bytes: [UInt8], _ mode: PutMode, _ attributes: ObjectAttributes, _ state: inout State,
        _ process: String
    ) throws -> ObjectInfo {
        try check(mode, key, state)
        let object = object(bytes, attributes, &state)
        state.set(key, object, by: process, at: world.now)
        var info = object.info(key, answer)
        // S3 does not tell in the answer to a PUT.
        info.lastModified = nil
        return info
    }

    private func delete(
        _ key: String, _ ifMatch: ETag?, _ state: inout State, _ process: String
    ) throws -> SimulatedAnswer {
        if let ifMatch, options.deletesConditionally { try check(.ifMatch(ifMatch), key, state) }
        state.set(key, nil, by: process, at: world.now)
        return .deleted(answer)
    }

    private func deleteAll(_ keys: [String], _ state: inout State, _ process: String) -> SimulatedAnswer {
        for key in keys { state.set(key, nil, by: process, at: world.now) }
        return .deleted(answer)
    }

    private func copy(
        _ source: String, _ target: String, _ copyOptions: CopyOptions, _ state: inout State, _ process: String
    ) throws -> SimulatedAnswer {
        let found = try find(source, ReadConditions(ifMatch: copyOptions.sourceIfMatch), state)
        let info = try put(
            target, found.bytes, copyOptions.mode, copyOptions.attributes ?? found.attributes, &state, process)
        return .info(info)
    }

    private func page(_ listOptions: ListOptions, _ after: String?, _ state: State) -> ListPage {
        let limit = min(listOptions.pageSize, options.pageLimit)
        var entries: [ListEntry] = []
        let prefix = Array(listOptions.prefix.utf8)
        let delimiter = Array((listOptions.delimiter ?? "").utf8)
        for key in state.keys[state.place(of: listOptions.prefix)...] {
            let name = Array(key.utf8)
            guard name.starts(with: prefix), let object = state.objects[key] else { break }
            if options.listingLag > 0, object.created > world.now - options.listingLag {
                world.tally.count("listing_that_lags")
                continue
            }
            var entry = ListEntry.object(
                ObjectSummary(
                    key: key, size: object.bytes.count, etag: object.etag,
                    lastModified: Date(timeIntervalSince1970: Double(object.modified))))
            if !delimiter.isEmpty, let shared = SimulatedBucket.shared(name, prefix.count, delimiter) {
                entry = .prefix(shared)
            }
            if let last = entries.last, Utf8.equal(last.name, entry.name) { continue }
            if let after, !Utf8.isLess(after, entry.name) { continue }
            if entries.count == limit {
                countEdge(of: limit, entries.count + 1)
                return ListPage(entries: entries, isLast: false, answer: answer)
            }
            entries.append(entry)
        }
        countEdge(of: limit, entries.count)
        return ListPage(entries: entries, isLast: true, answer: answer)
    }

    /// Counts listings of about as many entries as S3 puts on a page.
    private func countEdge(of limit: Int, _ count: Int) {
        guard limit == ObjectLimits.pageEntries, count >= limit - 1 else { return }
        world.tally.count(count == limit - 1 ? "page_of_999" : count == limit ? "page_of_1000" : "page_of_1001")
    }

    /// What a name has up to and with the first delimiter behind the prefix.
    private static func shared(_ name: [UInt8], _ start: Int, _ delimiter: [UInt8]) -> String? {
        var place = start
        while place + delimiter.count <= name.count {
            if name[place...].starts(with: delimiter) {
                return String(decoding: name[..<(place + delimiter.count)], as: UTF8.self)
            }
            place += 1
        }
        return nil
    }
}

extension SimulatedBucket.Object {
    func info(_ key: String, _ answer: AnswerDetails) -> ObjectInfo {
        ObjectInfo(
            key: key, size: bytes.count, etag: etag, lastModified: Date(timeIntervalSince1970: Double(modified)),
            attributes: attributes, answer: answer)
    }
}

extension SimulatedBucket.State {
    mutating func set(_ key: String, _ object: SimulatedBucket.Object?, by process: String, at time: World.Moment) {
        let before = objects[key]
        guard before != nil || object != nil else { return }
        changes.append(
            SimulatedBucket.Change(
                time: time, process: process, key: key, bytes: object?.bytes, before: before?.bytes))
        objects[key] = object
        let place = place(of: key)
        if object == nil {
            keys.remove(at: place)
        } else if before == nil {
            keys.insert(key, at: place)
        }
    }

    /// Where a key stands or would stand.
    func place(of key: String) -> Int {
        var low = 0
        var high = keys.count
        while low < high {
            let middle = (low + high) / 2
            if Utf8.isLess(keys[middle], key) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
