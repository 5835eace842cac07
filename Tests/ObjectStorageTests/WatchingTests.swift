import CairnCore
import CairnSchema
import Foundation
import ObjectStores
import Testing

@testable import ObjectStorage

/// Commits of other processes, told to those who listen.
@Suite("Watching the log")
struct WatchingTests {
    private let site: Site

    init() throws {
        site = try Site()
    }

    private func open(every interval: Duration) async throws -> SiteProcess {
        var options = ObjectStorageOptions()
        options.watchInterval = interval
        let storage = try await ObjectStorage.open(site.objects, options, surroundings: .machine())
        return SiteProcess(storage: storage, store: try await Store.open(storage, schema: site.schema), site: site)
    }

    @Test("Commits of another process are told in order, each once, by the number changes(since:) goes on from")
    func others() async throws {
        let (mine, other) = (try await open(every: .milliseconds(5)), try await open(every: .seconds(3600)))
        let commits = mine.store.changes()
        try await other.put(1, "Paris")
        try await mine.put(2, "Rome")
        try await other.put(1, "Lutetia")
        var numbers: [Int?] = []
        var names: [Value?] = []
        for try await commit in commits {
            numbers.append(commit.number)
            names += commit.changes.map { $0.after?["name"] }
            if names.count == 3 { break }
        }
        #expect(numbers == [1, 2, 3])
        #expect(names == ["Paris", "Rome", "Lutetia"].map(Value.string))
        var later: [Int] = []
        for try await change in try await mine.storage.changes(since: 2) { later.append(change.commit) }
        #expect(later == [3])
        try await mine.store.close()
        try await other.store.close()
    }

    @Test("The deadline of whoever listens first ends nobody's hearing", .timeLimit(.minutes(2)))
    func deadline() async throws {
        let (mine, other) = (try await open(every: .milliseconds(5)), try await open(every: .seconds(3600)))
        let first = Deadline.$current.withValue(.now) { mine.store.changes() }
        var commits = mine.store.changes().makeAsyncIterator()
        try await other.put(1, "Paris")
        #expect(try await commits.next()?.number == 1)
        withExtendedLifetime(first) {}
        try await mine.store.close()
        try await other.store.close()
    }

    @Test("A query is observed while another process writes")
    func observed() async throws {
        let (mine, other) = (try await open(every: .milliseconds(5)), try await open(every: .seconds(3600)))
        var results = try mine.store.records("cities").observe(Query(site.cities)).makeAsyncIterator()
        #expect(try await results.next()?.count == 0)
        try await other.put(1, "Paris")
        #expect(try await results.next()?.map { $0["name"] } == [.string("Paris")])
        try await other.delete(1)
        #expect(try await results.next()?.count == 0)
        try await mine.store.close()
        try await other.store.close()
    }

    @Test("Own commits are told without a request, and who only listens makes one GET an interval")
    func requests() async throws {
        let counting = CountingObjectStore(site.objects)
        let ticker = Ticker()
        var options = ObjectStorageOptions()
        options.watchInterval = Ticker.interval
        let storage = try await ObjectStorage.open(
            counting, options, surroundings: ticker.surroundings(.machine()))
        let store = try await Store.open(storage, schema: site.schema)
        let process = SiteProcess(storage: storage, store: store, site: site)
        #expect(storage.hub.interest == .nothing)
        var commits = store.changes().makeAsyncIterator()
        await ticker.awaitSleep()
        for round in 1...3 {
            let before = counting.counts
            ticker.tick()
            await ticker.awaitSleep()
            #expect((counting.counts - before).total == 1, "round \(round)")
            #expect((counting.counts - before)[.get] == 1, "round \(round)")
        }
        try await process.put(1, "Paris")
        let before = counting.counts
        #expect(try await commits.next()?.number == 1)
        #expect((counting.counts - before)[.get] == 0)
        try await store.close()
        #expect(try await commits.next() == nil)
    }

    @Test("A loop behind a position makes no request beside the watch, for what it waits for and for what came")
    func following() async throws {
        let site = try Site(Site.followedSchemaText)
        let counting = CountingObjectStore(site.objects)
        let ticker = Ticker()
        var options = ObjectStorageOptions()
        options.watchInterval = Ticker.interval
        let storage = try await ObjectStorage.open(
            counting, options, surroundings: ticker.surroundings(.machine()))
        let store = try await Store.open(storage, schema: site.schema)
        let others = try await ObjectStorage.open(site.objects, ObjectStorageOptions(), surroundings: .machine())
        let other = SiteProcess(
            storage: others, store: try await Store.open(others, schema: site.schema), site: site)
        let start = try await store.changePosition()
        try await other.put(1, "Paris")
        var cities = try store.records("cities").changes(since: start).makeAsyncIterator()
        #expect(try await cities.next()?.after?["name"] == .string("Paris"))
        await ticker.awaitSleep()
        for round in 1...3 {
            let before = counting.counts
            ticker.tick()
            await ticker.awaitSleep()
            #expect((counting.counts - before).total == 1, "round \(round)")
        }
        try await other.put(2, "Rome")
        ticker.tick()
        await ticker.awaitSleep()
        let before = counting.counts
        #expect(try await cities.next()?.after?["name"] == .string("Rome"))
        #expect((counting.counts - before).total == 0)
        try await store.close()
        #expect(try await cities.next() == nil)
        try await other.store.close()
    }

    @Test("A record of the log that does nothing is told to who listens to all tables, so that positions go along")
    func nothing() async throws {
        let process = try await open(every: .seconds(3600))
        try await process.put(1, "Paris")
        let count = Lock(0)
        let results = process.store.observe { _ in
            count.withLock { count in
                count += 1
                return count
            }
        }
        var iterator = results.makeAsyncIterator()
        #expect(try await iterator.next() == 1)
        let view = try process.view
        let token = try process.engine.token(view.number + 1, "lost", view.time)
        #expect(try await process.storage.outcome(of: token) == .notCommitted)
        #expect(try await iterator.next() == 2)
        try await process.store.close()
    }

    @Test("A process that takes up the log far ahead says so to readers of changes, and observers read anew")
    func behind() async throws {
        let (mine, other) = (try await open(every: .seconds(3600)), try await open(every: .seconds(3600)))
        var commits = mine.store.changes().makeAsyncIterator()
        var counts = mine.store.observe { try await $0.records("cities").count() }.makeAsyncIterator()
        #expect(try await counts.next() == 0)
        try await other.churn(200)
        try await other.checkpoint()
        #expect(try await mine.store.records("cities").count() == 200)
        var last = 0
        let error = await #expect(throws: StorageError.self) {
            while let commit = try await commits.next() { last = commit.number ?? 0 }
        }
        #expect(error?.code == .changesMissed)
        #expect(error?.remedy?.contains("changes(since: \(last))") == true, "\(String(describing: error))")
        var missed = 0
        for try await _ in try await mine.storage.changes(since: last) { missed += 1 }
        #expect(last + missed == 200)
        #expect(try await counts.next() == 200)
        try await mine.store.close()
        try await other.store.close()
    }

    @Test("A store that is no longer the one that was opened ends those who listen with storage.replaced")
    func replaced() async throws {
        let mine = try await open(every: .seconds(3600))
        var commits = mine.store.changes().makeAsyncIterator()
        mine.storage.hub.finish(StorageError.replaced(found: "other", opened: "this"))
        let error = await #expect(throws: StorageError.self) { _ = try await commits.next() }
        #expect(error?.code == .replaced)
        try await mine.store.close()
    }
}

/// Time that stands still until the test moves it by the interval of the watch.
private final class Ticker: Sendable {
    static let interval = Duration.milliseconds(777)

    private struct State {
        var uptime = Duration.zero
        var sleeper: CheckedContinuation<Void, Never>?
        var watcher: CheckedContinuation<Void, Never>?
    }

    private let state = Lock(State())

    /// Surroundings of a machine, but for the time the watch goes by.
    func surroundings(_ machine: Surroundings) -> Surroundings {
        var surroundings = machine
        surroundings.uptime = { self.state.withLock { $0.uptime } }
        surroundings.sleep = { duration in
            guard duration <= Ticker.interval else { return try await machine.sleep(duration) }
            await withCheckedContinuation { continuation in
                let watcher = self.state.withLock { state in
                    state.sleeper = continuation
                    defer { state.watcher = nil }
                    return state.watcher
                }
                watcher?.resume()
            }
            try Task.checkCancellation()
        }
        return surroundings
    }

    /// Lets an interval pass.
    func tick() {
        let sleeper = state.withLock { state in
            state.uptime += Ticker.interval
            defer { state.sleeper = nil }
            return state.sleeper
        }
        sleeper?.resume()
    }

    /// Waits until the watch waits.
    func awaitSleep() async {
        await withCheckedContinuation { continuation in
            let isAsleep = state.withLock { state in
                if state.sleeper == nil { state.watcher = continuation }
                return state.sleeper != nil
            }
            if isAsleep { continuation.resume() }
        }
    }

    deinit { state.withLock { $0.sleeper?.resume() } }
}
