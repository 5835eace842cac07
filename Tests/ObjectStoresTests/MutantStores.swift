import Foundation
import ObjectStoreConformance
import Testing

@testable import CairnCore
@testable import ObjectStores

/// A store that can do little, and refuses the rest: what a provider without conditions looks like.
struct LimitedProvider: ObjectStoreProvider {
    let name = "limited"
    let quirks = ObjectStoreQuirks()

    struct Store: ObjectStoreWrapper {
        let base: any ObjectStore
        let capabilities: ObjectStoreCapabilities

        init() {
            base = MemoryObjectStore()
            var capabilities = base.capabilities
            capabilities.canCreate = false
            capabilities.canCompareAndSwap = false
            capabilities.canDeleteConditionally = false
            capabilities.canFence = false
            capabilities.canCopy = false
            capabilities.canUploadInParts = false
            capabilities.attributes = []
            self.capabilities = capabilities
        }

        func perform<Result: Sendable>(
            _ call: ObjectCall, _ body: @escaping @Sendable () async throws -> Result
        ) async throws -> Result {
            let cannot: Set<ObjectCall.Operation> = [
                .copy, .beginUpload, .uploadPart, .parts, .completeUpload, .abortUpload, .uploads,
            ]
            if cannot.contains(call.operation) || call.isFenced || call.isConditional {
                throw ObjectStoreError.unsupported(call.operation.rawValue, capabilities, key: call.key)
            }
            return try await body()
        }

        func put(_ key: String, _ body: ObjectBody, _ options: PutOptions) async throws -> ObjectInfo {
            try ObjectRules.check(key: key)
            try ObjectRules.check(options.attributes, of: key, capabilities)
            return try await perform(.put(key, body, options)) { [base] in try await base.put(key, body, options) }
        }

        func copy(_ source: String, to target: String, _ options: CopyOptions) async throws -> WriteResult {
            try ObjectRules.check(key: source)
            try ObjectRules.check(key: target)
            throw ObjectStoreError.unsupported("copy", capabilities, key: target)
        }
    }

    func makeStore() async throws -> any ObjectStore { Store() }

    func remove(_ store: any ObjectStore) async throws {}
}

/// Ways to break the contract. The cases must see each of them.
enum Mutant: String, CaseIterable, Sendable {
    case ignoresCreate, ignoresIfMatch, ignoresIfMatchOfDelete, ignoresNotAfter, ignoresReadConditions,
        ignoresNotModified
    case ignoresSourceCondition, ignoresModeOfCopy, ignoresModeOfComplete
    case racyCreate, racySwap, tornReads
    case forgetsMetadata, keepsOldMetadata, forgetsContentType, forgetsMetadataOfCopy
    case overwritesNothing, deletesNothing, deletesWithPrefix, deleteFailsOnNothing, batchSkipsLast
    case foldsCase, normalizesKeys, collapsesSlashes, trimsSlash, shortensKeys, takesLongKeys
    case listsBackwards, listsStart, ignoresPrefix, ignoresDelimiter, losesPageEdge, doublesPageEdge, emptyLastPage
    case prefixPerPage, ignoresPageSize, listsStaleETags, takesHugePages
    case wrongRangeEnd, ignoresRange, emptyRangeSucceeds, wrongSize, wrongETag, sameETag, noDate
    case notFoundIsEmpty, storesHalfBodies, ignoresLength
    case joinsPartsInOrderSent, forgetsOtherUploads, takesSmallParts, keepsAbortedUploads, dropsUploadOnFailure
    case ignoresPartETags, partsUnsorted
}

struct MutantProvider: ObjectStoreProvider {
    let mutant: Mutant
    let quirks = ObjectStoreQuirks()
    var name: String { mutant.rawValue }

    func makeStore() async throws -> any ObjectStore { MutantStore(mutant) }

    func remove(_ store: any ObjectStore) async throws {}
}

/// A memory store that breaks one promise.
struct MutantStore: ObjectStoreWrapper {
    let base: any ObjectStore
    let mutant: Mutant
    private let sent = Lock([UploadedPart]())
    private let old = Lock([String: ObjectAttributes]())

    init(_ mutant: Mutant) {
        self.mutant = mutant
        var options = MemoryObjectStore.Options()
        if mutant == .takesSmallParts { options.minimumPartBytes = 1 }
        base = MemoryObjectStore(options)
    }

    var capabilities: ObjectStoreCapabilities {
        var capabilities = base.capabilities
        capabilities.minimumPartBytes = ObjectLimits.minimumPartBytes
        return capabilities
    }

    func perform<Result: Sendable>(
        _ call: ObjectCall, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result { try await body() }

    private func key(_ key: String) -> String {
        switch mutant {
        case .foldsCase: key.lowercased()
        case .normalizesKeys: key.decomposedStringWithCanonicalMapping
        case .collapsesSlashes: key.replacingOccurrences(of: "//", with: "/")
        case .trimsSlash: key.count > 1 && key.hasSuffix("/") ? String(key.dropLast()) : key
        case .shortensKeys: key.utf8.count > 1000 && key.utf8.count <= 1024 ? String(key.prefix(1000)) : key
        case .takesLongKeys: key.utf8.count > 1024 ? String(key.prefix(1024)) : key
        default: key
        }
    }

    private func mode(_ mode: PutMode, ignored: Bool) -> PutMode { ignored ? .overwrite : mode }

    func put(_ key: String, _ body: ObjectBody, _ options: PutOptions) async throws -> ObjectInfo {
        var (options, body) = (options, body)
        let stored = self.key(key)
        switch mutant {
        case .ignoresCreate where options.mode == .create: options.mode = .overwrite
        case .ignoresIfMatch where options.mode != .create: options.mode = .overwrite
        case .ignoresNotAfter: options.notAfter = nil
        case .racyCreate, .racySwap:
            try await pretendToCheck(stored, &options)
        case .tornReads where (body.whole?.count ?? 0) > 1000:
            try await base.put(stored, Array(body.whole?.dropLast() ?? []) + [0])
            for _ in 0..<50 { await Task.yield() }
        case .forgetsMetadata: options.attributes.metadata = [:]
        case .keepsOldMetadata:
            let attributes = options.attributes
            if attributes == ObjectAttributes() {
                options.attributes = old.withLock { $0[stored] } ?? attributes
            } else {
                old.withLock { $0[stored] = attributes }
            }
        case .forgetsContentType: options.attributes.contentType = nil
        case .overwritesNothing where options.mode == .overwrite:
            if try await base.exists(stored) { return try await base.head(stored) }
        case .storesHalfBodies:
            var bytes: [UInt8] = []
            do {
                for try await chunk in body.chunks { bytes += chunk }
            } catch {
                _ = try await base.put(stored, .bytes(bytes), options)
                throw error
            }
            body = .bytes(bytes)
        case .ignoresLength: body = .stream(body.chunks)
        default: break
        }
        return try await base.put(stored, body, options)
    }

    /// Checks first and writes later, as a program without conditional writes would.
    private func pretendToCheck(_ key: String, _ options: inout PutOptions) async throws {
        let found = try? await base.head(key).etag
        switch options.mode {
        case .create where mutant == .racyCreate:
            if found != nil { throw ObjectStoreError.exists(key) }
        case .ifMatch(let wanted) where mutant == .racySwap:
            guard let found else { throw ObjectStoreError.notFound(key) }
            if wanted != found { throw ObjectStoreError.changed(key) }
        default: return
        }
        options.mode = .overwrite
        for _ in 0..<5 { await Task.yield() }
    }

    func get(_ key: String, _ options: GetOptions) async throws -> GetResult {
        var options = options
        switch (mutant, options.range) {
        case (.ignoresReadConditions, _): options.conditions.ifMatch = nil
        case (.ignoresNotModified, _): options.conditions.ifNoneMatch = nil
        case (.wrongRangeEnd, .closed(let range)?) where range.count > 1:
            options.range = .closed(range.lowerBound...(range.upperBound - 1))
        case (.ignoresRange, _): options.range = nil
        default: break
        }
        let result: GetResult
        do {
            result = try await base.get(self.key(key), options)
        } catch let error as ObjectStoreError {
            if mutant == .notFoundIsEmpty, error.code == .notFound {
                let info = ObjectInfo(key: key, size: 0, etag: ETag(rawValue: ""), lastModified: nil)
                return GetResult(info: info, body: .bytes([]))
            }
            if mutant == .emptyRangeSucceeds, error.code == .rangeNotSatisfiable {
                return GetResult(info: try await base.head(self.key(key)), range: 0..<0, body: .bytes([]))
            }
            throw error
        }
        return GetResult(info: bend(result.info, key), range: result.range, body: result.content)
    }

    func head(_ key: String, _ conditions: ReadConditions) async throws -> ObjectInfo {
        var conditions = conditions
        if mutant == .ignoresReadConditions { conditions.ifMatch = nil }
        if mutant == .ignoresNotModified { conditions.ifNoneMatch = nil }
        return bend(try await base.head(self.key(key), conditions), key)
    }

    private func bend(_ info: ObjectInfo, _ key: String) -> ObjectInfo {
        var info = info
        info.key = key
        switch mutant {
        case .wrongSize: info.size += 1
        case .wrongETag: info.etag = ETag(rawValue: info.etag.rawValue + "x")
        case .sameETag: info.etag = ETag(rawValue: "same")
        case .noDate: info.answer.serverDate = nil
        default: break
        }
        return info
    }

    func delete(_ key: String, _ options: DeleteOptions) async throws -> AnswerDetails {
        var options = options
        switch mutant {
        case .ignoresIfMatchOfDelete: options.ifMatch = nil
        case .ignoresNotAfter: options.notAfter = nil
        case .deletesNothing: return AnswerDetails(serverDate: Date())
        case .deletesWithPrefix:
            for below in try await base.keys(prefix: key) where below != key { try await base.delete(below) }
        case .deleteFailsOnNothing: _ = try await base.head(self.key(key))
        default: break
        }
        return try await base.delete(self.key(key), options)
    }

    func delete(_ keys: [String], notAfter: Date?) async throws -> BatchDeletion {
        let keys = keys.map(self.key)
        return try await base.delete(
            mutant == .batchSkipsLast && keys.count > 15 ? keys.filter { $0 != keys[14] } : keys,
            notAfter: mutant == .ignoresNotAfter ? nil : notAfter)
    }

    func copy(_ source: String, to target: String, _ options: CopyOptions) async throws -> WriteResult {
        var options = options
        switch mutant {
        case .ignoresSourceCondition: options.sourceIfMatch = nil
        case .ignoresModeOfCopy: options.mode = .overwrite
        case .ignoresNotAfter: options.notAfter = nil
        case .forgetsMetadataOfCopy: options.attributes = options.attributes ?? ObjectAttributes()
        default: break
        }
        return try await base.copy(key(source), to: key(target), options)
    }

    func list(_ options: ListOptions) -> ObjectListing {
        var options = options
        let wanted = options
        switch mutant {
        case .listsStart: options.startAfter = options.startAfter.map { String($0.dropLast()) }
        case .ignoresPrefix where options.prefix.hasSuffix("/"): options.prefix = String(options.prefix.dropLast())
        case .ignoresDelimiter where options.delimiter != "/": options.delimiter = nil
        case .ignoresPageSize: options.pageSize = 1000
        case .takesHugePages: options.pageSize = min(max(options.pageSize, 1), 1000)
        default: break
        }
        return ObjectListing { [base, mutant, options] in
            let source = base.list(options).source()
            let number = Lock(0)
            return {
                guard var page = try await source() else { return nil }
                let place = number.withLock { number in
                    number += 1
                    return number
                }
                switch mutant {
                case .listsBackwards: page.entries.reverse()
                case .losesPageEdge where !page.isLast: page.entries.removeLast()
                case .doublesPageEdge where !page.isLast && page.entries.count < 1000:
                    page.entries.append(page.entries[0])
                case .emptyLastPage where place == 2: page.entries = []
                case .prefixPerPage where place == 2 && wanted.delimiter != nil:
                    page.entries.insert(.prefix("a/"), at: 0)
                case .listsStaleETags:
                    page.entries = page.entries.map { entry in
                        guard case .object(var summary) = entry else { return entry }
                        summary.etag = ETag(rawValue: "stale")
                        return .object(summary)
                    }
                default: break
                }
                return page
            }
        }
    }

    // MARK: Parts

    func uploadPart(_ number: Int, of upload: MultipartUpload, _ body: ObjectBody) async throws -> UploadedPart {
        let part = try await base.uploadPart(number, of: upload, body)
        sent.withLock { $0.append(part) }
        return part
    }

    func parts(of upload: MultipartUpload) async throws -> [UploadedPart] {
        let parts = try await base.parts(of: upload)
        return mutant == .partsUnsorted ? parts.reversed() : parts
    }

    func completeUpload(
        _ upload: MultipartUpload, _ parts: [UploadedPart], _ options: CompleteOptions
    ) async throws -> WriteResult {
        var (options, parts) = (options, parts)
        switch mutant {
        case .ignoresModeOfComplete: options.mode = .overwrite
        case .ignoresNotAfter: options.notAfter = nil
        case .ignoresPartETags:
            let stored = try await base.parts(of: upload)
            parts = parts.map { part in stored.first { $0.number == part.number } ?? part }
        case .joinsPartsInOrderSent:
            let order = sent.withLock { $0.filter(parts.contains) }
            var bytes: [UInt8] = []
            for part in order { bytes += [UInt8](repeating: UInt8(truncatingIfNeeded: part.number), count: part.size) }
            _ = try await base.completeUpload(upload, parts, options)
            let info = try await base.put(upload.key, bytes)
            return WriteResult(etag: info.etag)
        case .dropsUploadOnFailure:
            do {
                return try await base.completeUpload(upload, parts, options)
            } catch {
                try await base.abortUpload(upload)
                throw error
            }
        case .forgetsOtherUploads:
            for other in try await base.uploads(prefix: upload.key) where other != upload {
                try await base.abortUpload(other)
            }
        default: break
        }
        return try await base.completeUpload(upload, parts, options)
    }

    func abortUpload(_ upload: MultipartUpload) async throws {
        if mutant != .keepsAbortedUploads { try await base.abortUpload(upload) }
    }
}

@Suite("The conformance cases see what is wrong")
struct MutantTests {
    @Test("A store that breaks a promise fails a case", arguments: Mutant.allCases)
    func mutants(_ mutant: Mutant) async throws {
        let provider = MutantProvider(mutant: mutant)
        // Large bodies and races take long and are needed for few.
        let cases = ObjectStoreConformance.cases
        let ordered = cases.filter { $0.topic != "races" } + cases.filter { $0.topic == "races" }
        // Whether a race shows is up to chance: on a busy machine all who read may be done before the first writes.
        let rounds = [.racyCreate, .racySwap, .tornReads].contains(mutant) ? 50 : 1
        for promise in Array(repeating: ordered, count: rounds).joined() {
            do {
                try await promise.run(on: provider)
            } catch {
                return
            }
        }
        Issue.record("no case saw \(mutant)")
    }
}
