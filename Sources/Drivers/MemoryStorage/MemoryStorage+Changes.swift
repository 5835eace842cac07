public import CairnCore

extension MemoryStorage {
    public func listen(_ listener: ChangeListener) throws { try hub.add(listener) }

    /// Tells what a commit did. Only for the one writer at a time.
    /// - Parameters:
    ///   - interest: What those wanted to know who listened when the commit became visible.
    ///   - old: The state before the commit.
    func tell(
        _ interest: ChangeHub.Interest, _ operations: [WriteOperation], from old: MemoryState, to new: MemoryState,
        at time: Timestamp
    ) {
        switch interest {
        case .nothing: break
        case .tables: hub.tell(tables: Set(operations.map(\.table.position)))
        case .records: hub.tell(CommittedChanges(time: time, changes: new.changes(from: old, by: operations)))
        }
    }
}

extension MemoryState {
    /// What operations did to records, each once, in the order in which they were first written.
    func changes(from old: MemoryState, by operations: [WriteOperation]) -> [Change<Record>] {
        var seen = tables.map { _ in Set<[UInt8]>() }
        return operations.compactMap { operation in
            let position = operation.table.position
            let key = tables[position].keyLayout.encode(operation.key)
            guard seen[position].insert(key).inserted else { return nil }
            return Change(before: old.record(position, key), after: record(position, key))
        }
    }

    private func record(_ table: Int, _ key: [UInt8]) -> Record? {
        tables[table].records.get(key).map { stored in
            Record(tables[table].table, values: stored.values, metadata: stored.metadata)
        }
    }
}
