import CairnCore
import CairnSchema

/// What must be known of a server before anything is written that others may write, too, in as few requests as can show it.
extension Probe {
    /// Two keys that differ in their case alone and are told escaped: a server that folds, changes or sorts names in a way of its
    /// own shows it with them. In the order of their bytes.
    static let writingNames = ["KEY %252F+", "key %252F+"]

    /// Create-only and compare-and-swap on one key; dates of signatures, names and their order with a second one. Seven requests, or
    /// eight.
    ///
    /// Each write to a key has a length of its own. So the listing at the end tells which of them took effect: a server that refuses
    /// and writes all the same is found out by it, without another request.
    mutating func checkWriting() async throws {
        let (other, name) = (Probe.writingNames[0], Probe.writingNames[1])
        let first = try await etag(create(name, "1"))
        let second = try await wire.put(name, "22", Probe.ifAbsent)
        let capital = try await create(other, "1")
        let swapped = try await swap(name, "333", second.etag ?? first)
        let stale = try await wire.put(name, "4444", ifMatch(first))
        let late = try await putLate(other, "55555")
        let sizes = try await sizes()
        let (found, foundOther) = (sizes[Array(name.utf8)], sizes[Array(other.utf8)])

        dialect.canCreate = dialect.canCreate && second.isFailedCondition && found != 2
        let wasSwapped = swapped.isDone && swapped.etag != first
        dialect.canCompareAndSwap = wasSwapped && stale.isFailedCondition && found == 3
        if !dialect.canCompareAndSwap { dialect.wantsUnquotedIfMatch = nil }
        dialect.hasMD5ETags = first.quoted == EntityTag.of(Array("1".utf8))
        dialect.enforcesDates = late.map { !$0.isDone && foundOther != 5 } ?? false
        note(.create, dialect.canCreate, "a second one was answered \(second.text)")
        note(
            .swap, dialect.canCompareAndSwap,
            "the right ETag was answered \(swapped.text), a stale one \(stale.text)")
        note(.md5ETags, dialect.hasMD5ETags, "\(first)")
        note(
            .fence, late == nil ? .unknown : dialect.enforcesDates ? .yes : .no,
            late.map { "a write signed 20 minutes ago was answered \($0.text)" } ?? Probe.unsigned)
        noteNames(capital, sizes)
        note(.versioning, wire.hasVersions, wire.hasVersions ? "each write has a version" : "no write had a version")
    }

    /// Stores an object that is not there. A server that does not know the condition gets it without.
    private mutating func create(_ name: String, _ text: String) async throws -> ProbeWire.Answer {
        let first = try await wire.put(name, text, Probe.ifAbsent)
        guard case .refused(let error) = first else { return first }
        // The second key may be taken for the first one.
        if first.isFailedCondition, !Utf8.equal(name, Probe.writingNames[1]) { return first }
        guard error.code == .unsupported else { throw error }
        dialect.canCreate = false
        return try await wire.put(name, text)
    }

    /// Signs a write for a time that is over; nil when nothing is signed.
    private func putLate(_ name: String, _ text: String) async throws -> ProbeWire.Answer? {
        guard try await wire.isSigning else { return nil }
        return try await wire.put(name, text, time: .fenced(wire.lateDate))
    }

    /// The sizes of what is there by key, as bytes: two texts that differ in how a letter is written are one to a dictionary.
    private mutating func sizes() async throws -> [[UInt8]: Int] {
        let page = try await wire.bucket.list(ListOptions(prefix: wire.prefix), continuation: nil)
        let keys = page.objects.map { String(decoding: $0.key.utf8.dropFirst(wire.prefix.utf8.count), as: UTF8.self) }
        dialect.listsInOrder = Probe.isSame(keys, Probe.writingNames)
        note(.listOrder, dialect.listsInOrder, "listed \(keys.map { "'\($0)'" }.joined(separator: ", "))")
        let pairs = zip(keys, page.objects).map { (Array($0.utf8), $1.size) }
        return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }

    private mutating func noteNames(_ capital: ProbeWire.Answer, _ sizes: [[UInt8]: Int]) {
        let isKept = Probe.writingNames.allSatisfy { sizes[Array($0.utf8)] != nil }
        note(.alikeKeys, capital.isDone && isKept, "a key in capitals was answered \(capital.text)")
        note(.oddKeys, isKept, isKept ? "space, plus and percent" : "changed or refused")
    }
}
