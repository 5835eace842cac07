import CairnCore

/// What clients write.
extension Client {
    private func randomUser() -> Int { below(plan.users) }

    func insertUser() async {
        let id = randomUser()
        // Few handles, so that they are often taken.
        let handle = "h\(below(plan.users * 2))"
        let age = chance(80) ? below(60) : nil
        _ = await write("insert_user") { stamp in
            [.insert(tables.users, tables.user(id, handle: handle, age: age, stamp: stamp))]
        }
    }

    /// Reads a user and writes it back changed, if nobody else did meanwhile.
    func updateUser() async {
        let id = randomUser()
        var found: ModelState.Row?
        await deed("read_user") { deed in
            found = try await read(storage, tables.users, Key(.int(id)), &deed)
            return nil
        }
        guard let row = found else { return }
        let handle = chance(50) ? row.text(1) : "h\(below(plan.users * 2))"
        let age = below(60)
        let isChecked = chance(80)
        _ = await write("update_user") { stamp in
            [
                .update(
                    tables.users, tables.user(id, handle: handle, age: age, stamp: stamp),
                    expecting: isChecked ? row.metadata.revision : nil)
            ]
        }
    }

    /// A year is added: none may be lost.
    func birthday() async {
        let id = randomUser()
        await transaction("birthday") { deed, transaction in
            guard let row = try await read(transaction, tables.users, Key(.int(id)), &deed) else { return }
            let changed = tables.user(id, handle: row.text(1), age: row.int(2) + 1, stamp: deed.id)
            try await write([.update(tables.users, changed, expecting: nil)], in: transaction, &deed)
        }
    }

    func write(_ operations: [WriteOperation], in transaction: any StorageTransaction, _ deed: inout Deed) async throws
    {
        deed.operations += operations
        _ = try await transaction.write(operations)
    }

    func deleteUser() async {
        let id = randomUser()
        _ = await write("delete_user") { _ in [.delete(tables.users, Key(.int(id)), expecting: nil)] }
    }

    /// Two users exchange handles, through a third value.
    func swapHandles() async {
        let (one, other) = (randomUser(), randomUser())
        if one != other { await swapHandles(one, other) }
    }

    func swapHandles(_ one: Int, _ other: Int) async {
        await transaction("swap_handles") { deed, transaction in
            guard let left = try await read(transaction, tables.users, Key(.int(one)), &deed),
                let right = try await read(transaction, tables.users, Key(.int(other)), &deed)
            else { return }
            func user(_ id: Int, _ row: ModelState.Row, _ handle: String) -> WriteOperation {
                .update(tables.users, tables.user(id, handle: handle, age: row.int(2), stamp: deed.id), expecting: nil)
            }
            let operations = [
                user(one, left, "swap-\(deed.id)"), user(other, right, left.text(1)), user(one, left, right.text(1)),
            ]
            try await write(operations, in: transaction, &deed)
        }
    }

    /// A user is admitted if there are not too many of an age: what is counted must not change meanwhile.
    func admit() async {
        let id = randomUser()
        let age = below(4) * 10
        let most = 1 + below(3)
        await transaction("admit") { deed, transaction in
            let query = Query(
                tables.users,
                where: .compare(column: 2, .greaterOrEqual, .int(age)) && .compare(column: 2, .less, .int(age + 10)))
            let found =
                chance(50)
                ? try await readCount(transaction, query, &deed) : try await read(transaction, query, &deed).count
            guard found < most else { return }
            let user = tables.user(id, handle: "a\(id)", age: age + below(10), stamp: deed.id)
            try await write([.upsert(tables.users, user)], in: transaction, &deed)
        }
    }

    func insertPost() async {
        let author = randomUser()
        let number = below(3)
        let text = String(repeating: "t", count: below(plan.textBytes)) + "\(below(5))"
        _ = await write("insert_post") { stamp in
            [.upsert(tables.posts, tables.post(author, number, text, stamp: stamp))]
        }
    }

    /// Writes or reads what somebody else may edit.
    func note() async {
        let id = below(3)
        if chance(40) {
            await deed("read_note") { deed in
                _ = try await storage.get(tables.notes, Key(.int(id))) { _ in }
                return nil
            }
        } else {
            let text = String(repeating: "n", count: below(30))
            _ = await write("write_note") { stamp in [.upsert(tables.notes, tables.note(id, text, stamp: stamp))] }
        }
    }

    func deletePost() async {
        let key = Key(.int(randomUser()), [.int(below(3))])
        _ = await write("delete_post") { _ in [.delete(tables.posts, key, expecting: nil)] }
    }

    /// Money goes from one account to another; there is always as much as in the beginning.
    func transfer() async {
        let (from, to) = (below(plan.accounts), below(plan.accounts))
        guard from != to else { return }
        await transfer(from: from, to: to, amount: 1 + below(20))
    }

    func transfer(from: Int, to: Int, amount: Int) async {
        await transaction("transfer") { deed, transaction in
            guard let payer = try await read(transaction, tables.accounts, Key(.int(from)), &deed),
                let payee = try await read(transaction, tables.accounts, Key(.int(to)), &deed),
                payer.int(2) >= amount
            else { return }
            try await write(
                [
                    .update(
                        tables.accounts,
                        tables.account(
                            from, owner: payer.text(1), balance: payer.int(2) - amount, stamp: deed.id),
                        expecting: nil),
                    .update(
                        tables.accounts,
                        tables.account(to, owner: payee.text(1), balance: payee.int(2) + amount, stamp: deed.id),
                        expecting: nil),
                ], in: transaction, &deed)
        }
    }

    /// Reads some lists and appends its number to some of them: from what lists hold follows who came before whom.
    func append() async {
        let ids = (0..<plan.lists).filter { _ in chance(70) }
        let wanted = ids.filter { _ in chance(70) }
        await transaction("append") { deed, transaction in
            var lists: [Int: [Int]] = [:]
            for id in ids {
                lists[id] = try await read(transaction, tables.lists, Key(.int(id)), &deed)?.ints(1) ?? []
            }
            let operations = wanted.map { id in
                WriteOperation.upsert(tables.lists, tables.list(id, (lists[id] ?? []) + [deed.id], stamp: deed.id))
            }
            if !operations.isEmpty { try await write(operations, in: transaction, &deed) }
        }
    }
}
