import CairnCore
import ObjectStores

extension Engine {
    /// Forgets expired receipts, and removes what nothing can need any more.
    func maintain() async throws -> MaintenanceReport {
        _ = try await follower.follow()
        var report = MaintenanceReport()
        if let closing = try tip.closingByAnother() {
            report.notCollected = StorageError.underMaintenance(closing.note).message
            return report
        }
        let collected = try await collect(&report)
        report.expiredReceipts = try await checkpointer.checkpoint(forgetting: now(), collecting: collected)
        return report
    }

    private func collect(_ report: inout MaintenanceReport) async throws -> Int {
        if try await !parts.access.canFence() {
            guard windows.isHeld else {
                report.notCollected =
                    "\(parts.access.capabilities.location) does not keep late writes from taking effect: only in a maintenance window is it known that nobody needs what is removed; cairn maintain --window opens one and removes it"
                return 0
            }
            try await windows.awaitQuiet()
        }
        return try await Collector(parts: parts).collect(&report)
    }
}
