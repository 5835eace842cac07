import CairnCore

#if canImport(FoundationEssentials)
    import struct FoundationEssentials.UUID
#else
    import struct Foundation.UUID
#endif

/// What a case works with: stores of the driver, opened by schema, and closed when the case ends.
final class ConformanceStore: Sendable {
    private let driver: any ConformanceDriver
    /// The time the stores see. Cases move it; it does not run by itself.
    let clock = ManualClock()
    private let opened = Lock([Store]())
    private let names = Lock(Set<String>())
    /// Tells the stores of one run from those of another.
    private let run = UUID.version7().uuidString.lowercased()

    init(_ driver: any ConformanceDriver) {
        self.driver = driver
    }

    var isPersistent: Bool { driver.isPersistent }
    var maximumReaders: Int? { driver.maximumReaders }

    /// Opens a store, by default an empty one with the tables of `Schemas.things`.
    /// - Parameters:
    ///   - schema: The schema file.
    ///   - name: The same name is the same store, if the driver is persistent.
    ///   - observers: Hear about each call.
    ///   - unindexed: What is done with a query that no index serves.
    ///   - warn: Hears of those, where it is to warn.
    func open(
        _ schema: String = Schemas.things, name: String = "store", observers: [Observer] = [],
        unindexed: UnindexedPolicy = .allow, warn: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> Store {
        let storage = try await storage(name: name)
        var options = StoreOptions(observers: observers, unindexed: unindexed)
        options.warn = warn
        let store = try await Store.open(storage, schema: Schema(parsing: schema), options: options)
        opened.withLock { $0.append(store) }
        return store
    }

    /// The driver alone.
    func storage(name: String = "store") async throws -> any Storage {
        let full = "\(run)-\(name)"
        names.withLock { _ = $0.insert(full) }
        let clock = clock
        return try await driver.open(full) { clock.now }
    }

    /// Closes stores that a case opened by itself when it ends.
    func keep(_ stores: [Store]) { opened.withLock { $0 += stores } }

    func closeAll() async throws {
        for store in opened.withLock({ $0 }) { try await store.close() }
        for name in names.withLock({ $0 }) { try await driver.remove(name) }
    }
}

/// A clock that stands still until it is moved.
final class ManualClock: Sendable {
    private let time = Lock(Timestamp("2026-01-02T03:04:05.678901Z") ?? .epoch)

    var now: Timestamp { time.withLock { $0 } }

    func advance(seconds: Int64) {
        time.withLock { $0 = $0.adding(microseconds: seconds * 1_000_000) ?? $0 }
    }
}
