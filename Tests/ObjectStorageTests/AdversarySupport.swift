import CairnCore
import CairnSchema
import Foundation
import ObjectStores
import Testing

@testable import ObjectStorage

/// A store that runs hooks before and after each call.
final class HookedStore: ObjectStoreWrapper {
    typealias Hook = @Sendable (ObjectCall) async throws -> Void
    let base: any ObjectStore
    private let before = Lock<Hook?>(nil)
    private let after = Lock<Hook?>(nil)

    init(_ base: any ObjectStore) { self.base = base }
    func onBefore(_ hook: Hook?) { before.withLock { $0 = hook } }
    func onAfter(_ hook: Hook?) { after.withLock { $0 = hook } }

    func perform<Result: Sendable>(
        _ call: ObjectCall, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        if let hook = before.withLock({ $0 }) { try await hook(call) }
        let result = try await body()
        if let hook = after.withLock({ $0 }) { try await hook(call) }
        return result
    }
}

/// Holds whoever comes until it is opened.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var arrived = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
        var watchers: [CheckedContinuation<Void, Never>] = []
    }
    private let state = Lock(State())

    func pass() async {
        await withCheckedContinuation { continuation in
            let (isOpen, watchers) = state.withLock { state in
                state.arrived += 1
                let watchers = state.watchers
                state.watchers = []
                if !state.isOpen { state.waiting.append(continuation) }
                return (state.isOpen, watchers)
            }
            for watcher in watchers { watcher.resume() }
            if isOpen { continuation.resume() }
        }
    }

    /// Waits until somebody is held.
    func arrival() async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.arrived == 0 { state.watchers.append(continuation) }
                return state.arrived > 0
            }
            if isThere { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            let waiting = state.waiting
            state.waiting = []
            return waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

enum World {
    // A schema of the test's own: if it cannot be read, no test can run.
    // swift-format-ignore: NeverUseForceTry
    static let schema = try! Schema(
        parsing: """
            { "database": "adversary", "tables": {
              "items": { "columns": { "id": "int", "name": "string", "code": "int?" }, "key": "id",
                         "indexes": { "by_code": { "on": ["code"], "unique": true }, "by_name": ["name"] } },
              "blobs": { "columns": { "id": "int", "text": "string" }, "key": "id" } } }
            """)
    static var items: Table { schema.tables[0] }
    static var blobs: Table { schema.tables[1] }

    static func row(_ id: Int, _ name: String, code: Int? = nil) -> [Value] {
        values(items, ["id": .int(id), "name": .string(name), "code": code.map { .int($0) } ?? .null])
    }
    static func values(_ table: Table, _ named: [String: Value]) -> [Value] {
        table.columns.map { named[$0.name] ?? .null }
    }

    static func open(
        _ objects: any ObjectStore, _ options: ObjectStorageOptions = ObjectStorageOptions(),
        surroundings: Surroundings = .machine()
    ) async throws -> ObjectStorage {
        let storage = try await ObjectStorage.open(objects, options, surroundings: surroundings)
        if try await storage.schema() == nil { try await storage.apply(.create(schema)) }
        try await storage.attach(schema)
        return storage
    }

    static func name(_ storage: any StorageReader, _ id: Int) async throws -> String? {
        var found: String?
        let position = items.columns[1].position
        _ = try await storage.get(items, Key(.int(id))) { row in
            if case .string(let text) = try row.values()[position] { found = text }
        }
        return found
    }

    static func text(_ error: any Error) -> String {
        (error as? StorageError).map { "\($0.code): \($0.message)" } ?? "\(error)"
    }

    /// Lets everybody else go on as far as they can.
    static func others() async {
        for _ in 0..<5_000 { await Task.yield() }
    }

    /// Waits for what should happen soon, and gives up when it has had far more time than it needs.
    static func soon(_ condition: @Sendable () async -> Bool) async -> Bool {
        let end = ContinuousClock.now.advanced(by: .seconds(20))
        while ContinuousClock.now < end {
            if await condition() { return true }
            await Task.yield()
        }
        return false
    }
}

/// Time that a test sets.
final class Clock: Sendable {
    private let offset = Lock(0.0)
    var now: Date { Date().addingTimeInterval(offset.withLock { $0 }) }
    func advance(_ seconds: Double) { offset.withLock { $0 += seconds } }
}
