import CairnCore
import CairnSchema

/// The last commits that wrote tables which keep their changes, oldest first, by the numbers of their states.
///
/// Bounded by how many changes there are and by about how many bytes they have. What is too much goes together, a fifth of it at a
/// time, so that a commit rarely pays for it. The newest commit always stays, however large it is.
struct ChangeRing: Sendable {
    struct Commit: Sendable {
        let version: Int
        let time: Timestamp
        let changes: [Change<Record>]
        let bytes: Int
    }

    private static let most = (changes: 12_500, bytes: 64 << 20)
    private static let left = (changes: 10_000, bytes: 48 << 20)

    private var commits: [Commit] = []
    private var count = (changes: 0, bytes: 0)
    /// The number of the last commit that is gone: what is behind it is here.
    private(set) var forgotten = 0

    mutating func append(_ changes: [Change<Record>], version: Int, at time: Timestamp) {
        if changes.isEmpty { return }
        let bytes = changes.reduce(0) { $0 + ChangeRing.bytes(of: $1) }
        commits.append(Commit(version: version, time: time, changes: changes, bytes: bytes))
        count.changes += changes.count
        count.bytes += bytes
        if count.changes > ChangeRing.most.changes || count.bytes > ChangeRing.most.bytes { trim() }
    }

    private mutating func trim() {
        var gone = 0
        while gone < commits.count - 1,
            count.changes > ChangeRing.left.changes || count.bytes > ChangeRing.left.bytes
        {
            count.changes -= commits[gone].changes.count
            count.bytes -= commits[gone].bytes
            forgotten = commits[gone].version
            gone += 1
        }
        commits.removeFirst(gone)
    }

    /// The commits behind a number, about so many changes of them.
    func commits(after version: Int, limit: Int) -> ArraySlice<Commit> {
        var (low, high) = (0, commits.count)
        while low < high {
            let middle = (low + high) / 2
            if commits[middle].version <= version { low = middle + 1 } else { high = middle }
        }
        var (end, changes) = (low, 0)
        while end < commits.count, changes < limit {
            changes += commits[end].changes.count
            end += 1
        }
        return commits[low..<end]
    }

    /// Whether a number is that of the newest commit, or later.
    func isNewest(_ version: Int) -> Bool { commits.last.map { $0.version <= version } ?? true }

    // MARK: Sizes

    private static func bytes(of change: Change<Record>) -> Int {
        [change.before, change.after].reduce(64) { sum, record in
            sum + (record?.values.reduce(64) { $0 + bytes(of: $1) } ?? 0)
        }
    }

    /// About how many bytes a value takes.
    private static func bytes(of value: Value) -> Int {
        switch value {
        case .null, .bool, .int, .double, .uuid, .timestamp, .date: 16
        case .string(let text): 16 + text.utf8.count
        case .bytes(let bytes): 48 + bytes.count
        case .decimal: 64
        case .json(let json): 48 + self.bytes(of: json)
        case .array(let values): values.reduce(48) { $0 + bytes(of: $1) }
        }
    }

    private static func bytes(of json: JSONValue) -> Int {
        switch json {
        case .string(let text): 16 + text.utf8.count
        case .array(let elements): elements.reduce(32) { $0 + bytes(of: $1) }
        case .object(let object): object.members.reduce(32) { $0 + 32 + $1.name.utf8.count + bytes(of: $1.value) }
        default: 16
        }
    }
}
