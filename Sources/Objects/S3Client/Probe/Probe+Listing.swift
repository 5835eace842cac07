import CairnSchema

/// Listings: order, pages, beginnings.
extension Probe {
    /// In the order of their UTF-8 bytes. Other orders differ: capitals among the small (`Z`, `a`), folders by themselves (`a-`
    /// behind `a/`), UTF-16 (U+FF5E behind U+1F600).
    static let orderedNames = ["order/a-b", "order/a/b", "order/\u{FF5E}", "order/\u{1F600}"]

    /// Lists what was stored, with ``target`` in front. Five requests, four of them at a time.
    mutating func checkOrder() async throws {
        try await wire.putAll(Probe.orderedNames)
        let wanted = ([Probe.target] + Probe.orderedNames).map { wire.prefix + $0 }
        let found: [String]
        do {
            found = try await wire.bucket.objects(prefix: wire.prefix + "order/").collect().map(\.key)
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

    /// Keys that are told escaped, in the order of their bytes.
    private static let pageNames = [
        "page/ ", "page/%41", "page/+", "page/a/1", "page/a/2", "page/z&", "page/~", "page/\u{E9}", "page/\u{1F600}",
    ]

    /// Pages that end with the last key, before it and behind it; beginnings at a key and between two. About 25 requests.
    mutating func checkPages() async throws {
        let all = Probe.pageNames.map { wire.prefix + $0 }
        try await wire.putAll(Probe.pageNames)

        var wrong: [String] = []
        for size in [1, 3, 4, 9, 10] {
            var options = ListOptions(prefix: wire.prefix + "page/")
            options.pageSize = size
            let found = try await list(options, pages: all.count / size + 2)
            if !Probe.isSame(found.objects, all) { wrong.append("\(found.objects.count) keys in pages of \(size)") }
        }
        note(
            .listPages, wrong.isEmpty,
            wrong.isEmpty ? "9 keys in pages of 1, 3, 4, 9 and 10" : wrong.joined(separator: ", "))

        wrong = []
        for (start, skipped) in [("page/a/1", 4), ("page/a/11", 4), ("page/\u{E9}", 8)] {
            var options = ListOptions(prefix: wire.prefix + "page/", startAfter: wire.prefix + start)
            options.pageSize = 100
            let found = try await list(options, pages: 1)
            if !Probe.isSame(found.objects, Array(all.dropFirst(skipped))) {
                wrong.append("\(found.objects.count) of \(all.count - skipped) keys behind '\(start)'")
            }
        }
        note(
            .listStartAfter, wrong.isEmpty,
            wrong.isEmpty ? "behind a key, and behind what is none" : wrong.joined(separator: ", "))

        let found = try await list(ListOptions(prefix: wire.prefix + "page/", delimiter: "/"), pages: 1)
        let isRight = Probe.isSame(found.prefixes, [wire.prefix + "page/a/"]) && found.objects.count == all.count - 2
        note(
            .listDelimiter, isRight, "\(found.objects.count) keys and \(found.prefixes.count) shared prefix of 7 and 1")
    }

    /// A listing of so many pages at most: one that does not end is wrong, too.
    private func list(_ options: ListOptions, pages: Int) async throws -> (objects: [String], prefixes: [String]) {
        var objects: [String] = []
        var prefixes: [String] = []
        var continuation: String?
        for _ in 0..<pages {
            let page = try await wire.bucket.list(options, continuation: continuation)
            objects += page.objects.map(\.key)
            prefixes += page.prefixes
            continuation = page.continuation
            if continuation == nil { break }
        }
        return (objects, prefixes)
    }

    /// Whether texts are the same byte for byte; `==` takes different forms of a letter for one.
    static func isSame(_ left: [String], _ right: [String]) -> Bool {
        left.count == right.count && zip(left, right).allSatisfy { Utf8.equal($0, $1) }
    }

    private func names(_ keys: [String]) -> String {
        keys.map { $0.dropFirst(wire.prefix.count) }.joined(separator: ", ")
    }
}
