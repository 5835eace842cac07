import ObjectStores

/// Copies inside of a store.
enum CopyCases {
    static let all: [ObjectStoreCase] = [
        ObjectStoreCase("copy", "A copy has the bytes, and is an object of its own") { trial in
            guard trial.capabilities.canCopy else { return try await trial.expectRefusalOfCopies() }
            try await trial.store.put("from é+%", .text("text"))
            let result = try await trial.store.copy("from é+%", to: "to/é +%")
            try await trial.expect("to/é +%", is: "text")
            try expectEqual(try await trial.store.head("to/é +%").etag, result.etag)
            try await trial.store.put("from é+%", .text("other"))
            try await trial.expect("to/é +%", is: "text")
            try await trial.store.delete("from é+%")
            try await trial.expect("to/é +%", is: "text")
        },
        ObjectStoreCase("copy", "What is not there cannot be copied, and the target stays as it was") { trial in
            guard trial.capabilities.canCopy else { return try await trial.expectRefusalOfCopies() }
            try await trial.store.put("target", .text("old"))
            let error = try await expectError(.notFound) { try await trial.store.copy("missing", to: "target") }
            try expectEqual(error.key, "missing")
            try await trial.expect("target", is: "old")
        },
        ObjectStoreCase("copy", "Only the version that is named is copied") { trial in
            guard trial.capabilities.canCopy else { return try await trial.expectRefusalOfCopies() }
            let old = try await trial.store.put("source", .text("old")).etag
            guard trial.capabilities.canCopyOneVersion else {
                try await expectError(.unsupported) {
                    _ = try await trial.store.copy("source", to: "target", CopyOptions(sourceIfMatch: old))
                }
                return try await trial.expectNothing("target")
            }
            let new = try await trial.store.put("source", .text("new")).etag
            try await expectError(.preconditionFailed) {
                _ = try await trial.store.copy("source", to: "target", CopyOptions(sourceIfMatch: old))
            }
            try await trial.expectNothing("target")
            _ = try await trial.store.copy("source", to: "target", CopyOptions(sourceIfMatch: new))
            try await trial.expect("target", is: "new")
        },
        ObjectStoreCase("copy", "A copy with a condition writes only if it holds") { trial in
            guard trial.capabilities.canCopy else { return try await trial.expectRefusalOfCopies() }
            try await trial.store.put("source", .text("text"))
            let create = CopyOptions(mode: .create)
            guard trial.capabilities.canCopyConditionally else {
                try await expectError(.unsupported) { _ = try await trial.store.copy("source", to: "target", create) }
                return try await trial.expectNothing("target")
            }
            let first = try await trial.store.copy("source", to: "target", create)
            try await trial.store.put("source", .text("newer"))
            try await expectError(.preconditionFailed) {
                _ = try await trial.store.copy("source", to: "target", create)
            }
            try await trial.expect("target", is: "text")
            _ = try await trial.store.copy("source", to: "target", CopyOptions(mode: .ifMatch(first.etag)))
            try await trial.expect("target", is: "newer")
            try await expectError(.preconditionFailed) {
                _ = try await trial.store.copy("source", to: "target", CopyOptions(mode: .ifMatch(first.etag)))
            }
        },
    ]
}
