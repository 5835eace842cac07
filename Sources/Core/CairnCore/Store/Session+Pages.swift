import CairnSchema

extension Session {
    /// Reads a page of a query, making an item of each row.
    ///
    /// Pages are cut by the values of the order, not by counting: records that come or go meanwhile neither repeat nor
    /// hide others.
    package func page<Item: Sendable>(
        of query: Query, size: Int, after cursor: PageCursor?, _ item: (RowReader) throws -> Item
    ) async throws -> Page<Item> {
        guard size > 0 else { throw StorageError(.query, "a page has at least 1 record, found \(size)") }
        var query = try checked(query)
        try query.checkPages()
        query.after = try cursor?.position(in: query, schema: schema.id)
        // One more than the page tells whether there is another.
        query.limit = min(size == .max ? size : size + 1, query.limit ?? .max)
        // The cursor is made of them, whatever else is read.
        query.columns = query.columns?.union(query.totalOrder.map(\.column))
        var items: [Item] = []
        var next: PageCursor?
        var hasMore = false
        try await read(query) { row in
            if items.count == size {
                hasMore = true
                return false
            }
            items.append(try item(row))
            if items.count == size { next = try PageCursor(query, schema: schema.id, row: row) }
            return true
        }
        return Page(items: items, next: hasMore ? next : nil)
    }
}
