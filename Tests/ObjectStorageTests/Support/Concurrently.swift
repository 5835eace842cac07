/// Calls `body` for each element, so many at once.
func concurrently<Element: Sendable>(
    _ elements: some Sequence<Element>, atOnce limit: Int, _ body: @escaping @Sendable (Element) async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for (count, element) in elements.enumerated() {
            if count >= limit { try await group.next() }
            group.addTask { try await body(element) }
        }
        try await group.waitForAll()
    }
}
