public import CairnCore

/// One promise of a driver, as a test that needs no test framework: it throws when the promise is broken.
public struct ConformanceCase: Sendable, CustomStringConvertible {
    /// What a driver must be good for to be asked.
    public enum Level: String, Sendable, CaseIterable {
        /// Records: keys, values, order, queries, limits.
        case l0 = "L0"
        /// Indexes, constraints, transactions, idempotency.
        case l1 = "L1"
        /// Snapshots, concurrency, housekeeping, crashes.
        case l2 = "L2"
    }

    /// The level it belongs to.
    public let level: Level
    /// The promise, as a sentence.
    public let name: String
    /// Whether it makes sense only for stores that outlive their handle.
    public let needsPersistence: Bool
    let body: @Sendable (ConformanceStore) async throws -> Void

    init(
        _ level: Level, _ name: String, needsPersistence: Bool = false,
        _ body: @escaping @Sendable (ConformanceStore) async throws -> Void
    ) {
        self.level = level
        self.name = name
        self.needsPersistence = needsPersistence
        self.body = body
    }

    /// Level and sentence.
    public var description: String { "\(level.rawValue): \(name)" }

    /// Runs the case on a fresh store of a driver.
    /// - Throws: ``ConformanceFailure`` when the driver breaks the promise; any error of the driver that the case did not
    ///   expect.
    public func run(on driver: any ConformanceDriver) async throws {
        let store = ConformanceStore(driver)
        do {
            try await body(store)
            try await store.closeAll()
        } catch {
            try? await store.closeAll()
            throw error
        }
    }
}

/// Makes stores of the driver that is asked. Whoever writes a driver writes one of these.
public protocol ConformanceDriver: Sendable {
    /// What to call the driver in reports.
    var name: String { get }
    /// Whether what was committed is there when the store of the same name is opened again.
    var isPersistent: Bool { get }
    /// How many snapshots may be open at once, before the next must wait for one to close; nil: any number.
    var maximumReaders: Int? { get }
    /// Opens the store of a name; makes an empty one the first time. Names are letters, digits and `-`.
    /// - Parameter clock: What the store must take for the time, if it can.
    func open(_ name: String, clock: @escaping @Sendable () -> Timestamp) async throws -> any Storage
    /// Removes the store of a name.
    func remove(_ name: String) async throws
}

extension ConformanceDriver {
    /// Any number.
    public var maximumReaders: Int? { nil }
}

/// A promise that was broken.
public struct ConformanceFailure: Error, CustomStringConvertible {
    /// What was expected and what was found, with the line of the case.
    public let description: String

    init(_ message: String, _ file: StaticString, _ line: UInt) {
        description = "\(file):\(line): \(message)"
    }
}

/// All cases.
public enum StorageConformance {
    /// The cases, level by level.
    public static let cases: [ConformanceCase] = reading + writing + together

    private static let reading =
        RecordCases.all + KeyCases.all + ValueCases.all + OrderCases.all + ComparisonCases.all + NullCases.all
        + TextCases.all + RegexCases.all + ExpressionCases.all + JSONComparisonCases.all + JSONTextCases.all
        + EmptyCases.all
        + DaySpanCases.all
        + QueryCases.all + PlanCases.all + IndexBoundCases.all + PartialIndexCases.all + AggregateCases.all
        + SelectionCases.all + PageCases.all + PolicyCases.all + BulkCases.all + LimitCases.all + RevisionCases.all
        + InjectionCases.all

    private static let writing =
        UniqueCases.all + ReferenceCases.all + ReferenceActionCases.all + RelationCases.all + RelatedOrderCases.all
        + InclusionCases.all
        + BatchCases.all + TransactionCases.all + SavepointCases.all + IdempotencyCases.all

    private static let together =
        OpeningCases.all + WindowCases.all + SnapshotCases.all + ChangeCases.all + FollowingCases.all
        + ObservationCases.all
        + ConcurrencyCases.all
        + CancellationCases.all + MaintenanceCases.all + CrashCases.all

    /// The cases that make sense for a driver.
    public static func cases(for driver: any ConformanceDriver) -> [ConformanceCase] {
        cases.filter { driver.isPersistent || !$0.needsPersistence }
    }
}
