import ObjectStores

/// A store whose answers a test changes.
struct AlteredStore: ObjectStoreWrapper {
    let base: any ObjectStore
    /// The error that a call ends with instead of being made; nil lets it pass.
    var refuse: @Sendable (ObjectCall) -> ObjectStoreError? = { _ in nil }
    /// Changes what the store says of its answer, by the key.
    var alter: @Sendable (String, inout AnswerDetails) -> Void = { _, _ in }

    func perform<Result: Sendable>(
        _ call: ObjectCall, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        if let error = refuse(call) { throw error }
        do {
            return try await body()
        } catch var error as ObjectStoreError {
            alter(call.key, &error.answer)
            throw error
        }
    }

    func get(_ key: String, _ options: GetOptions) async throws -> GetResult {
        let result = try await perform(ObjectCall(.get, key)) { [base] in try await base.get(key, options) }
        var info = result.info
        alter(key, &info.answer)
        return GetResult(info: info, range: result.range, body: result.content)
    }
}
