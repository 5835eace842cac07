import CairnCore
import ObjectStores
import Testing

@testable import ObjectStorage

@Suite("A log that is not what was written")
struct LogDamageTests {
    private let scene = Scene()

    @Test("Any byte of a commit record changed is found out by the next one")
    func flips() async throws {
        try await scene.fill(3)
        let name = ObjectNames.record(2)
        let bytes = try await scene.objects.bytes(name)
        for place in bytes.indices {
            var flipped = bytes
            flipped[place] ^= UInt8(1 << (place % 7))
            try await scene.objects.put(name, flipped)
            do {
                _ = try await scene.open()
                Issue.record("byte \(place) of \(bytes.count) was changed, and the store opened")
            } catch let error as StorageError {
                let codes: [StorageError.Code] = [.damaged, .upgradeRequired, .replaced, .schemaMismatch]
                #expect(codes.contains(error.code), "byte \(place): \(error)")
                #expect(error.remedy != nil, "byte \(place): \(error)")
                if error.code == .damaged { #expect(error.message.contains("2"), "byte \(place): \(error)") }
            }
        }
    }

    @Test("Any byte of the newest commit record changed is found out by its own checksum")
    func newest() async throws {
        try await scene.fill(3)
        let name = try #require(try await scene.objects.keys(prefix: ObjectNames.log).max())
        let bytes = try await scene.objects.bytes(name)
        // What is not the checksum is as it was where its name was changed.
        let sum = try #require(String(decoding: bytes, as: UTF8.self).firstRange(of: ",\"sum\":")?.lowerBound)
        let checked = String(decoding: bytes, as: UTF8.self)[..<sum].utf8.count
        for place in bytes.indices {
            var flipped = bytes
            flipped[place] ^= UInt8(1 << (place % 7))
            try await scene.objects.put(name, flipped)
            do {
                let store = try await scene.open()
                if place < checked { Issue.record("byte \(place) of \(bytes.count) was changed, and the store opened") }
                try await store.close()
            } catch let error as StorageError {
                let codes: [StorageError.Code] = [.damaged, .upgradeRequired, .replaced, .schemaMismatch]
                #expect(codes.contains(error.code), "byte \(place): \(error)")
            }
        }
    }

    @Test("A live process that meets a changed record stops with its number")
    func live() async throws {
        try await scene.fill(2)
        let (store, other) = (try await scene.open(), try await scene.open())
        try await other.insertRow(7, 700)
        try await other.insertRow(8, 800)
        try await scene.edit(ObjectNames.record(3), "\"value\":700", "\"value\":701")
        let error = try await expectRemedy(.damaged) { _ = try await store.row(7) }
        #expect(error.message.contains("3"), "\(error)")
        try await expectRemedy(.damaged) { try await store.insertRow(9) }
        #expect(try await scene.objects.exists(ObjectNames.record(5)) == false)
    }

    @Test("A missing record with later ones behind it is damage that names both, and nothing is written into the gap")
    func gap() async throws {
        try await scene.fill(5)
        try await scene.objects.delete(ObjectNames.record(3))
        let error = try await expectRemedy(.damaged) { _ = try await scene.open() }
        #expect(error.message.contains("3") && error.message.contains("4"), "\(error)")
        #expect(try await scene.objects.exists(ObjectNames.record(3)) == false)
    }

    @Test("Records that somebody exchanged are found out")
    func exchanged() async throws {
        try await scene.fill(4)
        let (second, third) = (ObjectNames.record(2), ObjectNames.record(3))
        let bytes = try await scene.objects.bytes(second)
        try await scene.objects.put(second, scene.objects.bytes(third))
        try await scene.objects.put(third, bytes)
        try await expectRemedy(.damaged) { _ = try await scene.open() }
    }

    @Test("A part of a large commit that is gone or changed is damage that names it", arguments: [true, false])
    func parts(isGone: Bool) async throws {
        let store = try await scene.open()
        let text = String(repeating: "x", count: 3 << 20)
        let table = store.schema.tables[0]
        _ = try await store.session.write((0..<3).map { .insert(table, [.int($0), .int(0), .string(text)]) })
        try await store.close()
        // Without the manifest that covers the commit, its record and its parts are read.
        try await scene.objects.delete(ObjectNames.manifest(2))
        let name = try #require(try await scene.objects.keys(prefix: ObjectNames.parts).first)
        if isGone {
            try await scene.objects.delete(name)
        } else {
            var bytes = try await scene.objects.bytes(name)
            bytes[bytes.count / 2] ^= 1
            try await scene.objects.put(name, bytes)
        }
        let error = try await expectRemedy(.damaged) { _ = try await scene.open() }
        #expect(error.message.contains(name), "\(error)")
    }

    @Test(
        "An index file that is gone or changed is damage, and records are read all the same", arguments: [true, false])
    func indexes(isGone: Bool) async throws {
        try await scene.fill(3, isSettled: true)
        for name in try await scene.objects.keys(prefix: ObjectNames.indexes) {
            if isGone {
                try await scene.objects.delete(name)
            } else {
                try await scene.objects.put(name, scene.objects.bytes(name).map { ~$0 })
            }
        }
        let store = try await scene.open()
        #expect(try await store.row(1) == 100)
        try await expectRemedy(.damaged) { _ = try await store.allRows() }
        try await expectRemedy(.damaged) { _ = try await store.allRows(byValue: true) }
    }
}
