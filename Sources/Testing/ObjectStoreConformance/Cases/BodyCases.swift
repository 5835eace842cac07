import ObjectStores

/// Bodies that come and go chunk by chunk.
enum BodyCases {
    private struct Interrupted: Error {}

    static let all: [ObjectStoreCase] = [
        ObjectStoreCase("bodies", "A stream of chunks is stored as their bytes, empty chunks and all") { trial in
            let chunks: [[UInt8]] = [[1, 2, 3], [], [4], [UInt8](repeating: 5, count: 100_000), []]
            let bytes = chunks.flatMap(\.self)
            for length in [nil, bytes.count] {
                let put = try await trial.store.put("key", .stream(ByteStream(chunks: chunks), length: length))
                try expectEqual(put.size, bytes.count)
                try expect(try await trial.store.bytes("key") == bytes, "the bytes differ")
            }
            try await trial.store.put("empty", .stream(ByteStream(chunks: [])))
            try expectEqual(try await trial.store.bytes("empty"), [])
        },
        ObjectStoreCase("bodies", "A body is read chunk by chunk, and says so when all is read") { trial in
            let bytes = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 / 3) }
            try await trial.store.put("key", bytes)
            var read: [UInt8] = []
            for try await chunk in try await trial.store.get("key").body { read += chunk }
            try expect(read == bytes, "the bytes differ")
            read = []
            for try await chunk in try await trial.store.get("key", range: .closed(5...600_004)).body { read += chunk }
            try expect(read == Array(bytes[5..<600_005]), "the bytes of a range differ")
        },
        ObjectStoreCase("bodies", "A body that fails half-way stores nothing, and leaves what was there") { trial in
            try await trial.store.put("old", .text("old"))
            for key in ["old", "new"] {
                let body = ObjectBody.stream(
                    ByteStream {
                        var sent = 0
                        return {
                            sent += 1
                            if sent > 3 { throw Interrupted() }
                            return [UInt8](repeating: 1, count: 50_000)
                        }
                    })
                do {
                    try await trial.store.put(key, body)
                    throw ObjectStoreCaseFailure("half a body was stored", #fileID, #line)
                } catch is Interrupted {}
            }
            try await trial.expect("old", is: "old")
            try await trial.expectNothing("new")
            try expectEqual(try await trial.store.keys(), ["old"])
        },
        ObjectStoreCase("bodies", "A body of another length than announced stores nothing") { trial in
            for length in [0, 9, 11, 1000] {
                try await expectError(.network, .invalid) {
                    try await trial.store.put(
                        "key", .stream(ByteStream(chunks: [Array("01234".utf8), Array("56789".utf8)]), length: length))
                }
                try await trial.expectNothing("key")
            }
        },
        ObjectStoreCase("bodies", "A cancelled write stores nothing") { trial in
            let task = Task {
                try await trial.store.put(
                    "key",
                    .stream(
                        ByteStream {
                            var sent = 0
                            return {
                                sent += 1
                                if sent == 2 { withUnsafeCurrentTask { $0?.cancel() } }
                                return sent > 4 ? nil : [UInt8](repeating: 1, count: 1000)
                            }
                        }))
            }
            do {
                _ = try await task.value
                throw ObjectStoreCaseFailure("the write was not cancelled", #fileID, #line)
            } catch is CancellationError {}
            try await trial.expectNothing("key")
        },
    ]
}
