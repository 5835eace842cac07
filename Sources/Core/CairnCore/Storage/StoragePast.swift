public import CairnSchema

/// The moments of a store that are over, where its driver keeps them: ``Storage/past``.
///
/// Commits are numbered from 1 without gaps; 0 is the empty store. How long a driver keeps what a commit left is its own to say; a pin
/// keeps a moment until somebody lets go of it.
public protocol StoragePast: Sendable {
    /// The number of the newest commit.
    func currentCommit() async throws -> Int

    /// A view of the store as a commit left it.
    /// - Throws: `storage.invalid` for a number that is none yet; `storage.snapshot_expired` for a moment that is no longer kept, also
    ///   from reading when it ceases to be kept meanwhile; `storage.schema_mismatch` when the store had another schema then.
    func snapshot(asOf commit: Int) async throws -> any StorageSnapshot

    /// A view of the store as a pin keeps it.
    /// - Throws: `storage.not_found` when there is no such pin; `storage.invalid` for a text that is no name of one; else as
    ///   ``snapshot(asOf:)``.
    func snapshot(pinned name: String) async throws -> any StorageSnapshot

    /// Keeps the store as it is now, under a name, until ``unpin(_:)``.
    /// - Returns: The pin. Its commit is the newest there was, or a newer one.
    /// - Throws: `storage.invalid` for a text that is no name of one; `storage.duplicate` when there is a pin of that name;
    ///   `storage.read_only`.
    @discardableResult
    func pin(_ name: String) async throws -> StorePin

    /// Lets go of what a pin keeps.
    /// - Throws: `storage.not_found` when there is no such pin; `storage.invalid`; `storage.read_only`.
    func unpin(_ name: String) async throws

    /// All pins, by name.
    func pins() async throws -> [StorePin]
}

/// A moment of a store that is kept under a name.
public struct StorePin: Sendable, Hashable {
    /// What it is called.
    public let name: String
    /// When it was made.
    public let created: Timestamp
    /// The number of the newest commit it shows.
    public let commit: Int

    /// Describes a pin.
    public init(name: String, created: Timestamp, commit: Int) {
        self.name = name
        self.created = created
        self.commit = commit
    }
}

extension Storage {
    /// Moments that are over are gone.
    public var past: (any StoragePast)? { nil }
}
