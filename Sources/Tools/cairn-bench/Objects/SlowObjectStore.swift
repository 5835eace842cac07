import ObjectStores

/// A store whose every request takes a time longer, as one far away does.
struct SlowObjectStore: ObjectStoreWrapper {
    let base: any ObjectStore
    let latency: Duration

    func perform<Result: Sendable>(
        _ call: ObjectCall, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await Task.sleep(for: latency)
        return try await body()
    }

    func list(_ options: ListOptions) -> ObjectListing {
        let pages = base.list(options).pages
        return ObjectListing { [latency] in
            let iterator = PageReader(pages.makeAsyncIterator())
            return {
                try await Task.sleep(for: latency)
                return try await iterator.next()
            }
        }
    }
}

/// The pages of a listing, for a closure that is not called twice at once.
private actor PageReader {
    private var iterator: ObjectListing.PageIterator

    init(_ iterator: sending ObjectListing.PageIterator) {
        self.iterator = iterator
    }

    func next() async throws -> ListPage? {
        var copy = iterator
        let page = try await copy.next()
        iterator = copy
        return page
    }
}
