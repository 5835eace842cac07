import CairnSchema

/// Listings: order, pages, beginnings.
extension Probe {
    /// In the order of their UTF-8 bytes. Other orders differ: capitals among the small (`Z`, `a`), folders by themselves (`a-`
    /// behind `a/`), UTF-16 (U+FF5E behind U+1F600).
    static let orderedNames = ["a-b", "a/b", "\u{FF5E}", "\u{1F600}"]

    /// Lists what was stored, with ``target`` in front. Five requests, four of them at a time.
    mutating func checkOrder() async throws {
        let wire = wire
        try await withThrowingTaskGroup(of: Void.self) { group in
            for name in Probe.orderedNames {
                group.addTask { _ = try await wire.put(name, name).get() }
            }
            try await group.waitForAll()
        }
        let wanted = ([Probe.target] + Probe.orderedNames).map { wire.prefix + $0 }
        let found: [String]
        do {
            found = try await wire.bucket.objects(prefix: wire.prefix).collect().map(\.key)
        } catch let error as S3Error where [.server, .malformedAnswer, .unsupported].contains(error.code) {
            dialect.listsInOrder = false
            return note(.listOrder, false, "a listing failed: \(error.message)")
        }
        dialect.listsInOrder = Probe.isSame(found, wanted)
        let detail =
            dialect.listsInOrder
            ? "by bytes"
            : Set(found) == Set(wanted)
                ? "another than by bytes: \(names(found))" : "\(found.count) of \(wanted.count) keys"
        note(.listOrder, dialect.listsInOrder, detail)
    }

    /// Whether texts are the same byte for byte; `==` takes different forms of a letter for one.
    static func isSame(_ left: [String], _ right: [String]) -> Bool {
        left.count == right.count && zip(left, right).allSatisfy { Utf8.equal($0, $1) }
    }

    private func names(_ keys: [String]) -> String {
        keys.map { $0.dropFirst(wire.prefix.count) }.joined(separator: ", ")
    }
}
