import CairnCore

/// The commits this process has followed, newest last: what transactions are validated against, and what a new manifest's
/// overlay is made of again.
///
/// Bounded. It always reaches back to the manifest of the newest view; beyond that it keeps some, so that transactions that
/// began before a checkpoint need not run again because of it.
struct CommitHistory: Sendable {
    /// One commit record, as far as it is needed.
    struct Commit: Sendable {
        let record: CommitRecord
        let hash: [UInt8]
        /// The bytes of the record.
        let size: Int

        var number: Int { record.number }
    }

    /// Commits that are kept though a manifest covers them.
    private static let spare = 512
    /// Bytes of such commits.
    private static let spareBytes = 16 << 20

    private var commits: [Commit] = []
    private var bytes = 0

    /// Whether it knows all commits behind a number, up to the newest.
    func reaches(_ number: Int, newest: Int) -> Bool {
        number >= newest || (commits.first.map { $0.number <= number + 1 } ?? false)
    }

    /// The commits behind a number, oldest first. Only for a number it reaches.
    func commits(after number: Int) -> ArraySlice<Commit> {
        guard let first = commits.first else { return [] }
        return commits[max(0, min(commits.count, number + 1 - first.number))...]
    }

    /// The commit of a number, if it is kept.
    subscript(number: Int) -> Commit? {
        guard let first = commits.first, number >= first.number, number - first.number < commits.count else {
            return nil
        }
        return commits[number - first.number]
    }

    /// Bytes of the commits behind a number.
    func bytes(after number: Int) -> Int { commits(after: number).reduce(0) { $0 + $1.size } }

    mutating func append(_ commit: Commit) {
        if let last = commits.last, last.number + 1 != commit.number { removeAll() }
        commits.append(commit)
        bytes += commit.size
    }

    mutating func removeAll() {
        commits = []
        bytes = 0
    }

    /// Forgets what a manifest covers, beyond the spare.
    mutating func trim(covered: Int) {
        var count = 0
        var rest = bytes
        while count < commits.count, commits[count].number <= covered,
            commits.count - count > CommitHistory.spare || rest > CommitHistory.spareBytes
        {
            rest -= commits[count].size
            count += 1
        }
        // Moving the rest to the front is worth it only now and then.
        guard count > 0, count * 4 >= commits.count || rest < bytes / 2 else { return }
        commits.removeFirst(count)
        bytes = rest
    }
}
