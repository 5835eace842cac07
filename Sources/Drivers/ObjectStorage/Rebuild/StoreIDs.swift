import CairnCore

/// The ids that a store has and had before it was rebuilt, the newest first: what names one of them is its own. See ``Ownership``.
///
/// While a store is rebuilt, `_store.json` has the id that it is to get, and nothing names that yet.
struct StoreIDs: Sendable {
    let all: [String]

    /// More than a store is ever rebuilt. Those before are forgotten.
    private static let limit = 64

    /// - Parameter file: `_store.json`; nil where it says nothing: then nothing is told apart.
    init(_ file: StoreFile?) {
        all = Array((file.map { [$0.id] + $0.rebuilds } ?? []).prefix(StoreIDs.limit))
    }

    /// Which of them an id is; nil when it is none.
    func place(of id: String) -> Int? { all.firstIndex { Utf8.equal($0, id) } }

    /// Whether an id is one of them, or what damage made of one.
    func has(_ id: String) -> Bool { all.contains { Ownership.isAlike($0, id) } }

    /// What bytes are when they are of another store.
    func stray(_ name: String, _ bytes: [UInt8]) -> Ownership.Stray? {
        guard !all.isEmpty, let label = ObjectLabel(bytes, name), !has(label.store) else { return nil }
        return Ownership.Stray(name, label, bytes)
    }

    /// What stands under a name, when that is of another store. One GET.
    func stray(_ name: String, _ access: StoreAccess) async throws -> Ownership.Stray? {
        guard !all.isEmpty, case .found(let object) = try await access.read(name) else { return nil }
        return stray(name, object.bytes)
    }

    /// Whether a commit record is the store's own. One GET.
    func areOf(_ number: Int?, _ access: StoreAccess) async throws -> Bool {
        guard !all.isEmpty, let number, case .found(let object) = try await access.read(ObjectNames.record(number)),
            let label = ObjectLabel(object.bytes, ObjectNames.record(number))
        else { return false }
        return has(label.store)
    }
}
