import ObjectStores

/// What a listing found.
struct Listed: Sendable {
    var objects: [ObjectSummary] = []
    /// What keys share up to a delimiter, if one was asked for.
    var prefixes: [String] = []
    /// The store's time when the first page was made: what was there then and was not touched since is in it. Nil for a store that
    /// does not say its time.
    var date: StoreDate?
}

extension StoreAccess {
    /// Whether the store keeps late writes from taking effect. A store that must ask its server for that asks now.
    func canFence() async throws -> Bool {
        do { return try await objects.prepareWriting().canFence } catch { throw StoreAccess.translated(error) }
    }

    /// Lists page by page until `body` has enough. One LIST for each page.
    /// - Parameter body: Returns whether to go on.
    func eachPage(
        _ prefix: String, after: String? = nil, delimiter: String? = nil,
        pageSize: Int = ObjectLimits.pageEntries, _ body: (ListPage) async throws -> Bool
    ) async throws {
        let options = ListOptions(prefix: prefix, delimiter: delimiter, startAfter: after, pageSize: pageSize)
        do {
            for try await page in objects.list(options).pages {
                try check(page.answer, prefix)
                guard try await body(page), !page.isLast else { return }
            }
        } catch let error as ObjectStoreError {
            throw StoreAccess.storageError(error, prefix, .list)
        }
    }

    /// The entries under a prefix, in their order. One LIST for each thousand.
    /// - Parameter limit: How many are enough.
    func listed(_ prefix: String, delimiter: String? = nil, limit: Int = .max) async throws -> Listed {
        var listed = Listed()
        var isFirst = true
        var rest = limit
        try await eachPage(prefix, delimiter: delimiter, pageSize: min(limit, ObjectLimits.pageEntries)) { page in
            if isFirst { listed.date = page.answer.serverDate }
            isFirst = false
            for entry in page.entries.prefix(rest) {
                switch entry {
                case .object(let summary): listed.objects.append(summary)
                case .prefix(let name): listed.prefixes.append(name)
                }
            }
            rest -= page.entries.count
            return rest > 0
        }
        return listed
    }
}
