import CairnCore
import ObjectStores
import Testing

@testable import ObjectStorage

/// What is damaged must not be taken for something that came late from another store: a commit would be lost without a word.
@Suite("Damage that looks like an object of another store")
struct StrayDamageTests {
    private func replacing(_ bytes: [UInt8], _ old: String, with new: String) throws -> [UInt8] {
        let text = String(decoding: bytes, as: UTF8.self)
        try #require(text.contains(old))
        return Array(text.replacing(old, with: new).utf8)
    }

    @Test("A bit of the store's id changed in the last record is damage, also in the first one", arguments: [1, 3])
    func flips(commits: Int) async throws {
        let place = try await RemovedStore(commits: commits)
        let name = ObjectNames.record(commits)
        let bytes = try await place.objects.bytes(name)
        let id = Array(try await place.id().utf8)
        let start = try #require(
            bytes.indices.first { bytes[$0...].starts(with: id) })
        for position in start..<start + id.count {
            for bit in [0, 2, 6] {
                var flipped = bytes
                flipped[position] ^= 1 << bit
                try await place.objects.put(name, flipped)
                try await expectRemedy(.damaged, "byte \(position), bit \(bit)") { _ = try await place.open() }
                #expect(try await place.objects.bytes(name) == flipped)
            }
        }
    }

    @Test("A live process that meets a record with a changed id stops, and does not write over it")
    func live() async throws {
        let place = try await RemovedStore()
        let (store, writer, other) = (try await place.open(), try await place.open(), try await place.open())
        try await other.insertRow(2, 200)
        let name = ObjectNames.record(3)
        var bytes = try await place.objects.bytes(name)
        let id = Array(try await place.id().utf8)
        let start = try #require(bytes.indices.first { bytes[$0...].starts(with: id) })
        bytes[start + 5] ^= 1
        try await place.objects.put(name, bytes)
        try await expectRemedy(.damaged) { try await writer.insertRow(9) }
        try await expectRemedy(.damaged) { _ = try await store.row(2) }
        #expect(try await place.objects.bytes(name) == bytes)
        #expect(try await place.objects.exists(ObjectNames.record(4)) == false)
    }

    @Test("A record that continues the log and names quite another store is damage")
    func continuing() async throws {
        let place = try await RemovedStore(commits: 3)
        let store = try await place.open()
        let name = ObjectNames.record(3)
        let bytes = try await replacing(
            place.objects.bytes(name), place.id(), with: place.id(isOld: true))
        try await place.objects.put(name, bytes)
        let error = try await expectRemedy(.damaged) { _ = try await place.open() }
        #expect(error.message.contains("3"), "\(error)")
        // Who has read it goes on by what it has read, and is found out by the next record.
        #expect(try await store.row(2) == 200)
    }

    @Test("A rebuild does not leave out a record that continues the log, whatever store it names")
    func rebuilding() async throws {
        let place = try await RemovedStore(commits: 3)
        let name = ObjectNames.record(3)
        let bytes = try await replacing(
            place.objects.bytes(name), place.id(), with: place.id(isOld: true))
        // Not by decay, which the checksum tells.
        try await place.objects.put(name, Seal.put(on: FormatFixtures.unsealed(bytes)))
        let report = try await place.rebuild()
        #expect(!report.notes.contains { $0.contains(name) }, "\(report.notes)")
        #expect(try await place.open().allRows() == [0: 0, 1: 100, 2: 200])
    }

    @Test("A record of another store with records of this one behind it is damage, and is not written over")
    func between() async throws {
        let place = try await RemovedStore()
        let (store, writer, other) = (try await place.open(), try await place.open(), try await place.open())
        for id in 2..<5 { try await other.insertRow(id, id * 100) }
        let name = ObjectNames.record(3)
        let stray = try await place.old.objects.bytes(name)
        try await place.objects.put(name, stray)
        for body in [
            { _ = try await place.open() }, { _ = try await store.row(2) }, { try await writer.insertRow(9) },
        ] {
            let error = try await expectRemedy(.damaged, nil, body)
            #expect(error.message.contains("3"), "\(error)")
        }
        #expect(try await place.objects.bytes(name) == stray)
    }

    @Test("A record of another store that is not whole is damage")
    func broken() async throws {
        let place = try await RemovedStore()
        let bytes = try await place.old.objects.bytes(ObjectNames.record(3))
        try await place.objects.put(ObjectNames.record(3), Array(bytes.dropLast(2)))
        try await expectRemedy(.damaged) { _ = try await place.open() }
    }

    @Test("A bit of the store's id changed in the newest manifest is damage, and no older one is taken")
    func manifest() async throws {
        let place = try await RemovedStore()
        let store = try await place.open()
        try await store.maintain()
        try await store.close()
        let name = ObjectNames.manifest(2)
        let bytes = try await place.objects.bytes(name)
        let id = Array(try await place.id().utf8)
        let start = try #require(bytes.indices.first { bytes[$0...].starts(with: id) })
        var flipped = bytes
        flipped[start + 7] ^= 1
        try await place.objects.put(name, flipped)
        try await expectRemedy(.damaged) { _ = try await place.open() }
    }

    @Test("Manifests of another store alone are no store")
    func manifestsAlone() async throws {
        let place = try await RemovedStore()
        let name = ObjectNames.manifest(1)
        try await place.objects.put(name, place.old.objects.bytes(name))
        let error = try await expectRemedy(.damaged) { _ = try await place.open() }
        #expect(try await error.message.contains(place.id(isOld: true)), "\(error)")
    }

    @Test(
        "Ids that have next to nothing in common are of two stores, and those that damage can make of one another are not"
    )
    func likeness() {
        let id = "00112233445566778899aabbccddeeff"
        #expect(Ownership.isAlike(id, id))
        #expect(Ownership.isAlike(id, "00112233445566778899aabbccddeefe"))
        #expect(Ownership.isAlike(id, "0011223344556677x899aabbccddeef"))
        #expect(Ownership.isAlike(id, "0011223344556677\u{8}99aabbccddeeff"))
        #expect(!Ownership.isAlike(id, "ffeeddccbbaa99887766554433221100"))
        #expect(!Ownership.isAlike(id, "elsewhere"))
        // No store has no id.
        #expect(Ownership.isAlike(id, ""))
    }
}
