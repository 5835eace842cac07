public import ObjectStores

/// One promise of an object store, as a test that needs no test framework: it throws when the promise is broken.
public struct ObjectStoreCase: Sendable, CustomStringConvertible {
    /// What it is about.
    public let topic: String
    /// The promise, as a sentence.
    public let name: String
    let body: @Sendable (Trial) async throws -> Void

    init(_ topic: String, _ name: String, _ body: @escaping @Sendable (Trial) async throws -> Void) {
        self.topic = topic
        self.name = name
        self.body = body
    }

    /// Topic and sentence.
    public var description: String { "\(topic): \(name)" }

    /// Runs the case on an empty store of a provider.
    /// - Throws: ``ObjectStoreCaseFailure`` when the store breaks the promise; any error of the store that the case did not
    ///   expect.
    public func run(on provider: any ObjectStoreProvider) async throws {
        let store = try await provider.makeStore()
        do {
            try await body(Trial(store: store, quirks: provider.quirks))
            try await provider.remove(store)
        } catch {
            try? await provider.remove(store)
            throw error
        }
    }
}

/// Makes stores of the kind that is asked. Whoever writes a store, or wants to know what a provider does, writes one.
public protocol ObjectStoreProvider: Sendable {
    /// What to call it in reports.
    var name: String { get }
    /// What it does in its own way.
    var quirks: ObjectStoreQuirks { get }
    /// An empty store that nobody else uses.
    func makeStore() async throws -> any ObjectStore
    /// Removes a store that was made.
    func remove(_ store: any ObjectStore) async throws
}

/// A promise that was broken.
public struct ObjectStoreCaseFailure: Error, CustomStringConvertible {
    /// What was expected and what was found, with the line of the case.
    public let description: String

    init(_ message: String, _ file: StaticString, _ line: UInt) {
        description = "\(file):\(line): \(message)"
    }
}

/// All cases.
public enum ObjectStoreConformance {
    /// The cases, topic by topic. Each makes sense for every store: where a store's capabilities or a provider's quirks say
    /// that it does something else, the case checks that it does just that.
    public static let cases: [ObjectStoreCase] =
        PutCases.all + GetCases.all + ConditionCases.all + FenceCases.all + DeleteCases.all + KeyCases.all
        + ListCases.all + AttributeCases.all + BodyCases.all + CopyCases.all + UploadCases.all + RaceCases.all
}
