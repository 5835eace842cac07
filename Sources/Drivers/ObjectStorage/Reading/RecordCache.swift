import CairnCore

/// Records that were read from their files, as they are at the newest commit this process knows.
///
/// It is told of every commit and forgets what that touched, so what it has is current as long as the log is followed without
/// a gap; over a gap it forgets everything. An image of a commit up to S is also the record at S: nothing touched it since.
///
/// Bounded by two generations: when the young one is full, the old one is dropped and they change places. What is used moves back
/// to the young one.
struct RecordCache: Sendable {
    private struct ID: Hashable, Sendable {
        let table: Int
        let key: [UInt8]
    }

    /// Bytes of values of one generation.
    private let limit: Int
    private var young: [ID: RecordImage?] = [:]
    private var old: [ID: RecordImage?] = [:]
    private var youngBytes = 0

    init(bytes: Int) {
        limit = bytes / 2
    }

    /// The image of a record; nil when it is not known, `.some(nil)` when it is known that there never was one.
    mutating func get(_ table: Table, _ key: [UInt8]) -> RecordImage?? {
        let id = ID(table: table.position, key: key)
        if let found = young[id] { return .some(found) }
        guard let found = old.removeValue(forKey: id) else { return nil }
        insert(found, id)
        return .some(found)
    }

    mutating func set(_ table: Table, _ key: [UInt8], _ image: RecordImage?) {
        insert(image, ID(table: table.position, key: key))
    }

    mutating func remove(_ table: Table, _ key: [UInt8]) {
        let id = ID(table: table.position, key: key)
        young[id] = nil
        old[id] = nil
    }

    mutating func removeAll() {
        young = [:]
        old = [:]
        youngBytes = 0
    }

    private mutating func insert(_ image: RecordImage?, _ id: ID) {
        young.updateValue(image, forKey: id)
        youngBytes += 64 + id.key.count + (image?.values.map(ValueSize.bytes) ?? 0)
        guard youngBytes > limit else { return }
        old = young
        young = [:]
        youngBytes = 0
    }
}

/// About how much memory values take.
enum ValueSize {
    static func bytes(_ values: [Value]) -> Int { values.reduce(0) { $0 + bytes($1) } }

    static func bytes(_ value: Value) -> Int {
        switch value {
        case .string(let text): 16 + text.utf8.count
        case .bytes(let bytes): 16 + bytes.count
        case .array(let elements): 16 + bytes(elements)
        case .json(let json): 16 + json.description.utf8.count
        default: 16
        }
    }
}
