import CairnCore

/// Tells what came late from a store that was removed, among the log records and manifests of the one that followed it: it names another
/// store than `_store.json` does.
struct StrayCheck: Sendable {
    private let owner: String
    private static let kinds: Set<ObjectKind> = [.logRecord, .manifest]
    /// Bytes of an object in which it names its store, if it is as the driver writes it.
    private static let beginning = 400

    /// - Parameter store: The bytes of `_store.json`; nil for what is none.
    init?(store: [UInt8]?) {
        guard let owner = store.flatMap(StrayCheck.named) else { return nil }
        self.owner = owner
    }

    func isStray(_ key: String, _ bytes: [UInt8]?) -> Bool {
        guard let bytes, let kind = ObjectKind(key), StrayCheck.kinds.contains(kind) else { return false }
        if String(decoding: bytes.prefix(StrayCheck.beginning), as: UTF8.self).contains("\"\(owner)\"") { return false }
        return StrayCheck.named(bytes).map { !Utf8.equal($0, owner) } ?? false
    }

    /// The store that an object says it is of.
    private static func named(_ bytes: [UInt8]) -> String? { try? JSONValue(parsing: bytes).text("store") }
}

extension Judge {
    /// The changes of a store without its strays, and how many of those came.
    ///
    /// A stray is no part of the log that is replayed, and who puts an object of the store in its place has created that object. A stray
    /// that takes the place of an object of the store stays in sight: that was written over.
    static func withoutStrays(
        _ changes: [SimulatedBucket.Change]
    ) -> (changes: [SimulatedBucket.Change], strays: Int) {
        let store = changes.last { $0.key == "_store.json" && $0.bytes != nil }
        guard let check = StrayCheck(store: store?.bytes) else { return (changes, 0) }
        var strays = 0
        let rest = changes.compactMap { change -> SimulatedBucket.Change? in
            let stoodOne = check.isStray(change.key, change.before)
            if check.isStray(change.key, change.bytes), change.before == nil || stoodOne {
                strays += 1
                return nil
            }
            guard stoodOne else { return change }
            // Its removal is of no interest.
            guard let bytes = change.bytes else { return nil }
            return SimulatedBucket.Change(
                time: change.time, process: change.process, key: change.key, bytes: bytes, before: nil)
        }
        return (rest, strays)
    }
}
