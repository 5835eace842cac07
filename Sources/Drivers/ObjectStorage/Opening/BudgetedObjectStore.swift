import CairnCore
import ObjectStores

/// Stops the query of a task before it makes more requests than its budget allows.
struct BudgetedObjectStore: ObjectStoreWrapper {
    let base: any ObjectStore

    func perform<Result: Sendable>(
        _ call: ObjectCall, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try RequestBudget.take()
        return try await body()
    }
}
