import CairnCore
import CairnSchema
import ObjectStores

/// Tells commit records and manifests of another store, which was at the same place before, from those of this one.
///
/// The problem: somebody removes a store and makes another one at its place. A request of a process that had the old one open may
/// arrive after that, and creates a record or a manifest under a name that the new store will need. The idea: such a **stray** counts as
/// nothing. It says whose it is, no commit of this store stands there, and whoever needs the name replaces it on the condition that it
/// is still there (If-Match), so that one of several wins, as in creating.
///
/// What must never happen is that damage passes for a stray: a commit that was acknowledged would be gone without a word. So an object
/// is a stray only when
///
/// - it is whole, as far as that can be told without its schema (``ObjectLabel``);
/// - the id it names has next to nothing in common with ours. Ids are random: what rot leaves of ours is nearly ours;
/// - a record does not continue our log: its `prev` is not the hash of our record before it. Number 1, and the first record of a store
///   that was rebuilt, have none before them, so that there the id alone tells;
/// - no record of ours stands behind it: a number is written when the one before it is there;
/// - `_store.json` names our store, read *after* the object. A later store writes it before its first commit: what was there earlier
///   under another id is of an earlier store. Otherwise the place has another store by now, which is `storage.replaced`.
///
/// It costs a request only where another id was met.
struct Ownership: Sendable {
    let access: StoreAccess
    /// The id of the store whose objects are looked for.
    let store: String

    /// An object of another store.
    struct Stray: Sendable {
        let name: String
        let store: String
        /// What it says of the record before it; nil for a manifest.
        let previous: [UInt8]?
        /// The hash of its bytes.
        let digest: [UInt8]

        init(_ name: String, _ label: ObjectLabel, _ bytes: [UInt8]) {
            self.name = name
            store = label.store
            previous = label.previous
            digest = SHA256.digest(bytes)
        }

        /// Whether it continues a log whose last record has a hash: then it is of that log, and damaged.
        func continues(_ hash: [UInt8]) -> Bool { previous == hash && hash != CommitRecord.noHash }
    }

    /// Whether bytes that were read are of another store. One GET if it seems so, and none otherwise.
    /// - Returns: The stray. For a record it is still to be looked at what is around it: ``LogReader/passes(_:_:after:)``.
    /// - Throws: `storage.replaced` when the place has another store.
    func stray(_ name: String, _ bytes: [UInt8]) async throws -> Stray? {
        guard let suspect = suspect(name, bytes) else { return nil }
        try await checkPlace()
        return suspect
    }

    /// Whether bytes seem to be of another store. What does is a stray only if ``checkPlace()`` finds nothing after it was read: one look is
    /// enough for many that were read before it.
    func suspect(_ name: String, _ bytes: [UInt8]) -> Stray? {
        guard let label = ObjectLabel(bytes, name), !Ownership.isAlike(label.store, store) else { return nil }
        return Stray(name, label, bytes)
    }

    /// Checks that the place has the store. One GET.
    /// - Throws: `storage.replaced` when it has another one.
    func checkPlace() async throws {
        let found = try await access.storeID()
        guard Utf8.equal(found, store) else { throw StorageError.replaced(found: found, opened: store) }
    }

    /// Where strays begin in a line of objects that ends with them; nil when its last one is none. A GET of that, or two, and as many for each
    /// halving of the line: a process that knows nothing of the removal may have left thousands.
    func firstStray(in names: [String]) async throws -> Int? {
        try await Ownership.start(of: names, where: isStray)
    }

    /// Where those begin in a line of objects that are strays, as ``firstStray(in:)``. What stands before the place is none.
    static func start(
        of names: [String], where isStray: (String) async throws -> Bool
    ) async throws -> Int? {
        guard let last = names.last, try await isStray(last) else { return nil }
        var (low, high) = (0, names.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if try await isStray(names[middle]) { high = middle } else { low = middle + 1 }
        }
        return high
    }

    private func isStray(_ name: String) async throws -> Bool {
        guard case .found(let object) = try await access.read(name) else { return false }
        return try await stray(name, object.bytes) != nil
    }

    /// Checks that an object names the store. What does not is damaged, unless it is a stray.
    func check(_ named: String, _ name: String) throws {
        let isRecord = name.hasPrefix(ObjectNames.log)
        if access.faults.contains(isRecord ? .strayRecords : .strayManifests) { return }
        guard Utf8.equal(named, store) else {
            throw StoredObject.damaged(name, "it is of the store '\(named)', and this is the store '\(store)'")
        }
    }

    /// Whether two ids have so much in common that one is what damage made of the other, if they are not the same.
    static func isAlike(_ left: String, _ right: String) -> Bool {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        let shared =
            left.count == right.count
            ? zip(left, right).count { $0 == $1 }
            : zip(left, right).prefix { $0 == $1 }.count
                + zip(left.reversed(), right.reversed()).prefix { $0 == $1 }.count
        return 2 * shared >= min(left.count, right.count)
    }
}

/// What a commit record or a manifest says of itself whatever its schema is. Of one that a newer Cairn wrote, too: the store that was
/// removed may have been used by it.
struct ObjectLabel {
    let store: String
    /// Of a commit record: the hash of the one before.
    let previous: [UInt8]?

    /// nil for what is not whole, or is called by the name of another one.
    init?(_ bytes: [UInt8], _ name: String) {
        let number = ObjectNames.number(ofRecord: name)
        let place = number ?? ObjectNames.version(ofManifest: name)
        guard let label = ObjectLabel.read(bytes, name, isRecord: number != nil), label.place == place
        else { return nil }
        store = label.store
        previous = label.previous
    }

    private typealias Parts = (store: String, place: Int, previous: [UInt8]?)

    private static func read(_ bytes: [UInt8], _ name: String, isRecord: Bool) -> Parts? {
        do {
            return try StoredObject.read(bytes, name) { try read(&$0, isRecord: isRecord) }
        } catch let error as StorageError where error.code == .upgradeRequired {
            return try? StoredObject.read(bytes, name) { try readNewer(&$0, isRecord: isRecord) }
        } catch {
            return nil
        }
    }

    /// What a newer format still says in the same words.
    private static func readNewer(_ scanner: inout JSONScanner, isRecord: Bool) throws -> Parts {
        var store: String?
        var place: Int?
        var previous: [UInt8]?
        let placeName = isRecord ? "seq" : "version"
        try scanner.forEachMember(depth: 0) { member, scanner in
            switch member {
            case "store": try store.set(try scanner.name(member), member)
            case placeName: try place.set(try scanner.int(member, in: 1...StoreFormat.largest), member)
            case "prev" where isRecord: try previous.set(try scanner.hash(member), member)
            default: try scanner.skipValue(depth: 1)
            }
        }
        if isRecord { _ = try previous.needed("prev") }
        return (try store.needed("store"), try place.needed(placeName), previous)
    }

    private static func read(_ scanner: inout JSONScanner, isRecord: Bool) throws -> Parts {
        var requirements = Requirements()
        var store: String?
        var hasGroup: Bool?
        var place: Int?
        var previous: [UInt8]?
        var head: [UInt8]?
        var schema: SchemaID?
        var time: Timestamp?
        let placeName = isRecord ? "seq" : "version"
        try scanner.forEachMember(depth: 0) { member, scanner in
            switch member {
            case "store": try store.set(try scanner.name(member), member)
            case "group":
                try scanner.group()
                try hasGroup.set(true, member)
            case placeName: try place.set(try scanner.int(member, in: 1...StoreFormat.largest), member)
            case "prev": try previous.set(try scanner.hash(member), member)
            case "head": try head.set(try scanner.hash(member), member)
            case "schema": try schema.set(try scanner.schemaID(member), member)
            case "at": try time.set(try scanner.time(member), member)
            default:
                if try !requirements.take(member, &scanner) { try scanner.skipValue(depth: 1) }
            }
        }
        try requirements.checked()
        _ = try (hasGroup.needed("group"), schema.needed("schema"), time.needed("at"))
        if isRecord { _ = try previous.needed("prev") } else { _ = try head.needed("head") }
        return (try store.needed("store"), try place.needed(placeName), previous)
    }
}
