import ObjectStores

/// Writes that must not take effect past a time.
enum FenceCases {
    /// Farther from now than any store's clock is wrong, and than a signature lasts.
    private static let hour = 3600.0

    static let all: [ObjectStoreCase] = [
        ObjectStoreCase("notAfter", "A write in time takes effect") { trial in
            guard trial.capabilities.canFence else { return try await refuses(trial) }
            let later = try await trial.now(adding: hour)
            let first = try await trial.store.put("key", Array("first".utf8), notAfter: later)
            try await trial.expect("key", is: "first")
            if trial.capabilities.canCompareAndSwap {
                try await trial.store.put("key", Array("second".utf8), mode: .ifMatch(first.etag), notAfter: later)
                try await trial.expect("key", is: "second")
            }
            _ = try await trial.store.delete("key", DeleteOptions(notAfter: later))
            if trial.capabilities.canCreate {
                try await trial.store.put("key", Array("third".utf8), mode: .create, notAfter: later)
                try await trial.expect("key", is: "third")
            }
            let removed = try await trial.store.delete(["key"], notAfter: later)
            try expectEqual(removed.failures.count, 0)
            try await trial.expectNothing("key")
        },
        ObjectStoreCase("notAfter", "A write that comes too late does not take effect, whatever its mode") { trial in
            guard trial.capabilities.canFence else { return try await refuses(trial) }
            let earlier = try await trial.now(adding: -hour)
            let etag = try await trial.store.put("there", .text("old")).etag
            var modes: [PutMode] = [.overwrite]
            if trial.capabilities.canCompareAndSwap { modes.append(.ifMatch(etag)) }
            for mode in modes {
                let error = try await expectError(.expired) {
                    try await trial.store.put("there", Array("new".utf8), mode: mode, notAfter: earlier)
                }
                try expect(!error.mayHaveTakenEffect, "a write that came too late has not happened")
            }
            try await trial.expect("there", is: "old")
            try expectEqual(try await trial.store.head("there").etag, etag)
            if trial.capabilities.canCreate {
                try await expectError(.expired) {
                    try await trial.store.put("absent", [1], mode: .create, notAfter: earlier)
                }
            }
            try await expectError(.expired) { try await trial.store.put("absent", [1], notAfter: earlier) }
            try await trial.expectNothing("absent")
        },
        ObjectStoreCase("notAfter", "A removal that comes too late does not take effect") { trial in
            guard trial.capabilities.canFence else { return try await refuses(trial) }
            let earlier = try await trial.now(adding: -hour)
            try await trial.put(["a", "b"])
            try await expectError(.expired) {
                _ = try await trial.store.delete("a", DeleteOptions(notAfter: earlier))
            }
            try await expectError(.expired) { _ = try await trial.store.delete(["a", "b"], notAfter: earlier) }
            try expectEqual(try await trial.store.keys(), ["a", "b"])
        },
        ObjectStoreCase("notAfter", "Copies and uploads that come too late do not take effect") { trial in
            guard trial.capabilities.canFence else { return try await refuses(trial) }
            let earlier = try await trial.now(adding: -hour)
            try await trial.store.put("source", .text("text"))
            if trial.capabilities.canCopy {
                try await expectError(.expired) {
                    _ = try await trial.store.copy("source", to: "target", CopyOptions(notAfter: earlier))
                }
            }
            if trial.capabilities.canUploadInParts {
                let upload = try await trial.store.beginUpload("target", ObjectAttributes())
                let part = try await trial.store.uploadPart(1, of: upload, .text("part"))
                try await expectError(.expired) {
                    _ = try await trial.store.completeUpload(upload, [part], CompleteOptions(notAfter: earlier))
                }
                try await trial.expectNothing("target")
                _ = try await trial.store.completeUpload(upload, [part], CompleteOptions())
                return try await trial.expect("target", is: "part")
            }
            try await trial.expectNothing("target")
        },
    ]

    private static func refuses(_ trial: Trial) async throws {
        let later = try await trial.now(adding: hour)
        try await expectError(.unsupported) { try await trial.store.put("key", [1], notAfter: later) }
        try await expectError(.unsupported) { _ = try await trial.store.delete("key", DeleteOptions(notAfter: later)) }
        try await trial.expectNothing("key")
    }
}
