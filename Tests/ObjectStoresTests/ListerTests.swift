import Foundation
import Testing

@testable import ObjectStores

/// Listings of random keys, compared with the plainest way to make them.
@Suite("Listings")
struct ListerTests {
    @Test("In memory, random keys are listed as they must be", arguments: 1...30)
    func memory(_ seed: UInt64) async throws {
        try await check(MemoryObjectStore(), seed)
    }

    @Test("In a folder, random keys are listed as they must be, with either style of names", arguments: 1...16)
    func folder(_ seed: UInt64) async throws {
        let folder = try TemporaryFolder()
        let store = try quickStore(folder) { $0.names = seed % 2 == 0 ? .exact : .portable }
        try await check(store, seed)
    }

    private func check(_ store: any ObjectStore, _ seed: UInt64) async throws {
        var random = SeededRandom(seed)
        var keys: Set<[UInt8]> = []
        for _ in 0..<60 {
            let key = random.key()
            if random.below(5) == 0 {
                try await store.delete(key)
                keys.remove(Array(key.utf8))
            } else {
                try await store.put(key, .text(key))
                keys.insert(Array(key.utf8))
            }
        }
        let sorted = keys.sorted { $0.lexicographicallyPrecedes($1) }
        for _ in 0..<40 {
            var options = ListOptions(pageSize: 1 + random.below(8))
            if random.below(3) > 0 { options.prefix = String(random.key().prefix(random.below(4))) }
            if random.below(2) > 0 { options.delimiter = random.pick(["/", "/", "a", "//", "-", "é"]) }
            if random.below(2) > 0 { options.startAfter = random.key() }
            var listed: [[UInt8]] = []
            for try await entry in store.list(options) { listed.append(Array(entry.name.utf8)) }
            #expect(
                listed.map { String(decoding: $0, as: UTF8.self) }
                    == Self.plain(sorted, options).map { String(decoding: $0, as: UTF8.self) },
                "seed \(seed): \(options)")
        }
        for key in sorted {
            #expect(try await store.bytes(String(decoding: key, as: UTF8.self)) == key, "seed \(seed)")
        }
    }

    private static func plain(_ keys: [[UInt8]], _ options: ListOptions) -> [[UInt8]] {
        let prefix = Array(options.prefix.utf8)
        var entries: [[UInt8]] = []
        for key in keys where key.starts(with: prefix) {
            var entry = key
            if let delimiter = options.delimiter.map({ Array($0.utf8) }) {
                let place = (prefix.count..<max(prefix.count, key.count)).first { key[$0...].starts(with: delimiter) }
                if let place { entry = Array(key[..<(place + delimiter.count)]) }
            }
            if let start = options.startAfter, !Array(start.utf8).lexicographicallyPrecedes(entry) { continue }
            if entries.last != entry { entries.append(entry) }
        }
        return entries
    }

    @Test("A listing in a folder reads what its prefix and delimiter need, and nothing else")
    func narrow() async throws {
        let folder = try TemporaryFolder()
        let store = try quickStore(folder)
        for key in ["a/1", "b/1", "b/c/1", "c/1"] { try await store.put(key, []) }
        // What is no object shows whether a folder was read.
        for name in ["a/link", "b/c/link", "c/link"] { try #require(symlink("nowhere", folder.path(name)) == 0) }
        #expect(try await store.keys(prefix: "b/1") == ["b/1"])
        var names: [String] = []
        for try await entry in store.list(ListOptions(prefix: "b/", delimiter: "/")) { names.append(entry.name) }
        #expect(names == ["b/1", "b/c/"])
        names = []
        for try await entry in store.list(ListOptions(delimiter: "/")) { names.append(entry.name) }
        #expect(names == ["a/", "b/", "c/"])
        names = []
        for try await entry in store.list(ListOptions(prefix: "c/1", startAfter: "b/c/m")) { names.append(entry.name) }
        #expect(names == ["c/1"])
        try await expectError(.damaged) { _ = try await store.keys() }
    }
}

@Suite("The map of a memory store")
struct KeyMapTests {
    @Test("It holds what a dictionary holds, in order, and copies stay as they were", arguments: 1...8)
    func random(_ seed: UInt64) throws {
        var random = SeededRandom(seed)
        var map = KeyMap<Int>()
        var model: [[UInt8]: Int] = [:]
        var copies: [(KeyMap<Int>, [[UInt8]: Int])] = []
        for step in 0..<6000 {
            // Keys come in order at first, then anywhere.
            let number = step < 2000 ? step : random.below(4000)
            let key = Array(String(100_000 + number).utf8)
            if step > 2000, random.below(3) == 0 {
                map[key] = nil
                model[key] = nil
            } else {
                map[key] = step
                model[key] = step
            }
            if step % 1500 == 0 { copies.append((map, model)) }
        }
        for (map, model) in copies + [(map, model)] {
            var bound: [UInt8] = []
            var found: [[UInt8]] = []
            while let entry = map.first(from: bound) {
                #expect(model[entry.key] == entry.value, "seed \(seed)")
                found.append(entry.key)
                bound = entry.key + [0]
            }
            #expect(found == model.keys.sorted { $0.lexicographicallyPrecedes($1) }, "seed \(seed)")
        }
    }
}
