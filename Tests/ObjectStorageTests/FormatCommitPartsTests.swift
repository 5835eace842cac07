import CairnCore
import CairnSchema
import Testing

@testable import ObjectStorage

@Suite("Commit records in parts")
struct FormatCommitPartsTests {
    private let cities: Table
    private let name = "_log/main/00000000000000000007.json"

    init() throws {
        cities = try FormatFixtures.table("cities")
    }

    private func record(_ counts: [Int], length: Int = 5) throws -> CommitRecord {
        var id = 0
        let transactions = counts.enumerated().map { index, count in
            let operations = (0..<count).map { _ in
                id += 1
                let image = FormatFixtures.city(id, String(repeating: "x", count: length))
                return LoggedOperation(table: cities, key: Key(.int(id)), before: nil, after: image)
            }
            return LoggedTransaction(id: "t\(index)", operations: operations)
        }
        return try FormatFixtures.record(transactions)
    }

    private func reading(_ bytes: [UInt8]) throws -> CommitRecordJSON.Reading {
        try CommitRecordJSON.Reading(bytes, name: name, schema: FormatFixtures.resolve)
    }

    private func assemble(_ bytes: [UInt8], _ bodies: [[UInt8]]) throws -> CommitRecord {
        var reading = try reading(bytes)
        try reading.add(bodies, schema: FormatFixtures.resolve)
        return reading.record
    }

    @Test("A record within the limit has no parts")
    func whole() throws {
        let record = try record([3])
        let bytes = CommitRecordJSON.encode(record)
        let split = CommitParts.split(record, limit: bytes.count)
        #expect(split.record == bytes && split.parts.isEmpty)
        var reading = try reading(split.record)
        #expect(reading.parts.isEmpty && reading.record == record)
        try reading.add([], schema: FormatFixtures.resolve)
        #expect(reading.record == record)
    }

    @Test(
        "A record over the limit says which parts to fetch, and is itself again with them",
        arguments: [0, 300, 700, 2000])
    func roundTrip(_ limit: Int) throws {
        let record = try record([0, 5, 1, 0, 7])
        let split = CommitParts.split(record, limit: limit)
        #expect(!split.parts.isEmpty)
        #expect(limit == 0 || split.parts.allSatisfy { $0.bytes.count <= limit || limit == 300 })
        let reading = try reading(split.record)
        #expect(reading.parts == split.parts.map(\.name))
        #expect(reading.parts == split.parts.indices.map { "_parts/main/42-boot-0001/\($0).json" })
        #expect(reading.record.transactions.map(\.id) == record.transactions.map(\.id))
        #expect(reading.record.transactions.map(\.operations.count) == [0, 0, 0, 0, 0])
        #expect(try assemble(split.record, split.parts.map(\.bytes)) == record)
    }

    @Test("A record of any operations is the same in parts", arguments: 0..<50 as Range<UInt64>)
    func anyRecord(_ seed: UInt64) throws {
        var random = FormatRandom(seed)
        let record = try FormatFixtures.record(random.transactions(1 + random.below(6), number: 7))
        let split = CommitParts.split(record, limit: random.below(3000))
        #expect(try assemble(split.record, split.parts.map(\.bytes)) == record, "seed \(seed)")
        let again = CommitParts.split(record, limit: 100)
        #expect(try assemble(again.record, again.parts.map(\.bytes)) == record, "seed \(seed)")
    }

    @Test("Parts are as large as the limit allows, and one operation is never split")
    func sizes() throws {
        let record = try record([40])
        let limit = 1500
        let parts = CommitParts.split(record, limit: limit).parts
        #expect(parts.count > 2)
        #expect(parts.allSatisfy { $0.bytes.count <= limit })
        // Another operation of some 230 bytes would not have fitted.
        #expect(parts.dropLast().allSatisfy { $0.bytes.count > limit - 250 })
        let large = try self.record([3], length: 5000)
        let single = CommitParts.split(large, limit: limit).parts
        #expect(single.count == 3 && single.allSatisfy { $0.bytes.count > 5000 })
    }

    @Test("The record holds the hash and the length of each part, and no operation")
    func golden() throws {
        let split = CommitParts.split(try record([1, 1]), limit: 500)
        let text = String(decoding: FormatFixtures.unsealed(split.record), as: UTF8.self)
        let entries = split.parts.map {
            "{\"sha256\":\"\(Hex.encode(SHA256.digest($0.bytes)))\",\"bytes\":\($0.bytes.count)}"
        }
        #expect(
            text.hasSuffix(
                #""kind":"commit","parts":[\#(entries.joined(separator: ","))],"#
                    + #""transactions":[{"id":"t0","count":1},{"id":"t1","count":1}]}"#))
        let times = #""created_at":"2026-11-20T15:06:01.870549Z","updated_at":"2026-11-20T15:06:01.870549Z""#
        #expect(
            String(decoding: split.parts[1].bytes, as: UTF8.self)
                == #"{"format":1,"needs":[],"store":"s1","commit":"42-boot-0001","part":1,"ops":["#
                + #"{"table":"cities","id":"2","kind":"insert","after":{"revision":1,\#(times),"#
                + #""fields":{"area":"105.4","id":2,"name":"xxxxx","population":2138551}}}]}"#)
    }

    @Test("Who does not ask for parts is told that there are some")
    func decodeRefuses() throws {
        let split = CommitParts.split(try record([2]), limit: 0)
        #expect(throws: StorageError.self) {
            try CommitRecordJSON.decode(split.record, name: name, schema: FormatFixtures.resolve)
        }
        #expect(throws: StorageError.self) { try assemble(split.record, [split.parts[0].bytes]) }
    }

    // MARK: Tampering

    @Test("A part that was changed, cut, swapped or is of another record is damaged and named")
    func tampered() throws {
        let split = CommitParts.split(try record([4]), limit: 0)
        let bodies = split.parts.map(\.bytes)
        var other = try record([4])
        other.commit = "43-boot-0002"
        let foreign = CommitParts.split(other, limit: 0).parts.map(\.bytes)
        for changed in [
            bodies[2].replacing("xxxxx", with: "xxxxy"), Array(bodies[2].dropLast()), [], bodies[2] + [0x20], bodies[1],
            foreign[2],
        ] {
            var tampered = bodies
            tampered[2] = changed
            let error = try #require(throws: StorageError.self) { try assemble(split.record, tampered) }
            #expect(error.code == .damaged)
            #expect(error.message.contains("'\(split.parts[2].name)'"), "\(error)")
        }
    }

    /// A record that names these bodies with their right hashes.
    private func record(of bodies: [[UInt8]], counts: [Int]) throws -> [UInt8] {
        let parts = bodies.map {
            "{\"sha256\":\"\(Hex.encode(SHA256.digest($0)))\",\"bytes\":\($0.count)}"
        }
        let transactions = counts.enumerated().map { "{\"id\":\"t\($0)\",\"count\":\($1)}" }
        return Seal.put(
            on: FormatFixtures.unsealed(CommitRecordJSON.encode(try FormatFixtures.record([]))).replacing(
                "\"transactions\":[]",
                with:
                    "\"parts\":[\(parts.joined(separator: ","))],\"transactions\":[\(transactions.joined(separator: ","))]"
            ))
    }

    @Test("Hashes that fit do not make sense of parts that say something else")
    func rightHash() throws {
        let bodies = CommitParts.split(try record([2]), limit: 0).parts.map(\.bytes)
        #expect(
            try assemble(record(of: bodies, counts: [1, 1]), bodies).transactions.map(\.operations.count) == [1, 1])
        for counts in [[1], [3], [1, 2], [0, 0], [], [2, .max, .max, 2], [.max, .max]] {
            let bytes = try record(of: bodies, counts: counts)
            FormatFixtures.storageError(name, "\(counts)") { try assemble(bytes, bodies) }
            #expect(throws: StorageError.self) { try assemble(bytes, bodies) }
        }
        for (body, code) in [
            ("{}", StorageError.Code.damaged), ("[]", .damaged), (#"{"format":1,"needs":[]}"#, .damaged),
            (#"{"format":1,"needs":[],"ops":[{}]}"#, .damaged), (#"{"format":2}"#, .upgradeRequired),
            (#"{"format":1,"needs":["braids"],"ops":[]}"#, .upgradeRequired),
        ] {
            let bytes = try record(of: [Array(body.utf8)], counts: [0])
            let error = try #require(throws: StorageError.self) { try assemble(bytes, [Array(body.utf8)]) }
            #expect(error.code == code)
            #expect(error.message.contains("'_parts/main/42-boot-0001/0.json'"))
        }
        // The same operation in two parts.
        let twice = try record(of: [bodies[0], bodies[0]], counts: [2])
        #expect(throws: StorageError.self) { try assemble(twice, [bodies[0], bodies[0]]) }
    }

    @Test(
        "What the record says of its parts makes sense, or it is damaged",
        arguments: [
            ("\"count\":1", "\"count\":-1", "'count' is -1"), ("\"count\":1", "\"ops\":[]", "in itself and in parts"),
            ("\"count\":1", "\"cont\":1", "'count' is missing"), ("\"sha256\":\"", "\"sha256\":\"00", "'sha256'"),
            ("\"bytes\":", "\"bytes\":-", "'bytes'"), ("\"bytes\":", "\"length\":", "'bytes' is missing"),
            ("\"parts\":[{", "\"parts\":[[],{", "expected an object"),
            ("\"parts\":[", "\"part\":[", "'ops' is missing"),
        ])
    func damagedRecord(_ old: String, _ new: String, _ says: String) throws {
        let bytes = CommitParts.split(try record([1]), limit: 0).record.replacing(old, with: new)
        let error = try #require(FormatFixtures.storageError(name, new) { try reading(bytes) })
        #expect(error.message.contains(says), "\(error)")
    }

    @Test("No bytes make reading fail in another way than with an error that names the object")
    func torture() throws {
        FormatFixtures.torture(CommitParts.split(try record([1, 1]), limit: 0).record, name, reading)
    }
}
