/// Writes on a condition: respected, ignored, or respected in a form of its own.
extension Probe {
    static let ifAbsent = HeaderField("if-none-match", "*")

    /// What the checks of writes are made on. It stays, and has this text at the end.
    static let target = "order/Z"

    func ifMatch(_ etag: ETag) -> HeaderField { HeaderField("if-match", etag.condition(dialect)) }

    /// Create-only and compare-and-swap: six or seven requests.
    mutating func checkWrites() async throws {
        let name = Probe.target
        var first = try await wire.put(name, "1", Probe.ifAbsent)
        if case .refused(let error) = first {
            // A server may say that it does not know the condition; whatever else is wrong with a new key is no answer to this.
            guard error.code == .unsupported else { throw error }
            dialect.canCreate = false
            first = try await wire.put(name, "1")
        }
        let firstETag = try etag(first)
        dialect.hasMD5ETags = EntityTag.of(Array("1".utf8)) == firstETag.quoted

        let second = try await wire.put(name, "2", Probe.ifAbsent)
        let current = second.etag ?? firstETag
        dialect.canCreate = dialect.canCreate && second.isFailedCondition

        let swap = try await swap(name, "3", current)
        let stale = try await wire.put(name, "4", ifMatch(firstETag))
        let object = try await wire.read(name)
        let found = object?.text
        targetETag = object?.etag
        let wasSwapped = swap.isDone && swap.etag != firstETag
        dialect.canCompareAndSwap = wasSwapped && stale.isFailedCondition && found == "3"
        // What was refused and written all the same was not refused.
        if wasSwapped, found == "2" || found == nil { dialect.canCreate = false }
        if !dialect.canCompareAndSwap { dialect.wantsUnquotedIfMatch = nil }

        note(.create, dialect.canCreate, "a second one was answered \(second.text)")
        let form = dialect.wantsUnquotedIfMatch == true ? "; wants the ETag without quotes" : ""
        note(
            .swap, dialect.canCompareAndSwap,
            "the right ETag was answered \(swap.text), a stale one \(stale.text)"
                + (found == (stale.isDone ? "4" : "3") ? "" : ", and then read \(found ?? "nothing")") + form)
        note(
            .md5ETags, dialect.hasMD5ETags, dialect.hasMD5ETags ? "of what is put in one request" : "\(firstETag)")
    }

    /// Writes over a version, in the form of condition that the server wants.
    mutating func swap(_ name: String, _ text: String, _ etag: ETag) async throws -> ProbeWire.Answer {
        dialect.wantsUnquotedIfMatch = false
        let quoted = try await wire.put(name, text, ifMatch(etag))
        guard quoted.isFailedCondition else { return quoted }
        dialect.wantsUnquotedIfMatch = true
        return try await wire.put(name, text, ifMatch(etag))
    }

    /// The mark of what was just stored.
    func etag(_ answer: ProbeWire.Answer) throws -> ETag { try wire.bucket.etag(answer.get()) }

    /// A copy over what is there, and of a version that is not there. Two or three requests; wants the objects of ``checkOrder()``.
    mutating func checkCopy() async throws {
        let over = try await copy(Probe.ifAbsent)
        dialect.canCopyConditionally = over.isFailedCondition
        note(.conditionalCopy, over.isFailedCondition, "over another object it was answered \(over.text)")

        let stale = try await copy(HeaderField("x-amz-copy-source-if-match", "\"\(Probe.noETag)\""))
        var detail = "of another version it was answered \(stale.text)"
        dialect.checksCopySource = stale.isFailedCondition
        if stale.isFailedCondition, let etag = targetETag {
            let right = try await copy(HeaderField("x-amz-copy-source-if-match", etag.quoted))
            dialect.checksCopySource = right.isDone
            detail += ", of the right one \(right.text)"
        }
        note(.copySource, dialect.checksCopySource, detail)
    }

    private func copy(_ condition: HeaderField) async throws -> ProbeWire.Answer {
        var call = try wire.call("CopyObject", "PUT", Probe.orderedNames[1], condition: condition)
        let source = PercentEncoding.path("\(wire.bucket.name)/\(wire.prefix)\(Probe.target)")
        call.headers += wire.encryption + [HeaderField("x-amz-copy-source", "/\(source)")]
        return try await wire.send(call)
    }

    /// The end of an upload over what is there. Three requests, and one that gives the upload up.
    mutating func checkComplete() async throws {
        let name = Probe.orderedNames[1]
        let answer: ProbeWire.Answer
        dialect.canCompleteConditionally = false
        do {
            let upload = try await wire.begin(name)
            let part = try await wire.part(name, upload, 1, Array("part".utf8))
            answer = try await wire.complete(name, upload, [part], Probe.ifAbsent)
        } catch let error as S3Error where [.unsupported, .malformedAnswer].contains(error.code) {
            return note(.conditionalComplete, false, "there are no uploads in parts: \(error.code)")
        }
        dialect.canCompleteConditionally = answer.isFailedCondition
        note(
            .conditionalComplete, dialect.canCompleteConditionally,
            "over another object it was answered \(answer.text)")
    }

    /// A removal of another version, then of the right one. Two or three requests; the object is gone.
    mutating func checkDelete() async throws {
        let name = Probe.target
        let stale = try await wire.delete(
            name, HeaderField("if-match", ETag(rawValue: Probe.noETag).condition(dialect)))
        guard stale.isFailedCondition else {
            dialect.canDeleteConditionally = false
            return note(.conditionalDelete, false, "of another version it was answered \(stale.text)")
        }
        let head = try await wire.send(wire.call("HeadObject", "HEAD", name))
        guard let etag = head.etag else {
            dialect.canDeleteConditionally = false
            return note(.conditionalDelete, false, "of another version it was refused, and the object is gone")
        }
        let right = try await wire.delete(name, ifMatch(etag))
        dialect.canDeleteConditionally = right.isDone
        note(
            .conditionalDelete, right.isDone,
            "of another version it was answered \(stale.text), of the right one \(right.text)")
    }

    /// A swap where there is nothing. One request, and one to see that there still is nothing.
    mutating func checkSwapMissing() async throws {
        let answer = try await wire.put("nothing", "5", ifMatch(ETag(rawValue: Probe.noETag)))
        let isThere = try await wire.get("nothing") != nil
        if isThere { wire.remember("nothing") }
        note(.swapMissing, !answer.isDone && !isThere, "without an object it was answered \(answer.text)")
    }

    /// Reads with conditions. Three requests.
    mutating func checkGet() async throws {
        let name = Probe.orderedNames[0]
        let etag = try await etag(wire.send(wire.call("HeadObject", "HEAD", name)))
        let same = try await wire.send(
            wire.call("GetObject", "GET", name, condition: HeaderField("if-none-match", etag.quoted)))
        let other = try await wire.send(
            wire.call("GetObject", "GET", name, condition: HeaderField("if-match", "\"\(Probe.noETag)\"")))
        note(
            .conditionalGet, same.isFailedCondition && other.isFailedCondition,
            "of what one has it was answered \(same.text), of another version \(other.text)")
    }

    /// What is no version's: the MD5 of nothing that is put.
    static let noETag = "00000000000000000000000000000000"
}
