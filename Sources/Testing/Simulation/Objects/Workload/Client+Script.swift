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
        // A manifest introduces an index file of one section, which the next one merges into another file and names no more.
        await commit("script_note") { stamp in [.upsert(tables.notes, tables.note(5, "first", stamp: stamp))] }
        await maintain()
        await batchTwice()
        await swapHandles(0, 1)
        await commit("script_late") { _ in [.delete(tables.posts, Key(.int(0), [.int(1)]), expecting: nil)] }
        await transfer(from: 1, to: 0, amount: 5)
        await commit("script_forget") { _ in (3...5).map { .delete(users, Key(.int($0)), expecting: nil) } }
        await commit("script_note_again") { stamp in [.upsert(tables.notes, tables.note(5, "second", stamp: stamp))] }
        // Late, so that few of those who are killed have carried its megabytes.
        if plan.heavy > 0 { await commit("script_heavy") { heavy(stamp: $0) } }
        await maintain()
        await outliveTheLog()
    }

    /// Lets so much time pass that the driver's own collection removes of everything something, and goes on at work.
    ///
    /// A week and more, until a manifest says that the log may go; some hours, until it goes, and with it the parts of its records; a
    /// day, until the manifests go that newer ones have replaced, and the index files that no other names.
    private func outliveTheLog() async {
        await letPass(hours: 8 * 24)
        await maintain()
        await letPass(hours: 2)
        await commit("script_meanwhile") { stamp in
            [.upsert(tables.users, tables.user(6, handle: "days", age: 6, stamp: stamp))]
        }
        await maintain()
        await letPass(hours: 26)
        await maintain()
        await deed("script_find") { deed in
            _ = try await read(storage, tables.users, Key(.int(6)), &deed)
            return nil
        }
        await deed("script_query") { deed in
            _ = try await read(storage, Query(tables.posts), &deed)
            return nil
        }
        await commit("script_end") { stamp in
            [.upsert(tables.users, tables.user(6, handle: "end", age: 7, stamp: stamp))]
        }
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
