package import CairnCore

/// Reads a store in every way while others write, and checks that it meets only whole commits: the sum of all balances is 0.
package struct Watcher: Sendable {
    private let store: Store

    package init(_ store: Store) {
        self.store = store
    }

    /// A reader saw a part of a commit.
    package struct SawPart: Error, CustomStringConvertible {
        package let description: String
    }

    /// Looks once in each way.
    package func look() async throws {
        try check(try await WriterProgram.sum(of: store.session), "rows by key")
        let byBalance = Query(store.schema.accounts, order: [OrderTerm(column: 2)])
        try check(try await sum(byBalance, store.session), "rows by an index")
        try await store.snapshot { snapshot in
            let first = try await WriterProgram.sum(of: snapshot)
            try check(first, "a snapshot")
            let count = try await snapshot.count(byBalance)
            await Task.yield()
            try check(try await sum(byBalance, snapshot), "a snapshot, later")
            guard try await snapshot.count(byBalance) == count else {
                throw SawPart(description: "a snapshot counts rows that it did not have before")
            }
        }
        try check(try await store.transaction { try await sum(byBalance, $0) }, "a transaction")
    }

    private func check(_ sum: Int, _ how: String) throws {
        if sum != 0 { throw SawPart(description: "\(how): the balances have the sum \(sum)") }
    }

    /// Adds up rows a few at a time, so that commits of others come in between.
    private func sum(_ query: Query, _ session: Session) async throws -> Int {
        let cursor = try await session.cursor(query)
        defer { cursor.close() }
        var sum = 0
        var hasMore = true
        while hasMore {
            hasMore = try await cursor.next(3) { row in
                sum += try Account(row).balance
                return true
            }
            await Task.yield()
        }
        return sum
    }
}
