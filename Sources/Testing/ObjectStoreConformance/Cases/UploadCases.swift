import ObjectStores

/// Objects in parts.
enum UploadCases {
    static let all: [ObjectStoreCase] = [
        uploads("Parts are joined by number, in whatever order they came, the last may be small") { trial, upload in
            let size = trial.capabilities.minimumPartBytes
            let last = try await trial.store.uploadPart(30, of: upload, .text("the end"))
            let second = try await trial.store.uploadPart(20, of: upload, .bytes([UInt8](repeating: 2, count: size)))
            let first = try await trial.store.uploadPart(1, of: upload, .bytes([UInt8](repeating: 1, count: size)))
            try await trial.expectNothing("key")
            try expectEqual(try await trial.store.keys(), [])
            let result = try await trial.store.completeUpload(upload, [first, second, last], CompleteOptions())
            let got = try await trial.store.get("key")
            try expectEqual(got.info.etag, result.etag)
            let bytes = try await got.bytes()
            try expectEqual(bytes.count, 2 * size + 7)
            let wanted = [UInt8](repeating: 1, count: size) + [UInt8](repeating: 2, count: size)
            try expect(Array(bytes[..<(2 * size)]) == wanted, "the parts are not one behind the other")
            try expectEqual(String(decoding: bytes[(2 * size)...], as: UTF8.self), "the end")
            try expectEqual(try await trial.store.uploads(prefix: "").count, 0)
        },
        uploads("A part of the same number replaces the one before") { trial, upload in
            let old = try await trial.store.uploadPart(1, of: upload, .text("old"))
            let new = try await trial.store.uploadPart(1, of: upload, .text("newer"))
            try expectEqual(try await trial.store.parts(of: upload), [new])
            if old.etag != new.etag {
                try await expectError(.invalid) {
                    _ = try await trial.store.completeUpload(upload, [old], CompleteOptions())
                }
            }
            _ = try await trial.store.completeUpload(upload, [new], CompleteOptions())
            try await trial.expect("key", is: "newer")
        },
        uploads("The parts stored so far are listed by number, with size and ETag") { trial, upload in
            try expectEqual(try await trial.store.parts(of: upload), [])
            var parts: [UploadedPart] = []
            for number in [11, 2, 10_000, 1] {
                parts.append(
                    try await trial.store.uploadPart(
                        number, of: upload, .text(String(repeating: "x", count: number % 50))))
            }
            try expectEqual(try await trial.store.parts(of: upload), parts.sorted { $0.number < $1.number })
            for number in [0, -1, 10_001] {
                try await expectError(.invalid) { _ = try await trial.store.uploadPart(number, of: upload, .text("x")) }
            }
        },
        uploads("Parts that are not named are dropped; what is not stored, or out of order, cannot be named") {
            trial, upload in
            let size = trial.capabilities.minimumPartBytes
            let first = try await trial.store.uploadPart(1, of: upload, .bytes([UInt8](repeating: 1, count: size)))
            let second = try await trial.store.uploadPart(2, of: upload, .text("two"))
            let third = try await trial.store.uploadPart(3, of: upload, .text("three"))
            let missing = UploadedPart(number: 4, etag: third.etag, size: 5)
            let strange = UploadedPart(number: 3, etag: strangeMark, size: 5)
            for parts in [[], [second, first], [first, first], [first, missing], [first, strange]] {
                try await expectError(.invalid) {
                    _ = try await trial.store.completeUpload(upload, parts, CompleteOptions())
                }
                try await trial.expectNothing("key")
            }
            if trial.quirks.wantsAllParts {
                try await expectError(.invalid) {
                    _ = try await trial.store.completeUpload(upload, [first, third], CompleteOptions())
                }
                return try await trial.expectNothing("key")
            }
            _ = try await trial.store.completeUpload(upload, [first, third], CompleteOptions())
            try expectEqual(try await trial.store.head("key").size, size + 5)
            try expectEqual(try await trial.text("key", range: .suffix(5)), "three")
        },
        uploads("A part that is not the last has a smallest size") { trial, upload in
            let size = trial.capabilities.minimumPartBytes
            let small = try await trial.store.uploadPart(1, of: upload, .bytes([UInt8](repeating: 1, count: size - 1)))
            let last = try await trial.store.uploadPart(2, of: upload, .text("x"))
            if trial.quirks.takesSmallParts {
                _ = try await trial.store.completeUpload(upload, [small, last], CompleteOptions())
                return try expectEqual(try await trial.store.head("key").size, size)
            }
            try await expectError(.invalid) {
                _ = try await trial.store.completeUpload(upload, [small, last], CompleteOptions())
            }
            try await trial.expectNothing("key")
            let whole = try await trial.store.uploadPart(1, of: upload, .bytes([UInt8](repeating: 1, count: size)))
            _ = try await trial.store.completeUpload(upload, [whole, last], CompleteOptions())
            try expectEqual(try await trial.store.head("key").size, size + 1)
        },
        uploads("An upload that was aborted is gone, and so is one that was completed") { trial, upload in
            let part = try await trial.store.uploadPart(1, of: upload, .text("x"))
            try await trial.store.abortUpload(upload)
            try await trial.store.abortUpload(upload)
            try await expectError(.noSuchUpload) { _ = try await trial.store.uploadPart(2, of: upload, .text("y")) }
            try await expectError(.noSuchUpload) { _ = try await trial.store.parts(of: upload) }
            try await expectError(of: trial.quirks.endOfGoneUpload) {
                _ = try await trial.store.completeUpload(upload, [part], CompleteOptions())
            }
            try await trial.expectNothing("key")
            let second = try await trial.store.beginUpload("key", ObjectAttributes())
            let other = try await trial.store.uploadPart(1, of: second, .text("z"))
            _ = try await trial.store.completeUpload(second, [other], CompleteOptions())
            try await expectError(.noSuchUpload) { _ = try await trial.store.uploadPart(1, of: second, .text("y")) }
            try await trial.store.abortUpload(second)
            try await trial.expect("key", is: "z")
            let strange = MultipartUpload(key: "key", id: "../../no-such-upload")
            try await expectError(.noSuchUpload) { _ = try await trial.store.parts(of: strange) }
        },
        uploads("Uploads under way are listed by key and age, and do not disturb one another") { trial, upload in
            let second = try await trial.store.beginUpload("key", ObjectAttributes())
            let other = try await trial.store.beginUpload("other", ObjectAttributes())
            try expect(upload.id != second.id, "two uploads have the same name")
            let listed = try await trial.store.uploads(prefix: "")
            try expectEqual(listed.map(\.key), ["key", "key", "other"])
            try expectEqual(Set(listed.map(\.id)), [upload.id, second.id, other.id])
            try expectEqual(try await trial.store.uploads(prefix: "ot").map(\.id), [other.id])
            let one = try await trial.store.uploadPart(1, of: upload, .text("one"))
            let two = try await trial.store.uploadPart(1, of: second, .text("two"))
            _ = try await trial.store.completeUpload(upload, [one], CompleteOptions())
            try await trial.expect("key", is: "one")
            _ = try await trial.store.completeUpload(second, [two], CompleteOptions())
            try await trial.expect("key", is: "two")
            try await trial.store.abortUpload(other)
            try expectEqual(try await trial.store.uploads(prefix: "").count, 0)
        },
        uploads("An upload with a condition becomes an object only if it holds, and lives on if not") { trial, upload in
            let part = try await trial.store.uploadPart(1, of: upload, .text("parts"))
            let old = try await trial.store.put("key", .text("old")).etag
            guard trial.capabilities.canCompleteConditionally else {
                try await expectError(.unsupported) {
                    _ = try await trial.store.completeUpload(upload, [part], CompleteOptions(mode: .create))
                }
                return try await trial.expect("key", is: "old")
            }
            try await expectError(.preconditionFailed) {
                _ = try await trial.store.completeUpload(upload, [part], CompleteOptions(mode: .create))
            }
            try await trial.expect("key", is: "old")
            try expectEqual(try await trial.store.parts(of: upload), [part])
            _ = try await trial.store.completeUpload(upload, [part], CompleteOptions(mode: .ifMatch(old)))
            try await trial.expect("key", is: "parts")
        },
        uploads("Parts are sent at once, from streams") { trial, upload in
            let size = trial.capabilities.minimumPartBytes
            try await trial.run(tasks: 3) { number in
                let half = [UInt8](repeating: UInt8(number), count: size / 2)
                let rest = [UInt8](repeating: UInt8(number), count: size - size / 2)
                let body = ObjectBody.stream(ByteStream(chunks: [half, rest]), length: size)
                _ = try await trial.store.uploadPart(number + 1, of: upload, body)
            }
            let parts = try await trial.store.parts(of: upload)
            _ = try await trial.store.completeUpload(upload, parts, CompleteOptions())
            for number in 0..<3 {
                let offset = number * size
                let edges = try await [offset, offset + size - 1].asyncMap { place in
                    try await trial.store.bytes("key", range: .closed(place...place))[0]
                }
                try expectEqual(edges, [UInt8(number), UInt8(number)])
            }
        },
    ]

    /// A case about an upload of `key`.
    private static func uploads(
        _ name: String, _ body: @escaping @Sendable (Trial, MultipartUpload) async throws -> Void
    ) -> ObjectStoreCase {
        ObjectStoreCase("uploads", name) { trial in
            guard trial.capabilities.canUploadInParts else { return try await trial.expectRefusalOfUploads() }
            try await body(trial, try await trial.store.beginUpload("key", ObjectAttributes()))
        }
    }
}

extension Sequence {
    fileprivate func asyncMap<Result>(_ transform: (Element) async throws -> Result) async throws -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await transform(element)) }
        return results
    }
}
