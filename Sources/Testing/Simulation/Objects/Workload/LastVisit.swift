import CairnCore

/// A process that comes when all others have gone and nothing goes wrong any more: it reads everything by every index, asks what became
/// of everything, writes, and closes the store.
final class LastVisit: Sendable {
    private let workload: Workload
    private let process: SimulatedProcess
    private let done = Lock(false)

    init(_ workload: Workload, _ process: SimulatedProcess) {
        self.workload = workload
        self.process = process
    }

    var isDone: Bool { done.withLock { $0 } }

    func start() {
        process.spawn { [self] in
            do {
                try await visit()
            } catch {
                workload.history.complain("liveness", "\(process.name) failed though nothing goes wrong: \(error)")
            }
            done.withLock { $0 = true }
        }
    }

    private func visit() async throws {
        guard let (storage, store, epoch) = await workload.open(process) else { return }
        let client = workload.client(process, storage, store, epoch, seed: 7)
        try await sweep(client)
        try await ask(client)
        let outcome = await client.write("last") { stamp in
            [.upsert(workload.tables.users, workload.tables.user(999, handle: "last", age: nil, stamp: stamp))]
        }
        if case .done = outcome {
        } else {
            workload.history.complain("liveness", "\(process.name) cannot write though nothing goes wrong: \(outcome)")
        }
        try await store.maintain()
        try await sweep(client)
        try await store.close()
    }

    /// Reads each table by its key, and by each index forwards and backwards.
    private func sweep(_ client: Client) async throws {
        for table in workload.tables.schema.tables where !workload.plan.hasEditor || table !== workload.tables.notes {
            var orders: [[OrderTerm]] = [[], table.key.map { OrderTerm(column: $0, isDescending: true) }]
            for index in table.indexes {
                let terms = index.parts.map { OrderTerm(column: $0.column, isDescending: $0.isDescending) }
                orders.append(terms)
                orders.append(terms.map { OrderTerm(column: $0.column, isDescending: !$0.isDescending) })
            }
            for order in orders {
                let outcome = await client.deed("sweep") { deed in
                    _ = try await client.read(client.storage, Query(table, order: order), &deed)
                    return nil
                }
                if case .failed(let error) = outcome { throw error }
            }
            let outcome = await client.deed("sweep") { deed in
                _ = try await client.readCount(client.storage, Query(table), &deed)
                return nil
            }
            if case .failed(let error) = outcome { throw error }
        }
    }

    /// Asks what became of everything whose outcome nobody knew.
    private func ask(_ client: Client) async throws {
        for deed in workload.history.all where deed.epoch == client.epoch {
            guard case .unknown(let token?) = deed.outcome else { continue }
            let told = try await client.store.outcome(of: token)
            workload.history.tell(deed.id, told)
        }
    }
}
