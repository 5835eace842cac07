import CairnCore
import CairnSchema
import ObjectStores
import Testing

@testable import ObjectStorage

/// A store is removed, another one is made at its place, and a request of the old one arrives.
@Suite("Objects that come late from a store that was removed")
struct StrayTests {
    // MARK: Records

    @Test("A record of another store behind the last one counts as nothing", arguments: RemovedStore.Kind.allCases)
    func reading(_ kind: RemovedStore.Kind) async throws {
        let place = try await RemovedStore(kind)
        let live = try await place.open()
        try await place.arrive(ObjectNames.record(3))
        #expect(try await live.allRows() == [0: 0, 1: 100])
        let cold = try await place.open()
        #expect(try await cold.allRows() == [0: 0, 1: 100])
        #expect(try await cold.row(2) == nil)
        #expect(try await !place.isOwn(ObjectNames.record(3)))
    }

    @Test("The next commit takes the place of a record of another store", arguments: RemovedStore.Kind.allCases)
    func writing(_ kind: RemovedStore.Kind) async throws {
        let place = try await RemovedStore(kind)
        let (live, reader) = (try await place.open(), try await place.open())
        try await place.arrive(ObjectNames.record(3))
        #expect(try await reader.row(2) == nil)
        try await live.insertRow(2, 222)
        #expect(try await place.isOwn(ObjectNames.record(3)))
        #expect(try await place.objects.exists(ObjectNames.record(4)) == false)
        #expect(try await reader.row(2) == 222)
        #expect(try await place.open().allRows() == [0: 0, 1: 100, 2: 222])
    }

    @Test("The first commit takes the place of the first one of another store", arguments: RemovedStore.Kind.allCases)
    func first(_ kind: RemovedStore.Kind) async throws {
        let place = try await RemovedStore(kind, commits: 0)
        try await place.arrive(ObjectNames.record(1))
        let store = try await place.open()
        #expect(try await store.allRows() == [:])
        try await store.insertRow(7, 700)
        #expect(try await place.isOwn(ObjectNames.record(1)))
        #expect(try await place.open().allRows() == [7: 700])
    }

    @Test("Records of a store that was far ahead are in nobody's way")
    func ahead() async throws {
        let place = try await RemovedStore()
        for number in [3, 4, 7, 8] { try await place.arrive(ObjectNames.record(number)) }
        let store = try await place.open()
        #expect(try await store.allRows() == [0: 0, 1: 100])
        for id in 2..<9 {
            try await store.insertRow(id, id * 100)
            #expect(try await place.open().row(id) == id * 100)
        }
        for number in 1...9 { #expect(try await place.isOwn(ObjectNames.record(number)), "record \(number)") }
        #expect(try await place.open().allRows() == Dictionary(uniqueKeysWithValues: (0..<9).map { ($0, $0 * 100) }))
    }

    @Test("A gap before a stray that closes while it is looked what is behind it is none")
    func closedGap() async throws {
        let place = try await RemovedStore()
        try await place.arrive(ObjectNames.record(4))
        let other = try await place.open()
        let hooked = HookedStore(place.objects)
        let isClosed = Lock(false)
        hooked.onBefore { call in
            guard call.operation == .get, call.key == ObjectNames.record(4) else { return }
            let isFirst = isClosed.withLock { closed in
                defer { closed = true }
                return !closed
            }
            if isFirst { for id in 2..<4 { try await other.insertRow(id, id * 100) } }
        }
        let store = try await Rows.open(hooked)
        #expect(try await store.allRows() == [0: 0, 1: 100, 2: 200, 3: 300])
        #expect(isClosed.withLock { $0 })
    }

    @Test("Records that others write behind strays are followed")
    func followed() async throws {
        let place = try await RemovedStore()
        let (store, other) = (try await place.open(), try await place.open())
        for number in 3...9 { try await place.arrive(ObjectNames.record(number)) }
        #expect(try await store.row(2) == nil)
        for id in 2..<8 { try await other.insertRow(id, id * 100) }
        #expect(try await store.row(7) == 700)
        #expect(try await store.allRows().count == 8)
    }

    @Test(
        "Of two that want the place of a stray one gets it, and the other the next",
        arguments: RemovedStore.Kind.allCases)
    func race(_ kind: RemovedStore.Kind) async throws {
        for _ in 0..<10 {
            let place = try await RemovedStore(kind)
            try await place.arrive(ObjectNames.record(3))
            let (one, other) = (try await place.open(), try await place.open())
            async let first: Void = one.insertRow(10, 1)
            async let second: Void = other.insertRow(11, 2)
            _ = try await (first, second)
            #expect(try await place.isOwn(ObjectNames.record(3)))
            #expect(try await place.isOwn(ObjectNames.record(4)))
            #expect(try await place.open().allRows() == [0: 0, 1: 100, 10: 1, 11: 2])
        }
    }

    @Test("A commit in the place of a stray whose answer is lost is settled as any other", arguments: [true, false])
    func lostAnswer(hasLanded: Bool) async throws {
        let place = try await RemovedStore()
        try await place.arrive(ObjectNames.record(3))
        let attempts = Lock(0)
        let hooked = HookedStore(place.objects)
        let lose: HookedStore.Hook = { call in
            guard call.operation == .put, call.key == ObjectNames.record(3) else { return }
            let attempt = attempts.withLock { attempts in
                attempts += 1
                return attempts
            }
            // A PUT that was refused has no answer after it: then the first one is that which took effect.
            if attempt == (hasLanded ? 1 : 2) {
                throw ObjectStoreError(.network, "no answer", mayHaveTakenEffect: true)
            }
        }
        let store = try await Rows.open(hooked)
        if hasLanded { hooked.onAfter(lose) } else { hooked.onBefore(lose) }
        try await store.insertRow(2, 222)
        #expect(attempts.withLock { $0 } >= (hasLanded ? 1 : 3))
        #expect(try await place.isOwn(ObjectNames.record(3)))
        #expect(try await place.objects.exists(ObjectNames.record(4)) == false)
        #expect(try await place.open().allRows() == [0: 0, 1: 100, 2: 222])
    }

    @Test("A commit that was refused in the place of a stray, and is not tried again, is not said to be unknown")
    func certain() async throws {
        let place = try await RemovedStore()
        try await place.arrive(ObjectNames.record(3))
        let (ours, theirs) = (
            try await place.objects.bytes(ObjectNames.store), try await place.old.objects.bytes(ObjectNames.store)
        )
        // The place seems to have another store, once, when it is looked whose the record is.
        let isDue = Lock(false)
        let hooked = HookedStore(place.objects)
        hooked.onBefore { call in
            if call.operation == .put, call.key == ObjectNames.record(3) { isDue.withLock { $0 = true } }
            guard call.operation == .get, call.key == ObjectNames.store, isDue.withLock({ $0 }) else { return }
            try await place.objects.put(ObjectNames.store, theirs)
        }
        hooked.onAfter { call in
            guard call.operation == .get, call.key == ObjectNames.store, isDue.withLock({ $0 }) else { return }
            isDue.withLock { $0 = false }
            try await place.objects.put(ObjectNames.store, ours)
        }
        let store = try await Rows.open(hooked)
        let error = try await expectRemedy(.unavailable) { try await store.insertRow(2, 222) }
        #expect(error.isRetryable && error.details.token == nil, "\(error)")
        #expect(try await !place.isOwn(ObjectNames.record(3)))
        hooked.onBefore(nil)
        try await store.insertRow(2, 333)
        #expect(try await place.isOwn(ObjectNames.record(3)))
        #expect(try await place.open().allRows() == [0: 0, 1: 100, 2: 333])
    }

    @Test("A record of another store and another schema counts as nothing, too")
    func otherSchema() async throws {
        let place = try await RemovedStore()
        let record = try RemovedStore.recordOfOtherSchema()
        try await place.objects.put(ObjectNames.record(3), CommitRecordJSON.encode(record))
        let store = try await place.open()
        #expect(try await store.row(1) == 100)
        try await store.insertRow(2, 200)
        #expect(try await place.isOwn(ObjectNames.record(3)))
    }

    @Test("Objects of another store that a newer Cairn wrote count as nothing, too", arguments: ["format", "needs"])
    func newer(_ member: String) async throws {
        let place = try await RemovedStore()
        try await place.makeOldManifests(4)
        let names = [ObjectNames.record(3), ObjectNames.record(4), ObjectNames.manifest(4)]
        for name in names { try await place.arrive(name, asOfNewer: member) }
        let store = try await place.open()
        #expect(try await store.row(1) == 100)
        try await store.insertRow(2, 200)
        try await store.maintain()
        #expect(try await place.isOwn(ObjectNames.record(3)))
        try await place.arrive(ObjectNames.record(5), asOfNewer: member)
        #expect(try await place.open().allRows() == [0: 0, 1: 100, 2: 200])
        let report = try await place.rebuild()
        #expect(report.isDone && report.problems == [])
        #expect(try await place.open().allRows() == [0: 0, 1: 100, 2: 200])
    }

    @Test("A second look at strays is two requests, however many there are", arguments: [1, 10])
    func requests(count: Int) async throws {
        let place = try await RemovedStore(oldCommits: 15)
        for number in 3..<3 + count { try await place.arrive(ObjectNames.record(number)) }
        let counting = CountingObjectStore(place.objects)
        let store = try await Rows.open(counting)
        #expect(try await store.row(1) == 100)
        let before = counting.counts
        #expect(try await store.row(1) == 100)
        let counts = counting.counts - before
        #expect(counts[.get] == 2 && counts[.list] == 0 && counts[.put] == 0, "\(counts)")
    }

    // MARK: Manifests

    @Test(
        "A manifest of another store is not taken for the newest, and the next one takes its place",
        arguments: RemovedStore.Kind.allCases)
    func manifests(_ kind: RemovedStore.Kind) async throws {
        let place = try await RemovedStore(kind)
        try await place.makeOldManifests(5)
        let live = try await place.open()
        try await live.maintain()
        #expect(try await place.isOwn(ObjectNames.manifest(2)))
        for version in [3, 5] { try await place.arrive(ObjectNames.manifest(version)) }
        let store = try await place.open()
        #expect(try await store.allRows() == [0: 0, 1: 100])
        for id in 2..<6 {
            try await live.insertRow(id, id * 100)
            try await live.maintain()
        }
        for version in 2...6 {
            #expect(try await place.isOwn(ObjectNames.manifest(version)), "manifest \(version)")
        }
        let rows = Dictionary(uniqueKeysWithValues: (0..<6).map { ($0, $0 * 100) })
        #expect(try await store.allRows() == rows)
        #expect(try await place.open().allRows(byValue: true) == rows)
    }

    @Test("Manifests of another store between those of this one hide none of them")
    func manifestsBetween() async throws {
        let place = try await RemovedStore()
        try await place.makeOldManifests(9)
        let store = try await place.open()
        for id in 2..<7 {
            try await store.insertRow(id, id * 100)
            try await store.maintain()
        }
        try await store.close()
        for version in [3, 4] { _ = try await place.objects.delete(ObjectNames.manifest(version)) }
        for version in [3, 4, 9] { try await place.arrive(ObjectNames.manifest(version)) }
        let reader = LogReader(StoreAccess(objects: place.objects), store.schema, of: try await place.id())
        #expect(try await reader.newestManifest().manifest.version == 6)
        #expect(try await place.open().allRows().count == 7)
    }

    @Test("Many manifests of another store are looked at side by side, and whose the place is a few times")
    func manyManifests() async throws {
        let place = try await RemovedStore(oldCommits: 1)
        let count = 40
        try await place.makeOldManifests(count + 1)
        for version in 2...count + 1 { try await place.arrive(ObjectNames.manifest(version)) }
        let (looks, manifests) = (Lock(0), Lock(0))
        let hooked = HookedStore(place.objects)
        let reader = LogReader(
            StoreAccess(objects: hooked), try Schema(parsing: Rows.schema), of: try await place.id())
        hooked.onBefore { call in
            guard call.operation == .get else { return }
            if call.key == ObjectNames.store { looks.withLock { $0 += 1 } }
            if call.key.hasPrefix(ObjectNames.checkpoints) { manifests.withLock { $0 += 1 } }
        }
        #expect(try await reader.newestManifest().manifest.version == 1)
        #expect(looks.withLock { $0 } == 4)
        // The newest one is read for the second time.
        #expect(manifests.withLock { $0 } == count + 2)
        let store = try await place.open()
        #expect(try await store.allRows() == [0: 0, 1: 100])
        try await store.maintain()
        #expect(try await place.isOwn(ObjectNames.manifest(2)))
    }

    @Test("A damaged manifest is told of only where none of the store's own comes before it", arguments: [2, 3])
    func damagedBehind(newest: Int) async throws {
        let place = try await RemovedStore()
        try await place.makeOldManifests(5)
        let store = try await place.open()
        for id in 2..<4 {
            try await store.insertRow(id, id * 100)
            try await store.maintain()
        }
        let reader = LogReader(StoreAccess(objects: place.objects), store.schema, of: try await place.id())
        try await store.close()
        for version in [4, 5] { try await place.arrive(ObjectNames.manifest(version)) }
        let name = ObjectNames.manifest(newest)
        try await place.objects.put(name, Array("{".utf8))
        if newest == 2 {
            #expect(try await reader.newestManifest().manifest.version == 3)
        } else {
            try await expectRemedy(.damaged) { _ = try await reader.newestManifest() }
        }
    }

    @Test("The newest manifest does not go because one of another store has a higher version")
    func collection() async throws {
        let place = try await RemovedStore()
        try await place.makeOldManifests(5)
        let scene = Scene()
        try await scene.fill(3, isSettled: true)
        let name = ObjectNames.manifest(5)
        try await scene.objects.put(name, place.old.objects.bytes(name))
        scene.clock.advance(.seconds(3 * 86_400))
        let store = try await scene.open()
        try await store.maintain()
        #expect(try await scene.objects.exists(ObjectNames.manifest(2)))
        #expect(try await scene.open().allRows() == [0: 0, 1: 100, 2: 200])
    }

    @Test("A manifest stays for a day after its successor, also where that takes the place of a stray meanwhile")
    func collectionBeside() async throws {
        let place = try await RemovedStore()
        try await place.makeOldManifests(3)
        let scene = Scene()
        try await scene.fill(3, isSettled: true)
        let name = ObjectNames.manifest(3)
        try await scene.objects.put(name, place.old.objects.bytes(name))
        scene.clock.advance(.seconds(3 * 86_400))
        let hooked = HookedStore(scene.objects)
        let (store, other) = (try await scene.open(hooked), try await scene.open())
        let isReplaced = Lock(false)
        // After it was listed.
        hooked.onBefore { call in
            guard call.operation == .get, call.key == name else { return }
            let isFirst = isReplaced.withLock { replaced in
                defer { replaced = true }
                return !replaced
            }
            if isFirst {
                try await other.setRow(0, 1)
                try await other.maintain()
            }
        }
        try await store.maintain()
        #expect(isReplaced.withLock { $0 })
        let id = try await StoreFileJSON.decode(scene.objects.bytes(ObjectNames.store)).id
        #expect(try await ObjectLabel(scene.objects.bytes(name), name)?.store == id)
        #expect(try await scene.objects.exists(ObjectNames.manifest(2)))
    }

    @Test("A process that comes back after an hour finds its own manifest behind that of another store")
    func late() async throws {
        let place = try await RemovedStore()
        try await place.makeOldManifests(4)
        let scene = Scene()
        try await scene.fill(3, isSettled: true)
        let store = try await scene.open()
        let name = ObjectNames.manifest(4)
        try await scene.objects.put(name, place.old.objects.bytes(name))
        scene.clock.advance(.seconds(3_600))
        #expect(try await store.row(1) == 100)
        scene.clock.advance(.seconds(7 * 3_600))
        #expect(try await store.allRows() == [0: 0, 1: 100, 2: 200])
        try await store.insertRow(3, 300)
        #expect(try await scene.open().row(3) == 300)
    }

    // MARK: Migrations

    @Test("What a migration of another store made of its tables is not taken for this one's")
    func migration() async throws {
        let place = try await RemovedStore()
        let (old, new) = (try Schema(parsing: Rows.schema), try Schema(parsing: Self.wider))
        // Writing ends first, by a commit or two.
        let late = (3...8).map {
            MigrationFile(era: SchemaEra(schema: new.id, end: $0, time: .epoch), to: old.id, tables: [])
        }
        for file in late { try await place.objects.put(ObjectNames.migration(file.era.end), file.encoded) }
        try await migrate(place)
        let reader = LogReader(StoreAccess(objects: place.objects), new, of: try await place.id())
        let era = try #require(try await reader.newestManifest().manifest.eras.last)
        let name = ObjectNames.migration(era.end)
        let file = try MigrationFile(decoding: try await place.objects.bytes(name), name: name)
        #expect(file.era == era && file.era.schema == old.id && file.to == new.id)
        #expect(try await Rows.open(place.objects, schema: Self.wider).allRows() == [0: 0, 1: 100])
        // One that got there all the same is known, and the log has the right one.
        let other = try #require(late.first { $0.era.end == era.end })
        try await place.objects.put(name, other.encoded)
        #expect(try await Rows.open(place.objects, schema: Self.wider).allRows() == [0: 0, 1: 100])
        #expect(try await Rows.open(place.objects, schema: Self.wider).row(1) == 100)
    }

    @Test("A migration of a store that was removed writes over nothing of the one that is there")
    func lateMigration() async throws {
        let place = try await RemovedStore()
        let (old, new) = (try Schema(parsing: Rows.schema), try Schema(parsing: Self.wider))
        try await migrate(place)
        let manifest = try await LogReader(StoreAccess(objects: place.objects), new, of: place.id()).newestManifest()
            .manifest
        let end = try #require(manifest.eras.last).end
        let before = try await place.objects.everything()
        let late = Manifest(
            store: try await place.id(isOld: true), version: manifest.version, covers: end, head: manifest.head,
            collected: 0, schema: new.id, time: .epoch, tables: [], receiptRuns: [], eras: [])
        let settlement = SchemaSettlement(
            access: StoreAccess(objects: place.objects), surroundings: .machine(), notAfter: nil)
        try await expectRemedy(.replaced) {
            try await settlement.publish(
                SchemaSettlement.Decision(
                    number: end, schema: new, manifest: late,
                    file: MigrationFile(
                        era: SchemaEra(schema: old.id, end: end, time: .epoch), to: new.id, tables: [])))
        }
        #expect(try await place.objects.everything() == before)
    }

    @Test("A rebuild publishes what a migration that was cut short behind its record has decided")
    func cutShortMigration() async throws {
        let place = try await RemovedStore()
        try await migrate(place)
        let reader = LogReader(
            StoreAccess(objects: place.objects), try Schema(parsing: Self.wider), of: try await place.id())
        let newest = try await reader.newestManifest().manifest
        let era = try #require(newest.eras.last)
        let name = ObjectNames.migration(era.end)
        try await place.objects.delete(name)
        for version in 2...newest.version { try await place.objects.delete(ObjectNames.manifest(version)) }
        #expect(try await place.rebuild().isDone)
        let file = try MigrationFile(decoding: try await place.objects.bytes(name), name: name)
        #expect(file.era == era && file.to == newest.schema)
        for key in try await place.objects.everything().keys where key.hasPrefix(ObjectNames.log) {
            try await place.objects.delete(key)
        }
        #expect(try await Rows.open(place.objects, schema: Self.wider).allRows() == [0: 0, 1: 100])
    }

    private static let wider = Rows.schema.replacing(
        "\"text\": \"string?\"", with: "\"text\": \"string?\", \"more\": \"int?\"")

    /// Gives the rows a column more.
    private func migrate(_ place: RemovedStore) async throws {
        let storage = try await ObjectStorage.open(place.objects)
        let migration = try Migration(
            from: Schema(parsing: Rows.schema), to: Schema(parsing: Self.wider), allowsDestructive: true)
        try await storage.apply(.migrate(migration))
        try await storage.close()
    }

    // MARK: The store is another one

    @Test("Where the place has another store by now, its record is no stray")
    func replaced() async throws {
        let place = try await RemovedStore()
        let store = try await place.open()
        try await place.arrive(ObjectNames.record(3))
        try await place.objects.put(ObjectNames.store, place.old.objects.bytes(ObjectNames.store))
        try await expectRemedy(.replaced) { try await store.insertRow(9) }
        try await expectRemedy(.replaced) { _ = try await store.row(1) }
        #expect(try await place.owner(ObjectNames.record(3)) == place.id(isOld: true))
        #expect(try await place.objects.exists(ObjectNames.record(4)) == false)
    }

    // MARK: Examining and mending

    @Test("An examination names strays and finds nothing wrong")
    func examination() async throws {
        let place = try await RemovedStore()
        try await place.makeOldManifests(4)
        let names = [ObjectNames.manifest(4), ObjectNames.record(3), ObjectNames.record(7)]
        for name in names { try await place.arrive(name) }
        let storage = try await ObjectStorage.open(place.objects)
        let store = try await Store.open(storage, schema: Schema(parsing: Rows.schema))
        let examination = try await storage.examine()
        #expect(examination.isSound)
        #expect(examination.findings.map(\.object) == names)
        #expect(examination.findings.allSatisfy { $0.kind == .ofAnotherStore && $0.isHarmless })
        try await store.close()
    }

    @Test("A rebuild leaves strays out, and says so", arguments: [true, false])
    func rebuild(waits: Bool) async throws {
        let place = try await RemovedStore(clock: waits ? MovedClock() : nil)
        try await place.makeOldManifests(4)
        let names = [ObjectNames.manifest(4), ObjectNames.record(3), ObjectNames.record(7)]
        for name in names { try await place.arrive(name) }
        let report = try await place.rebuild()
        #expect(report.isDone && report.problems == [])
        for name in names { #expect(report.notes.contains { $0.contains(name) }, "\(name): \(report.notes)") }
        let store = try await place.open()
        #expect(try await store.allRows() == [0: 0, 1: 100])
        try await store.insertRow(2, 200)
        #expect(try await place.open().allRows().count == 3)
    }

    @Test("A rebuild of a store without manifests does not take that of another one", arguments: [true, false])
    func rebuildWithoutManifest(waits: Bool) async throws {
        let place = try await RemovedStore(clock: waits ? MovedClock() : nil)
        try await place.makeOldManifests(4)
        _ = try await place.objects.delete(ObjectNames.manifest(1))
        let names = [ObjectNames.manifest(4), ObjectNames.record(3)]
        for name in names { try await place.arrive(name) }
        let report = try await place.rebuild()
        #expect(report.isDone && report.problems == [])
        for name in names { #expect(report.notes.contains { $0.contains(name) }, "\(name): \(report.notes)") }
        #expect(try await place.open().allRows() == [0: 0, 1: 100])
    }

    @Test("A rebuild leaves out a record at a number that the store had collected", arguments: [true, false])
    func rebuildCollected(waits: Bool) async throws {
        let place = try await RemovedStore(clock: waits ? MovedClock() : nil)
        let store = try await place.open()
        for value in 3...7 { try await store.setRow(0, value) }
        try await store.maintain()
        try await store.close()
        for number in 1...6 { _ = try await place.objects.delete(ObjectNames.record(number)) }
        let name = ObjectNames.record(5)
        try await place.arrive(name)
        let report = try await place.rebuild()
        #expect(report.isDone && report.problems == [] && report.notes.contains { $0.contains(name) })
        #expect(try await place.open().allRows() == [0: 7, 1: 100])
    }

    @Test("A rebuild leaves out a record whose schema went with its store", arguments: [true, false])
    func rebuildOtherSchema(waits: Bool) async throws {
        let place = try await RemovedStore(clock: waits ? MovedClock() : nil)
        let name = ObjectNames.record(3)
        try await place.objects.put(name, CommitRecordJSON.encode(RemovedStore.recordOfOtherSchema()))
        let report = try await place.rebuild()
        #expect(report.isDone && report.problems == [] && report.notes.contains { $0.contains(name) })
        #expect(try await place.open().allRows() == [0: 0, 1: 100])
    }

    @Test("A rebuild that was cut short leaves strays out when it is begun again", arguments: [true, false])
    func rebuildAgain(waits: Bool) async throws {
        let place = try await RemovedStore(clock: waits ? MovedClock() : nil)
        for _ in 0..<2 {
            let cutting = WatchedStore(place.objects) { call in
                guard call.operation == .put, call.key.hasPrefix(ObjectNames.checkpoints) else { return }
                throw ObjectStoreError(.full, "the disk is full", remedy: nil)
            }
            try await expectRemedy(.full) { _ = try await place.rebuild(cutting) }
            try await expectRemedy(.damaged) { _ = try await place.open() }
        }
        try await place.arrive(ObjectNames.record(3))
        let report = try await place.rebuild()
        #expect(report.isDone && report.notes.contains { $0.contains(ObjectNames.record(3)) })
        #expect(try await place.open().allRows() == [0: 0, 1: 100])
    }

    @Test("Where nothing says which store it is, a rebuild that was cut short leaves out nothing the next time")
    func rebuildOfUnknown() async throws {
        let place = try await RemovedStore()
        try await place.makeOldManifests(4)
        try await place.arrive(ObjectNames.manifest(4))
        try await place.objects.delete(ObjectNames.store)
        // As if it had not been written yet.
        try await place.objects.delete("tables/rows/objects/1.json")
        let cutting = WatchedStore(place.objects) { call in
            guard call.operation == .put, call.key.hasPrefix("tables/") else { return }
            throw ObjectStoreError(.full, "the disk is full", remedy: nil)
        }
        try await expectRemedy(.full) { _ = try await place.rebuild(cutting) }
        #expect(try await place.rebuild().isDone)
        #expect(try await place.open().allRows() == [0: 0, 1: 100])
    }
}
