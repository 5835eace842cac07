import ObjectStores

/// Removing.
enum DeleteCases {
    static let all: [ObjectStoreCase] = [
        ObjectStoreCase("delete", "What was removed is gone; removing it again, or what never was, succeeds") { trial in
            try await trial.put(["a", "b"])
            try await trial.store.delete("a")
            try await trial.expectNothing("a")
            try await trial.store.delete("a")
            try await trial.store.delete("never")
            try await trial.store.delete("never/in/any/folder")
            try expectEqual(try await trial.store.keys(), ["b"])
        },
        ObjectStoreCase("delete", "Removing an object leaves those below its key, and the other way round") { trial in
            if trial.quirks.refusesKeyBesideFolder { return try await KeyCases.refusesKeyBesideFolder(trial) }
            try await trial.put(["a", "a/b", "a/b/c"])
            try await trial.store.delete("a")
            try expectEqual(try await trial.store.keys(), ["a/b", "a/b/c"])
            try await trial.store.delete("a/b/c")
            try await trial.store.put("a", .text("again"))
            try await trial.store.delete("a/b")
            try await trial.expect("a", is: "again")
            try expectEqual(try await trial.store.keys(), ["a"])
            try await trial.store.delete("a/")
            try await trial.store.delete("a/b")
            try await trial.expect("a", is: "again")
        },
        ObjectStoreCase("delete", "A removal that names a version removes that version and no other") { trial in
            let first = try await trial.store.put("key", .text("first")).etag
            guard trial.capabilities.canDeleteConditionally else {
                try await expectError(.unsupported) {
                    _ = try await trial.store.delete("key", DeleteOptions(ifMatch: first))
                }
                return try await trial.expect("key", is: "first")
            }
            let second = try await trial.store.put("key", .text("second")).etag
            try await expectError(.preconditionFailed) {
                _ = try await trial.store.delete("key", DeleteOptions(ifMatch: first))
            }
            try await trial.expect("key", is: "second")
            _ = try await trial.store.delete("key", DeleteOptions(ifMatch: second))
            try await trial.expectNothing("key")
            try await expectError(trial.quirks.conditionOnNothing) {
                _ = try await trial.store.delete("key", DeleteOptions(ifMatch: second))
            }
        },
        ObjectStoreCase("delete", "Several are removed at once, whether they are there or not") { trial in
            let keys = (0..<30).map { "batch/\($0) é+%&<>" }
            try await trial.put(keys + ["other"])
            let result = try await trial.store.delete(Array(keys.prefix(20)) + ["missing", "batch"], notAfter: nil)
            try expectEqual(result.failures.map(\.description), [])
            try expectEqual(try await trial.store.keys(prefix: "batch/").count, 10)
            try expectEqual(try await trial.store.delete([], notAfter: nil).failures.count, 0)
            try expectEqual(try await trial.store.delete(contentsOf: keys).count, 0)
            try expectEqual(try await trial.store.keys(), ["other"])
        },
        ObjectStoreCase("delete", "A thousand at once, and not one more") { trial in
            let keys = (0..<ObjectLimits.batchKeys).map { "key-\($0)" }
            try await trial.put(["key-0", "key-999", "key-1000"])
            try await expectError(.invalid) { _ = try await trial.store.delete(keys + ["key-1000"], notAfter: nil) }
            try expectEqual(try await trial.store.keys().count, 3)
            try expectEqual(try await trial.store.delete(keys, notAfter: nil).failures.count, 0)
            try expectEqual(try await trial.store.keys(), ["key-1000"])
            try expectEqual(try await trial.store.delete(contentsOf: keys + ["key-1000"]).count, 0)
            try expectEqual(try await trial.store.keys(), [])
        },
    ]
}
