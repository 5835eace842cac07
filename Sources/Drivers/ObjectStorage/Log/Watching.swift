public import CairnCore
import CairnSchema

extension ChangeHub {
    /// The log went on by a record.
    func tell(_ record: CommitRecord) {
        switch interest {
        case .nothing: break
        case .tables:
            let tables = Set(record.transactions.lazy.flatMap(\.operations).map(\.table.position))
            if tables.isEmpty { tellEmpty() } else { tell(tables: tables) }
        case .records:
            let changes = record.transactions.flatMap(\.operations).compactMap(\.change)
            if changes.isEmpty { tellEmpty() }
            tell(CommittedChanges(number: record.number, time: record.time, changes: changes))
        }
    }
}

/// Commits of other processes, while anyone listens. Those of this one are told as it makes them.
extension ObjectStorage {
    public func listen(_ listener: ChangeListener) throws {
        let engine = try engine()
        let storage: @Sendable () -> ObjectStorage? = { [weak self] in self }
        let sleep = engine.parts.surroundings.sleep
        try hub.add(listener) { await ObjectStorage.watch(sleep, storage) }
    }

    /// Asks the log for more, until the task is cancelled or the store is gone: no longer after anything else has asked than the
    /// interval, and not more often.
    private static func watch(
        _ sleep: @Sendable (Duration) async throws -> Void, _ storage: @Sendable () -> ObjectStorage?
    ) async {
        while let pause = await storage()?.look() {
            guard (try? await sleep(pause)) != nil else { return }
        }
    }

    /// Asks the log for more if nobody has for so long.
    /// - Returns: How long to wait before the next time; nil when there is none.
    private func look() async -> Duration? {
        guard let engine = try? engine(), let age = proofAge(engine) else { return nil }
        if age < options.watchInterval { return max(options.watchInterval - age, options.watchInterval / 10) }
        do {
            _ = try await engine.follower.follow()
        } catch let error as StorageError where !error.isRetryable && error.code != .timeout {
            // It will not get better by itself, and who listens must not take silence for rest.
            hub.fail(error)
            options.verbose?("commits of others are no longer watched: \(error)")
            return nil
        } catch {
            options.verbose?("the log cannot be read, and is tried again: \(error)")
        }
        return options.watchInterval
    }

    /// How long ago the newest view was proven to be that; nil when the store is closed.
    private func proofAge(_ engine: Engine) -> Duration? {
        guard let (_, confirmation) = try? engine.tip.confirmed() else { return nil }
        guard let confirmation else { return options.watchInterval }
        return engine.parts.surroundings.uptime() - confirmation.uptime
    }
}
