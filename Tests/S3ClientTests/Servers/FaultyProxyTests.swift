import CairnCore
import Foundation
import Testing

@testable import S3Client

@Suite("Real servers behind a faulty network", .serialized, .enabled(if: !TestServer.all.isEmpty))
struct FaultyProxyTests {
    /// What is known of what was written.
    private struct Ledger {
        /// The bytes of each key that was ever put: a key has no others.
        var bodies: [String: [UInt8]] = [:]
        /// Whether each key is surely there, or surely gone; nil: nobody can say.
        var isThere: [String: Bool?] = [:]
        /// Who was told to have created a key.
        var creators: [String: [String]] = [:]
        /// Who may have created it.
        var candidates: [String: Set<String>] = [:]
        var counts: [String: Int] = [:]

        mutating func count(_ what: String) { counts[what, default: 0] += 1 }
    }

    private static let seeds: [UInt64] = TestServer.isSmallRun ? [1] : [1, 2]

    @Test("Nothing acknowledged is lost, and nothing wrong is read", arguments: TestServer.all, seeds)
    func workload(server: TestServer, seed: UInt64) async throws {
        try await server.withBucket { direct in
            let proxy = try FaultyProxy(to: server.port, seed: seed, percent: 30)
            defer { proxy.stop() }
            // Signed for the server, whose name it is; sent to the proxy.
            var options = direct.client.options
            options.endpoint = try S3Endpoint("http://127.0.0.1:\(proxy.port)")
            options.retries = S3RetryPolicy(
                maximumAttempts: 8, firstDelay: .milliseconds(2), firstThrottledDelay: .milliseconds(2),
                maximumDelay: .milliseconds(20), quota: 1_000_000)
            options.maximumConnections = 16
            let client = try S3Client(options)
            let bucket = try client.bucket(direct.name)
            let ledger = Lock(Ledger())

            try await concurrently(12) { worker in
                try await work(worker, seed, bucket, ledger)
            }
            await client.close()

            let known = ledger.withLock { $0 }
            try await check(known, direct, seed)
            for fault in FaultyProxy.Fault.once {
                #expect(proxy.fired[fault, default: 0] > 0, "\(fault) never happened; seed \(seed)")
            }
        }
    }

    /// One of those who write and read at the same time.
    private func work(_ worker: Int, _ seed: UInt64, _ bucket: S3Bucket, _ ledger: Lock<Ledger>) async throws {
        var random = SeededRandom(seed &* 1000 &+ UInt64(worker))
        var mine: [String] = []
        for step in 0..<60 {
            let key = "w\(worker)/\(step)"
            switch random.number(0..<10) {
            case 0...3:
                let body = sample(random.number(1..<60_000), seed: UInt64(worker * 1000 + step))
                ledger.withLock { $0.bodies[key] = body }
                mine.append(key)
                await settle(ledger, "put", key, isThere: true) { try await bucket.put(key, .bytes(body)) }
            case 4...6:
                guard !mine.isEmpty else { continue }
                await read(random.one(of: mine), seed, bucket, ledger)
            case 7:
                guard mine.count > 3 else { continue }
                let key = mine.remove(at: random.number(0..<mine.count))
                await settle(ledger, "delete", key, isThere: false) { try await bucket.delete(key) }
            case 8: await list("w\(worker)/", seed, bucket, ledger)
            default: await create("shared/\(step)", "\(worker)", seed, bucket, ledger)
            }
        }
    }

    /// Writes down what is sure after a write.
    private func settle(
        _ ledger: Lock<Ledger>, _ what: String, _ key: String, isThere: Bool, _ body: () async throws -> some Any
    ) async {
        do {
            _ = try await body()
            ledger.withLock { ledger in
                ledger.isThere[key] = .some(isThere)
                ledger.count(what)
            }
        } catch {
            ledger.withLock { ledger in
                ledger.isThere[key] = .some(nil)
                ledger.count("\(what) failed")
            }
        }
    }

    private func read(_ key: String, _ seed: UInt64, _ bucket: S3Bucket, _ ledger: Lock<Ledger>) async {
        let (wanted, isThere) = ledger.withLock { ($0.bodies[key], $0.isThere[key] ?? nil) }
        do {
            let bytes = step(seed, key) ? try await bucket.bytes(key) : try await bucket.get(key).bytes()
            #expect(bytes == wanted, "\(key) has other bytes; seed \(seed)")
            ledger.withLock { $0.count("get") }
        } catch let error as S3Error where error.code == .noSuchKey {
            #expect(isThere != true, "\(key) is lost; seed \(seed)")
        } catch {
            // A stream that was handed on cannot be taken back: its reader is told.
            let codes: [S3Error.Code] = [.checksumMismatch, .truncated, .network]
            #expect((error as? S3Error).map { codes.contains($0.code) } ?? false, "\(error); seed \(seed)")
        }
    }

    /// Half of the keys are read at once, the others as streams.
    private func step(_ seed: UInt64, _ key: String) -> Bool { key.utf8.last.map { $0 % 2 == 0 } ?? true }

    /// Only its own worker writes under a prefix, so what is there is known.
    private func list(_ prefix: String, _ seed: UInt64, _ bucket: S3Bucket, _ ledger: Lock<Ledger>) async {
        guard let listed = try? await bucket.objects(prefix: prefix).collect().map(\.key) else {
            return ledger.withLock { $0.count("list failed") }
        }
        let known = ledger.withLock { ledger in
            ledger.count("list")
            return ledger.isThere.filter { $0.key.hasPrefix(prefix) }
        }
        #expect(utf8(listed) == inOrder(Set(listed)), "a listing out of order; seed \(seed)")
        for (key, isThere) in known {
            if let isThere { #expect(listed.contains(key) == isThere, "\(key) is listed wrongly; seed \(seed)") }
        }
        #expect(listed.allSatisfy { known[$0] != nil }, "what was never put is listed; seed \(seed)")
    }

    private func create(
        _ key: String, _ name: String, _ seed: UInt64, _ bucket: S3Bucket, _ ledger: Lock<Ledger>
    ) async {
        ledger.withLock { _ = $0.candidates[key, default: []].insert(name) }
        do {
            try await bucket.put(key, .text(name), S3PutOptions(mode: .create, marker: "\(key) by \(name)"))
            ledger.withLock { ledger in
                ledger.creators[key, default: []].append(name)
                ledger.count("create")
            }
        } catch let error as S3Error where error.code == .preconditionFailed {
            // Whoever is told so has surely not created it.
            ledger.withLock { ledger in
                ledger.candidates[key]?.remove(name)
                ledger.count("create refused")
            }
        } catch {
            ledger.withLock { $0.count("create unknown") }
        }
    }

    /// Compares what was told with what is there, without the proxy.
    private func check(_ known: Ledger, _ bucket: S3Bucket, _ seed: UInt64) async throws {
        for (key, isThere) in known.isThere {
            do {
                let bytes = try await bucket.bytes(key)
                #expect(bytes == known.bodies[key], "\(key) has other bytes; seed \(seed)")
                #expect(isThere != false, "\(key) was removed and is there; seed \(seed)")
            } catch let error as S3Error where error.code == .noSuchKey {
                #expect(isThere != true, "\(key) was acknowledged and is lost; seed \(seed)")
            }
        }
        for (key, candidates) in known.candidates {
            let creators = known.creators[key] ?? []
            #expect(creators.count <= 1, "\(key) was created by \(creators); seed \(seed)")
            guard try await bucket.exists(key) else {
                #expect(creators.isEmpty, "\(key) was acknowledged and is lost; seed \(seed)")
                continue
            }
            let owner = text(try await bucket.bytes(key))
            #expect(candidates.contains(owner), "\(key) is \(owner)'s, who was refused; seed \(seed)")
            if let creator = creators.first { #expect(creator == owner, "\(key); seed \(seed)") }
        }
        #expect(known.counts["put", default: 0] > 200 && known.counts["get", default: 0] > 100, "seed \(seed)")
        #expect(known.counts["delete", default: 0] > 10 && known.counts["create", default: 0] > 10, "seed \(seed)")
    }
}
