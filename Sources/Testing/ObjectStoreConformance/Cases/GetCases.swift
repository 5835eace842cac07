import ObjectStores

/// Reading: ranges and what is missing.
enum GetCases {
    static let all: [ObjectStoreCase] = [
        ObjectStoreCase("get", "What is not there is not found, and the error names the key") { trial in
            try await trial.store.put("other", .text("x"))
            try await trial.expectNothing("missing")
            let error = try await expectError(.notFound) { _ = try await trial.store.get("missing") }
            try expectEqual(error.key, "missing")
            try expect(!error.isRetryable, "a missing object is no reason to try again")
            try expectEqual(try await trial.store.exists("missing"), false)
            try expectEqual(try await trial.store.exists("other"), true)
        },
        ObjectStoreCase("get", "What a key begins with is no object") { trial in
            try await trial.store.put("folder/file", .text("x"))
            for key in ["folder", "folder/", "folder/fil", "folder/file/"] { try await trial.expectNothing(key) }
        },
        ObjectStoreCase("get", "Ranges: from here to there, from here on, the last") { trial in
            try await trial.store.put("digits", .text("0123456789"))
            let ranges: [(ByteRange, String, Range<Int>)] = [
                (.closed(0...0), "0", 0..<1), (.closed(2...4), "234", 2..<5), (.closed(9...9), "9", 9..<10),
                (.closed(0...9), "0123456789", 0..<10), (.closed(7...100), "789", 7..<10),
                (.closed(9...Int.max), "9", 9..<10), (.from(0), "0123456789", 0..<10), (.from(8), "89", 8..<10),
                (.from(9), "9", 9..<10), (.suffix(1), "9", 9..<10), (.suffix(3), "789", 7..<10),
                (.suffix(10), "0123456789", 0..<10), (.suffix(1000), "0123456789", 0..<10),
            ]
            for (range, text, offsets) in ranges {
                let result = try await trial.store.get("digits", range: range)
                try expectEqual(try await String(decoding: result.bytes(), as: UTF8.self), text, "\(range)")
                try expectEqual(result.range, offsets, "\(range)")
                try expectEqual(result.info.size, 10, "size with \(range)")
            }
        },
        ObjectStoreCase("get", "A range that has no byte of the object is refused") { trial in
            try await trial.store.put("digits", .text("0123456789"))
            for range in [ByteRange.closed(10...10), .from(10), .from(1000), .closed(10...20)] {
                try await expectError(.rangeNotSatisfiable) { _ = try await trial.store.get("digits", range: range) }
            }
            try await expectError(.notFound) { _ = try await trial.store.get("missing", range: .from(0)) }
        },
        ObjectStoreCase("get", "An empty object has no byte, and its last bytes are none") { trial in
            try await trial.store.put("empty", [])
            for range in [ByteRange.closed(0...0), .from(0)] {
                try await expectError(.rangeNotSatisfiable) { _ = try await trial.store.get("empty", range: range) }
            }
            if trial.quirks.refusesSuffixOfNothing {
                try await expectError(.rangeNotSatisfiable) {
                    _ = try await trial.store.get("empty", range: .suffix(5))
                }
            } else {
                try expectEqual(try await trial.store.bytes("empty", range: .suffix(5)), [])
            }
        },
        ObjectStoreCase("get", "A range of a version that is not there any more is refused") { trial in
            let old = try await trial.store.put("key", .text("0123456789"))
            let options = GetOptions(range: .closed(2...3), conditions: ReadConditions(ifMatch: old.etag))
            let got = try await trial.store.get("key", options)
            try expectEqual(try await got.bytes(), Array("23".utf8))
            try await trial.store.put("key", .text("abcdefghij"))
            try await expectError(.preconditionFailed) { _ = try await trial.store.get("key", options) }
        },
        ObjectStoreCase("get", "A reader that began before a write reads on what it began with") { trial in
            let old = [UInt8](repeating: 1, count: 1 << 20)
            try await trial.store.put("key", old)
            let reading = try await trial.store.get("key")
            var body = reading.body.makeAsyncIterator()
            var bytes = try await body.next() ?? []
            // A store over a network may have sent the rest already; none may mix the versions.
            try await trial.store.put("key", [UInt8](repeating: 2, count: 1 << 20))
            while let chunk = try await body.next() { bytes += chunk }
            try expect(bytes == old, "the reader got bytes of another version")
        },
    ]
}
