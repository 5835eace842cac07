import ObjectStores

/// Whole objects.
enum PutCases {
    static let all: [ObjectStoreCase] = [
        ObjectStoreCase("put", "What was stored is read back, byte for byte") { trial in
            let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 / 256) }
            let put = try await trial.store.put("bytes", bytes)
            let got = try await trial.store.get("bytes")
            try expectEqual(try await got.bytes(), bytes)
            try expectEqual(got.range, 0..<1000)
            try expectEqual(put.size, 1000)
            try expectEqual(got.info.size, 1000)
            try expectEqual(got.info.etag, put.etag)
            try expectEqual(got.info.key, "bytes")
        },
        ObjectStoreCase("put", "An empty object is an object") { trial in
            try await trial.store.put("empty", [])
            try expectEqual(try await trial.store.head("empty").size, 0)
            try expectEqual(try await trial.store.bytes("empty"), [])
            try expectEqual(try await trial.store.keys(), ["empty"])
        },
        ObjectStoreCase("put", "Writing again replaces everything, a longer object by a shorter one, too") { trial in
            let first = try await trial.store.put("key", .text("a long text"))
            let second = try await trial.store.put("key", .text("short"))
            try expect(first.etag != second.etag, "both versions have the ETag \(first.etag)")
            try await trial.expect("key", is: "short")
            try expectEqual(try await trial.store.head("key").etag, second.etag)
        },
        ObjectStoreCase("put", "A value that is written, changed and written back has a new ETag, if the store says so")
        {
            trial in
            let first = try await trial.store.put("key", .text("one"))
            try await trial.store.put("key", .text("two"))
            let third = try await trial.store.put("key", .text("one"))
            let isNew = first.etag != third.etag
            try expectEqual(isNew, trial.capabilities.etags == .perWrite, "ETag differs after A, B, A")
        },
        ObjectStoreCase("put", "Versions written one right after the other all have different ETags") { trial in
            var etags: Set<ETag> = []
            for number in 0..<20 { etags.insert(try await trial.store.put("key", .text("\(number + 10)")).etag) }
            try expectEqual(etags.count, 20)
        },
        ObjectStoreCase("put", "The ETag is the same in every answer") { trial in
            let etag = try await trial.store.put("key", .text("text")).etag
            try expectEqual(try await trial.store.head("key").etag, etag)
            try expectEqual(try await trial.store.get("key").info.etag, etag)
            for try await entry in trial.store.list(ListOptions()) {
                guard case .object(let summary) = entry else { continue }
                try expectEqual(summary.etag, etag)
                try expectEqual(summary.size, 4)
            }
        },
        ObjectStoreCase("put", "Every answer has the store's date, also that there is nothing") { trial in
            let put = try await trial.store.put("key", .text("text"))
            let date = try require(put.serverDate, "date of PUT")
            let got = try require(try await trial.store.get("key").info.serverDate, "date of GET")
            let head = try require(try await trial.store.head("key").serverDate, "date of HEAD")
            let missing = try await expectError(.notFound) { _ = try await trial.store.get("missing") }
            let absent = try require(missing.answer.serverDate, "date of a missing object")
            let removed = try require(try await trial.store.delete("key").serverDate, "date of DELETE")
            for try await page in trial.store.list(ListOptions()).pages {
                _ = try require(page.answer.serverDate, "date of LIST")
            }
            // Dates of one second are the same where a store has no smaller unit.
            for later in [got, head, absent, removed] { try expect(later >= date, "\(later) after \(date)") }
        },
        ObjectStoreCase("put", "The store says when a version was stored") { trial in
            let put = try await trial.store.put("key", .text("text"))
            let modified = try require(try await trial.store.head("key").lastModified, "last modified")
            let date = try require(put.serverDate, "date of PUT")
            // Some stores say whole seconds, and begin and end a request in different ones.
            try expect(
                secondsBetween(modified, date) <= 60, "stored at \(modified), answered at \(date)")
            if let said = put.lastModified { try expectEqual(said, modified) }
        },
        ObjectStoreCase("put", "Objects of several MiB are kept whole") { trial in
            var bytes = [UInt8](repeating: 0, count: 3 << 20)
            for index in stride(from: 0, to: bytes.count, by: 4093) { bytes[index] = UInt8(truncatingIfNeeded: index) }
            try await trial.store.put("large", bytes)
            let got = try await trial.store.bytes("large")
            try expect(got == bytes, "the bytes differ")
            try expectEqual(
                try await trial.store.bytes("large", range: .closed(1_000_000...1_000_009)),
                Array(bytes[1_000_000...1_000_009]))
        },
        ObjectStoreCase("put", "What is written is seen at once, in listings, too") { trial in
            for number in 0..<20 {
                try await trial.store.put("key-\(number)", .text("\(number)"))
                try expect(try await trial.store.exists("key-\(number)"), "key-\(number) is not there")
                try expectEqual(try await trial.store.keys().count, number + 1)
            }
            for number in 0..<20 {
                try await trial.store.delete("key-\(number)")
                try expect(try await !trial.store.exists("key-\(number)"), "key-\(number) is there")
                try expectEqual(try await trial.store.keys().count, 19 - number)
            }
        },
    ]
}
