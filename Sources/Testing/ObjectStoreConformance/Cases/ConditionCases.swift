import ObjectStores

/// Conditions on reading and writing.
enum ConditionCases {
    static let all: [ObjectStoreCase] = [
        ObjectStoreCase("conditions", "Create writes what is not there, and nothing else") { trial in
            guard trial.capabilities.canCreate else { return try await trial.expectRefusal(of: .create) }
            let first = try await trial.store.put("key", Array("first".utf8), mode: .create)
            let error = try await expectError(.preconditionFailed) {
                try await trial.store.put("key", Array("second".utf8), mode: .create)
            }
            try expect(!error.mayHaveTakenEffect, "a write that was refused has not happened")
            try await trial.expect("key", is: "first")
            try expectEqual(try await trial.store.head("key").etag, first.etag)
            try await trial.store.delete("key")
            try await trial.store.put("key", Array("third".utf8), mode: .create)
            try await trial.expect("key", is: "third")
        },
        ObjectStoreCase("conditions", "Compare-and-swap writes over the version it names, and no other") { trial in
            let first = try await trial.store.put("key", .text("first"))
            guard trial.capabilities.canCompareAndSwap else {
                try await expectError(.unsupported) {
                    try await trial.store.put("key", [1], mode: .ifMatch(first.etag))
                }
                return try await trial.expect("key", is: "first")
            }
            let second = try await trial.store.put("key", Array("second".utf8), mode: .ifMatch(first.etag))
            try expect(second.etag != first.etag, "the new version has the ETag of the old one")
            for etag in [first.etag, strangeMark] {
                let error = try await expectError(.preconditionFailed) {
                    try await trial.store.put("key", Array("third".utf8), mode: .ifMatch(etag))
                }
                try expect(!error.mayHaveTakenEffect, "a write that was refused has not happened")
            }
            try await trial.expect("key", is: "second")
            try await trial.store.put("key", Array("third".utf8), mode: .ifMatch(second.etag))
            try await trial.expect("key", is: "third")
        },
        ObjectStoreCase("conditions", "Compare-and-swap without an object writes nothing") { trial in
            guard trial.capabilities.canCompareAndSwap else {
                return try await trial.expectRefusal(of: .ifMatch(strangeMark))
            }
            let wanted = trial.quirks.conditionOnNothing
            try await expectError(wanted) { try await trial.store.put("key", [1], mode: .ifMatch(strangeMark)) }
            try await trial.expectNothing("key")
            let removed = try await trial.store.put("key", .text("x")).etag
            try await trial.store.delete("key")
            try await expectError(wanted) { try await trial.store.put("key", [1], mode: .ifMatch(removed)) }
            try await trial.expectNothing("key")
        },
        ObjectStoreCase(
            "conditions", "A version that was removed and stored anew is another version, if the store says so"
        ) {
            trial in
            guard trial.capabilities.canCompareAndSwap else {
                return try await trial.expectRefusal(of: .ifMatch(strangeMark))
            }
            let old = try await trial.store.put("key", .text("same")).etag
            try await trial.store.delete("key")
            try await trial.store.put("key", .text("same"))
            if trial.capabilities.etags == .perWrite {
                try await expectError(.preconditionFailed) {
                    try await trial.store.put("key", [1], mode: .ifMatch(old))
                }
                try await trial.expect("key", is: "same")
            } else {
                try await trial.store.put("key", [1], mode: .ifMatch(old))
            }
        },
        ObjectStoreCase("conditions", "A reader that names a version gets that version or an error") { trial in
            let etag = try await trial.store.put("key", .text("text")).etag
            let right = ReadConditions(ifMatch: etag)
            let wrong = ReadConditions(ifMatch: strangeMark)
            try expectEqual(try await trial.store.head("key", right).size, 4)
            try expectEqual(try await trial.store.get("key", GetOptions(conditions: right)).bytes().count, 4)
            try await expectError(.preconditionFailed) { _ = try await trial.store.head("key", wrong) }
            try await expectError(.preconditionFailed) {
                _ = try await trial.store.get("key", GetOptions(conditions: wrong))
            }
            try await expectError(.notFound) { _ = try await trial.store.head("missing", right) }
        },
        ObjectStoreCase("conditions", "A reader that knows a version hears that it is still there, or gets another") {
            trial in
            let etag = try await trial.store.put("key", .text("text")).etag
            let known = ReadConditions(ifNoneMatch: etag)
            try await expectError(.notModified) { _ = try await trial.store.head("key", known) }
            let error = try await expectError(.notModified) {
                _ = try await trial.store.get("key", GetOptions(conditions: known))
            }
            _ = try require(error.answer.serverDate, "the date of the answer")
            try expectEqual(try await trial.store.head("key", ReadConditions(ifNoneMatch: strangeMark)).etag, etag)
            try await trial.store.put("key", .text("other"))
            try expectEqual(
                try await trial.store.get("key", GetOptions(conditions: known)).bytes(), Array("other".utf8))
            try await trial.store.delete("key")
            try await expectError(.notFound) { _ = try await trial.store.head("key", known) }
        },
    ]
}
