import CairnSchema

/// A place in what a store committed, behind which `changes(since:)` goes on: a text to save and to give back, also to a later run of the
/// program.
///
/// It belongs to the store that gave it, and is no order: which of two comes first only the store can tell.
public struct ChangePosition: RawRepresentable, Sendable, Hashable, Codable, CustomStringConvertible {
    /// The text, safe to keep and send.
    public let rawValue: String

    /// A position by its text. Whether it is one the store finds out that is asked for the changes behind it.
    public init(rawValue: String) { self.rawValue = rawValue }

    public var description: String { rawValue }
}

/// The forms of the text: `driver:store:part…` is a place between commits, and `+n.digest` behind it the one behind the first `n` changes of
/// the next commit that has any. Drivers see the first form only. The digest is of the position of that commit: a copy of the store may have
/// another one at this place.
extension ChangePosition {
    /// Changes of a commit that lie before a position.
    struct Inside {
        /// How many.
        let changes: Int
        /// The ``ChangePosition/digest`` of the place behind the commit.
        let commit: UInt64
    }

    /// The place between commits that it counts from, and what of the next one lies before it, if anything does.
    /// - Throws: `storage.invalid` for a text that is none.
    func split() throws -> (base: ChangePosition, inside: Inside?) {
        guard let plus = rawValue.lastIndex(of: "+") else { return (self, nil) }
        let parts = rawValue[rawValue.index(after: plus)...].split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let count = Int(parts[0]), count > 0, let commit = UInt64(parts[1], radix: 16) else {
            throw StorageError.noPosition(self)
        }
        return (ChangePosition(rawValue: String(rawValue[..<plus])), Inside(changes: count, commit: commit))
    }

    /// The place behind that many more changes of the next commit.
    /// - Parameter commit: The place behind that commit.
    func advanced(by count: Int, in commit: ChangePosition) -> ChangePosition {
        guard let (base, inside) = try? split() else { return self }
        let digest = String(commit.digest, radix: 16)
        return ChangePosition(rawValue: "\(base.rawValue)+\((inside?.changes ?? 0) + count).\(digest)")
    }

    /// FNV-1a of the text: the same in every run, which the hashes of the language are not.
    var digest: UInt64 {
        rawValue.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    /// For drivers: a place between commits of a store.
    package init(_ driver: String, store: String, _ parts: [Int]) {
        rawValue = ([driver, store] + parts.map(String.init)).joined(separator: ":")
    }

    /// For drivers: the numbers of a place between commits of a store.
    /// - Throws: `storage.invalid` for a text that is none; `storage.snapshot_expired` for one of another store.
    package func numbers(_ count: Int, of driver: String, store: String) throws -> [Int] {
        let parts = rawValue.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count > 2, !parts.contains("") else { throw StorageError.noPosition(self) }
        guard parts[0] == driver else { throw StorageError.foreignPosition(self) }
        let numbers = parts.suffix(count).compactMap { Int($0) }
        guard numbers.count == count, parts.count > count + 1, numbers.allSatisfy({ $0 >= 0 }) else {
            throw StorageError.noPosition(self)
        }
        guard Utf8.equal(parts[1..<parts.count - count].joined(separator: ":"), store) else {
            throw StorageError.foreignPosition(self)
        }
        return numbers
    }
}

extension StorageError {
    private static let anew = "ask for changePosition(), read the records anew, and follow the changes behind it"
    private static let untilThen = "and migrate the store; changes() tells what is committed from now on"

    /// Nobody asked for the changes of a table to be kept.
    static func keepsNoChanges(_ table: Table) -> StorageError {
        var details = Details()
        details.table = table.name
        return StorageError(
            .unsupported, "the changes of table '\(table.name)' are not kept",
            remedy: "declare \"changes\": true in table '\(table.name)' \(untilThen)",
            details: details)
    }

    /// Nobody asked for the changes of any table to be kept.
    static func keepsNoChanges(_ schema: Schema) -> StorageError {
        StorageError(
            .unsupported, "the database '\(schema.database)' has no table whose changes are kept",
            remedy: "declare \"changes\": true in the tables that are followed \(untilThen)")
    }

    /// The driver has no memory for changes.
    static func keepsNoChanges(_ capabilities: StorageCapabilities) -> StorageError {
        StorageError(
            .unsupported, "the driver '\(capabilities.driver)' keeps no changes",
            remedy: "use a driver that does; changes() tells what is committed from now on")
    }

    /// A text that no store gave out as a position.
    package static func noPosition(_ position: ChangePosition) -> StorageError {
        StorageError(
            .invalid, "'\(position)' is no position of changes",
            remedy: "give back what changePosition() or the position of a change said")
    }

    /// A position of another store, or of a copy of this one that has gone another way.
    package static func foreignPosition(_ position: ChangePosition) -> StorageError {
        StorageError(
            .snapshotExpired,
            "the position '\(position)' is none of this store's: it belongs to another one, or this one is a copy or was restored",
            remedy: anew)
    }

    /// Changes behind a position are gone.
    package static func expiredPosition(_ position: ChangePosition, _ reason: String) -> StorageError {
        StorageError(
            .snapshotExpired,
            "changes behind the position '\(position)' are no longer kept: \(reason)",
            remedy: anew)
    }
}
