import CairnCore

/// A fixed list of deeds that has something of everything, for crashes at each of its effects.
extension Client {
    func followScript() async {
        let users = tables.users
        for id in 0..<3 {
            await commit("script_insert") { stamp in
                [.insert(users, tables.user(id, handle: "h\(id)", age: 20 + id, stamp: stamp))]
            }
        }
        await commit("script_post") { stamp in [.insert(tables.posts, tables.post(0, 1, "text", stamp: stamp))] }
        await commit("script_update") { stamp in
            [.update(users, tables.user(1, handle: "h1", age: 40, stamp: stamp), expecting: 1)]
        }
        await commit("script_delete") { _ in [.delete(users, Key(.int(2)), expecting: nil)] }
        await transfer(from: 0, to: 1, amount: 30)
        for _ in 0..<2 { await appendToAll() }
        await commit("script_again") { stamp in
            [.insert(users, tables.user(2, handle: "h2", age: nil, stamp: stamp))]
        }
        for round in 0..<8 {
            await commit("script_more") { stamp in
                [
                    .upsert(users, tables.user(3 + round % 3, handle: "m\(round)", age: round, stamp: stamp)),
                    .upsert(tables.posts, tables.post(0, round, "round", stamp: stamp)),
                ]
            }
        }
        await maintain()
        await batchTwice()
        await swapHandles(0, 1)
        await commit("script_late") { _ in [.delete(tables.posts, Key(.int(0), [.int(1)]), expecting: nil)] }
        await transfer(from: 1, to: 0, amount: 5)
        await commit("script_forget") { _ in (3...5).map { .delete(users, Key(.int($0)), expecting: nil) } }
        await maintain()
    }

    /// A batch under an idempotency key, sent again as by somebody who did not hear that it was done.
    private func batchTwice() async {
        var made = Batch()
        var first = 0
        await deed("batch") { deed in
            deed.isWriting = true
            first = deed.id
            deed.operations = (0..<3).map {
                .upsert(tables.users, tables.user(10 + $0, handle: "b\($0)", age: $0, stamp: deed.id))
            }
            made = Batch(deed.operations, idempotencyKey: "op-\(deed.id)")
            return try await commit(made)
        }
        let (batch, number) = (made, first)
        await send(batch, again: number)
    }

    private func commit(_ kind: String, _ make: (Int) -> [WriteOperation]) async { _ = await write(kind, make) }

    private func appendToAll() async {
        await transaction("append") { deed, transaction in
            var operations: [WriteOperation] = []
            for id in 0..<2 {
                let items = try await read(transaction, tables.lists, Key(.int(id)), &deed)?.ints(1) ?? []
                operations.append(.upsert(tables.lists, tables.list(id, items + [deed.id], stamp: deed.id)))
            }
            try await write(operations, in: transaction, &deed)
        }
    }
}
