import CairnCore
package import ObjectStores

#if canImport(FoundationEssentials)
    package import struct FoundationEssentials.Date
#else
    package import struct Foundation.Date
#endif

/// What one process sees of a simulated bucket: every request takes its time, and anything may go wrong with it.
///
/// The errors are those that the S3 client gives: what was not answered, or answered with a failure of the server, may have taken
/// effect. It does not try again.
package final class SimulatedObjectStore: ObjectStore {
    private let bucket: SimulatedBucket
    private let process: SimulatedProcess
    private let faults: FaultSource
    private let effects: EffectGate
    package let capabilities: ObjectStoreCapabilities

    init(_ bucket: SimulatedBucket, _ process: SimulatedProcess, _ faults: FaultSource, _ effects: EffectGate) {
        self.bucket = bucket
        self.process = process
        self.faults = faults
        self.effects = effects
        var capabilities = ObjectStoreCapabilities(name: "simulated", location: "a simulated bucket")
        capabilities.canFence = bucket.options.hasFence
        capabilities.canDeleteConditionally = bucket.options.deletesConditionally
        capabilities.canUploadInParts = false
        capabilities.canCompleteConditionally = false
        capabilities.etags = bucket.options.hasMD5 ? .md5 : .perWrite
        self.capabilities = capabilities
    }

    private var world: World { process.world }

    // MARK: One request

    /// The second to sign with, so that the bucket refuses the request after `notAfter`, and in any case 15 minutes later.
    private func signed(_ notAfter: Date?) -> Int {
        guard let notAfter else { return bucket.second }
        let last = (notAfter.timeIntervalSince1970 - Double(SimulatedBucket.skewSeconds)).rounded(.down)
        return min(bucket.second, Int(last))
    }

    private func send(
        _ key: String, _ action: SimulatedRequest.Action, notAfter: Date? = nil
    ) async throws -> (SimulatedAnswer, Fate.Damage) {
        try Task.checkCancellation()
        if world.isTornDown { throw CancellationError() }
        let request = SimulatedRequest(key: key, action: action, signed: signed(notAfter), isFenced: notAfter != nil)
        let fate = faults.fate(of: request, from: process)
        if let fault = fate.fault { world.tally.count(fault.rawValue) }
        world.tally.count("requests")
        RequestMeter.current?.add()
        world.note(process) { "\(request)" + (fate.fault.map { " [\($0.rawValue)]" } ?? "") }
        let waiter = Waiter<SimulatedAnswer>(process)
        if let travel = fate.travel {
            world.after(travel) { [self] in arrive(request, fate, waiter) }
        }
        if let again = fate.again {
            world.after((fate.travel ?? 0) + again) { [self] in arriveAgain(request, fate) }
        }
        let end = world.after(fate.patience) { [self] in
            world.note(process) { "\(request): no answer" }
            waiter.finish(.failure(silence(request, fate)))
        }
        defer { world.cancel(end) }
        return (try await waiter.value(), fate.damage)
    }

    private func silence(_ request: SimulatedRequest, _ fate: Fate) -> ObjectStoreError {
        let isTimeout = fate.patience >= FaultSource.patience
        return ObjectStoreError(
            isTimeout ? .timeout : .network, "no answer to \(request)", key: request.key, isRetryable: true,
            mayHaveTakenEffect: request.isWrite)
    }

    /// The request is at the bucket.
    private func arrive(_ request: SimulatedRequest, _ fate: Fate, _ waiter: Waiter<SimulatedAnswer>) {
        if process.isDead {
            guard request.isWrite, !fate.endsWithSender else { return }
            world.tally.count("write_of_the_dead")
        }
        do throws(ObjectStoreError) {
            if let refusal = fate.refusal, !refusal.comesAfterEffect { throw error(refusal, request) }
            try bucket.admit(request)
        } catch {
            return reply(request, fate, .failure(error), waiter)
        }
        guard fate.lingering > 0 else { return happen(request, fate, waiter) }
        world.after(fate.lingering) { [self] in happen(request, fate, waiter) }
    }

    /// The request does its work.
    private func happen(_ request: SimulatedRequest, _ fate: Fate, _ waiter: Waiter<SimulatedAnswer>) {
        effects.pass(request, process) { [self] isHeard in
            var result: Result<SimulatedAnswer, ObjectStoreError>
            do throws(ObjectStoreError) {
                result = .success(try bucket.perform(request, by: process.name))
                if let refusal = fate.refusal { result = .failure(error(refusal, request)) }
            } catch {
                result = .failure(error)
            }
            if case .failure(let error) = result, error.code == .preconditionFailed { world.tally.count("lost_race") }
            if isHeard { reply(request, fate, result, waiter) }
        }
    }

    private func reply(
        _ request: SimulatedRequest, _ fate: Fate, _ result: Result<SimulatedAnswer, ObjectStoreError>,
        _ waiter: Waiter<SimulatedAnswer>
    ) {
        world.note(process) {
            switch result {
            case .success(let answer): "\(request) -> \(answer.text)"
            case .failure(let error): "\(request) -> \(error.code)"
            }
        }
        if case .failure(let error) = result, error.code == .expired { world.tally.count("refused_by_date") }
        guard let back = fate.back else { return }
        world.after(back) { waiter.finish(result.mapError { $0 }) }
    }

    /// A second copy of the request arrives. Nobody hears what becomes of it.
    private func arriveAgain(_ request: SimulatedRequest, _ fate: Fate) {
        do throws(ObjectStoreError) {
            try bucket.admit(request)
            _ = try bucket.perform(request, by: "\(process.name) again")
            world.tally.count("duplicate_effect")
            world.note(process) { "\(request) happened again" }
        } catch {
            world.tally.count("duplicate_refused")
            world.note(process) { "\(request) arrived again: \(error.code)" }
        }
    }

    private func error(_ refusal: Fate.Refusal, _ request: SimulatedRequest) -> ObjectStoreError {
        var answer = bucket.answer
        answer.age = refusal.age
        return ObjectStoreError(
            refusal.code, refusal.message, key: request.key, isRetryable: refusal.isRetryable,
            mayHaveTakenEffect: refusal.mayHaveTakenEffect,
            provider: .init(code: refusal.providerCode, status: refusal.status), answer: answer)
    }

    // MARK: Calls

    package func get(_ key: String, _ options: GetOptions) async throws -> GetResult {
        try ObjectRules.check(key: key)
        let (answer, damage) = try await send(key, .get(options))
        guard case .object(let info, let bytes, let range) = answer else { throw unexpected(key) }
        guard damage != .none, !bytes.isEmpty else { return GetResult(info: info, range: range, body: .bytes(bytes)) }
        if damage == .flippedUnseen {
            var flipped = bytes
            flipped[bytes.count / 2] ^= 4
            return GetResult(info: info, range: range, body: .bytes(flipped))
        }
        let half = Array(bytes.prefix(bytes.count / 2))
        let body = ByteStream {
            var hasBegun = false
            return {
                guard hasBegun else {
                    hasBegun = true
                    return half
                }
                throw ObjectStoreError(
                    .network,
                    damage == .truncated ? "the body broke off" : "the body has another checksum than announced",
                    key: key, isRetryable: true)
            }
        }
        return GetResult(info: info, range: range, body: .stream(body, length: range.count))
    }

    package func head(_ key: String, _ conditions: ReadConditions) async throws -> ObjectInfo {
        try ObjectRules.check(key: key)
        return try await info(key, .head(conditions))
    }

    private func info(_ key: String, _ action: SimulatedRequest.Action, _ notAfter: Date? = nil) async throws
        -> ObjectInfo
    {
        guard case .info(let info) = try await send(key, action, notAfter: notAfter).0 else { throw unexpected(key) }
        return info
    }

    package func put(_ key: String, _ body: ObjectBody, _ options: PutOptions) async throws -> ObjectInfo {
        try ObjectRules.check(key: key)
        try ObjectRules.check(options.attributes, of: key, capabilities)
        try ObjectRules.check(options.mode, options.notAfter, of: key, capabilities)
        let bytes = if let whole = body.whole { whole } else { try await body.chunks.collect() }
        if let length = body.length, length != bytes.count {
            throw ObjectStoreError.wrongLength(key, announced: length, found: bytes.count)
        }
        return try await info(key, .put(bytes, options.mode, options.attributes), options.notAfter)
    }

    package func delete(_ key: String, _ options: DeleteOptions) async throws -> AnswerDetails {
        try ObjectRules.check(key: key)
        try ObjectRules.check(notAfter: options.notAfter, of: key, capabilities)
        if options.ifMatch != nil, !capabilities.canDeleteConditionally {
            throw ObjectStoreError.unsupported("remove an object on a condition", capabilities, key: key)
        }
        let (answer, _) = try await send(key, .delete(ifMatch: options.ifMatch), notAfter: options.notAfter)
        guard case .deleted(let details) = answer else { throw unexpected(key) }
        return details
    }

    package func delete(_ keys: [String], notAfter: Date?) async throws -> BatchDeletion {
        try ObjectRules.check(batch: keys)
        try ObjectRules.check(notAfter: notAfter, of: keys.first, capabilities)
        guard let first = keys.first else { return BatchDeletion() }
        guard case .deleted(let details) = try await send(first, .deleteAll(keys), notAfter: notAfter).0 else {
            throw unexpected(first)
        }
        return BatchDeletion(answer: details)
    }

    package func list(_ options: ListOptions) -> ObjectListing {
        ObjectListing { [self] in
            let place = Lock<(after: String?, isOver: Bool)>((options.startAfter, false))
            return { [self] in
                try ObjectRules.check(options)
                let (after, isOver) = place.withLock { $0 }
                if isOver { return nil }
                guard case .page(let page) = try await send(options.prefix, .list(options, after: after)).0 else {
                    throw unexpected(options.prefix)
                }
                if !page.isLast { world.tally.count("page_that_is_not_the_last") }
                place.withLock { $0 = (page.entries.last?.name ?? after, page.isLast) }
                return page
            }
        }
    }

    package func copy(_ source: String, to target: String, _ options: CopyOptions) async throws -> WriteResult {
        try ObjectRules.check(key: source)
        try ObjectRules.check(key: target)
        let info = try await info(target, .copy(from: source, options), options.notAfter)
        return WriteResult(etag: info.etag, lastModified: info.lastModified, answer: info.answer)
    }

    private func unexpected(_ key: String) -> ObjectStoreError {
        ObjectStoreError(.unavailable, "the simulated bucket answers something else", key: key)
    }
}

/// Uploads in parts, which there are none.
extension SimulatedObjectStore {
    private func refusal(_ key: String?) -> ObjectStoreError {
        .unsupported("take objects in parts", capabilities, key: key)
    }

    package func beginUpload(_ key: String, _ attributes: ObjectAttributes) async throws -> MultipartUpload {
        throw refusal(key)
    }

    package func uploadPart(
        _ number: Int, of upload: MultipartUpload, _ body: ObjectBody
    ) async throws -> UploadedPart { throw refusal(upload.key) }

    package func parts(of upload: MultipartUpload) async throws -> [UploadedPart] { throw refusal(upload.key) }

    package func completeUpload(
        _ upload: MultipartUpload, _ parts: [UploadedPart], _ options: CompleteOptions
    ) async throws -> WriteResult { throw refusal(upload.key) }

    package func abortUpload(_ upload: MultipartUpload) async throws { throw refusal(upload.key) }

    package func uploads(prefix: String) async throws -> [MultipartUpload] { throw refusal(nil) }
}
