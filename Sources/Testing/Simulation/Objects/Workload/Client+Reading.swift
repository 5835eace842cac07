import CairnCore

/// What clients read.
extension Client {
    /// Reads a record as of now, or as of some time ago.
    func find() async {
        let (table, key) = someKey()
        await deed("find") { deed in
            guard chance(plan.stale) else {
                _ = try await read(storage, table, key, &deed)
                return nil
            }
            let freshness = try await someFreshness(&deed)
            try await inSnapshot(freshness) { _ = try await read($0, table, key, &deed) }
            return nil
        }
    }

    private func someFreshness(_ deed: inout Deed) async throws -> Freshness {
        if chance(50) {
            deed.staleness = nil
            return .cached
        }
        let seconds = below(120)
        // Who does not see time pass cannot know better.
        deed.staleness = seconds + process.unseenSeconds
        return .bounded(seconds: seconds)
    }

    private func inSnapshot(
        _ freshness: Freshness, _ body: (any StorageSnapshot) async throws -> Void
    ) async throws {
        let snapshot = try await storage.snapshot(freshness)
        do {
            try await body(snapshot)
            await snapshot.close()
        } catch {
            await snapshot.close()
            throw error
        }
    }

    private func someKey() -> (Table, Key) {
        switch below(4) {
        case 0: (tables.accounts, Key(.int(below(plan.accounts))))
        case 1: (tables.lists, Key(.int(below(plan.lists))))
        case 2: (tables.posts, Key(.int(below(plan.users)), [.int(below(3))]))
        default: (tables.users, Key(.int(below(plan.users))))
        }
    }

    private func someQuery() -> Query {
        let limit = chance(30) ? 1 + below(5) : nil
        let isDown = chance(40)
        switch below(7) {
        case 0:
            let age = below(60)
            return Query(
                tables.users, where: .compare(column: 2, .greaterOrEqual, .int(age)),
                order: [OrderTerm(column: 2, isDescending: isDown)], limit: limit)
        case 1:
            return Query(
                tables.users, where: .compare(column: 1, .equal, .string("h\(below(plan.users * 2))")), limit: limit)
        case 2: return Query(tables.users, order: [OrderTerm(column: 1, isDescending: isDown)], limit: limit)
        case 3: return Query(tables.posts, where: .compare(column: 0, .equal, .int(below(plan.users))))
        case 4: return Query(tables.accounts, order: [OrderTerm(column: 2, isDescending: !isDown)], limit: limit)
        case 5:
            return Query(
                tables.posts, where: .text(column: 2, .hasSuffix, "\(below(5))", ignoringCase: false), limit: limit)
        default: return Query(tables.users, where: .isNull(column: 2), limit: limit)
        }
    }

    func query() async {
        let query = someQuery()
        await deed("query") { deed in
            _ = try await read(storage, query, &deed)
            return nil
        }
    }

    func count() async {
        var query = someQuery()
        query.order = []
        await deed("count") { deed in
            _ = try await readCount(storage, query, &deed)
            return nil
        }
    }

    /// Reads several things of one moment, with time between them.
    func snapshot() async {
        let rounds = 2 + below(4)
        let pause = chance(20) ? 300_000_000 : 2_000_000
        await deed("snapshot") { deed in
            let freshness = chance(plan.stale) ? try await someFreshness(&deed) : .latest
            try await inSnapshot(freshness) { snapshot in
                for _ in 0..<rounds {
                    if chance(50) {
                        let (table, key) = someKey()
                        _ = try await read(snapshot, table, key, &deed)
                    } else {
                        _ = try await read(snapshot, someQuery(), &deed)
                    }
                    try await process.sleep(.microseconds(below(pause)))
                }
            }
            return nil
        }
    }

    /// Adds up all accounts: there is always as much as in the beginning.
    func audit() async {
        await deed("audit") { deed in
            let rows = try await read(storage, Query(tables.accounts), &deed)
            let sum = rows.reduce(0) { $0 + $1.int(2) }
            let wanted = plan.accounts * Workload.balance
            if !rows.isEmpty, sum != wanted { complain("bank", "accounts hold \(sum), not \(wanted)") }
            return nil
        }
    }

    // MARK: Other calls

    /// Asks what became of something whose outcome was unknown.
    func outcome() async {
        let open = history.all.compactMap { deed in deed.epoch == epoch ? deed.token.map { (deed.id, $0) } : nil }
        guard !open.isEmpty else { return }
        let (id, token) = open[below(open.count)]
        await deed("outcome") { _ in
            let told = try await store.outcome(of: token)
            // Of a store that was removed nothing is true any more.
            if isCurrent() { history.tell(id, told) }
            return nil
        }
    }

    /// Forgets receipts that have expired, and removes what nobody needs any more.
    @discardableResult
    func maintain() async -> Deed.Outcome {
        await deed("maintain") { _ in
            try await store.maintain()
            return nil
        }
    }
}
