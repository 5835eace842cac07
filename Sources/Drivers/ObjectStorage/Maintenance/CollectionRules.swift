import CairnCore
import ObjectStores

/// What of a store may be removed: the rules, without input and output. ``Collector`` says why they are right.
///
/// All times are the store's own: dates of listings, and when objects were stored. An object of which the store does not say when
/// it was stored is never removed.
enum CollectionRules {
    /// Seconds for which a manifest is kept after its successor was made.
    static let manifestAge: Double = 24 * 3600
    /// Seconds for which an index file or a part is kept in any case: a manifest or a record that names it may be under way.
    static let fileAge: Double = 24 * 3600
    /// Seconds from the writing of an index file within which a manifest names it, or none ever does: what
    /// ``Checkpointer`` keeps, and an hour for clocks of a store that differ, and for requests under way.
    static let introduction: Double = Checkpointer.publishWithin + 3600
    /// Seconds for which a log record is kept in any case.
    static let logAge: Double = 7 * 24 * 3600
    /// Seconds for which a manifest must have said that log records may go before they go.
    static let announcementAge: Double = 3600
    /// Seconds that a part may be older than its record: a record lands within the quarter of an hour that its proof of the tip
    /// is good for, and its parts are written after that proof.
    static let partAge: Double = 3600

    /// A manifest that was listed.
    struct ListedManifest: Sendable, Hashable {
        let version: Int
        let object: ObjectSummary
    }

    /// Whether something was stored at least so many seconds before a date.
    static func isOlder(_ object: ObjectSummary, than seconds: Double, at date: StoreDate) -> Bool {
        object.lastModified.map { date.timeIntervalSince($0) >= seconds } ?? false
    }

    // MARK: Manifests

    /// The manifests that newer ones have replaced long enough ago, the oldest first.
    /// - Parameters:
    ///   - manifests: All there are, the newest first.
    ///   - pinned: Versions that pins name.
    static func replaced(
        _ manifests: [ListedManifest], pinned: Set<Int>, at date: StoreDate
    ) -> [ListedManifest] {
        // The successor itself may be gone: then the next one that is there is younger still.
        zip(manifests.dropFirst(), manifests).filter { manifest, successor in
            !pinned.contains(manifest.version) && isOlder(successor.object, than: manifestAge, at: date)
        }.map(\.0).reversed()
    }

    /// The manifests that together tell what all of them name, the newest first: the oldest of those that follow one another up to
    /// the newest, and every one before a gap.
    ///
    /// A file that one manifest names and its successor does not is named by none after it. So of those that follow one another, the
    /// oldest names every file that is named by any and was there before it.
    /// - Parameter manifests: All there are, the newest first.
    static func witnesses(_ manifests: [ListedManifest]) -> [ListedManifest] {
        let end = zip(manifests.dropFirst(), manifests).prefix { older, newer in older.version + 1 == newer.version }
        return Array(manifests.dropFirst(end.count))
    }

    /// The newest manifest that everybody who reads a manifest now has had the chance to see for an hour.
    /// - Parameter manifests: All there are, the newest first.
    static func announced(_ manifests: [ListedManifest], at date: StoreDate) -> ListedManifest? {
        manifests.first { isOlder($0.object, than: announcementAge, at: date) }
    }

    // MARK: Files

    /// Whether no manifest names an index file, and none ever will.
    /// - Parameters:
    ///   - named: The index files that the witnesses name.
    ///   - oldest: When the oldest of the manifests that follow one another was stored.
    static func isUnnamed(_ file: ObjectSummary, named: Set<String>, oldest: StoreDate, at date: StoreDate) -> Bool {
        !named.contains(file.key) && isOlder(file, than: fileAge, at: date)
            && isOlder(file, than: introduction, at: oldest)
    }

    /// Whether the record of a part is gone, or never came.
    /// - Parameters:
    ///   - oldest: When the oldest record was stored that is left; the distant future when none is.
    ///   - slack: How many seconds older than its record a part may be.
    static func isOrphan(
        _ part: ObjectSummary, oldest: StoreDate, slack: Double = partAge, at date: StoreDate
    ) -> Bool {
        isOlder(part, than: fileAge, at: date) && isOlder(part, than: slack, at: oldest)
    }
}

/// Goes through the log from its beginning and finds what of it may be removed now, and what later.
struct LogWalk: Sendable {
    /// Records up to this number may be removed: a manifest has said so for an hour.
    private let announced: Int
    /// The newest manifest says so of records up to this number.
    private let collected: Int
    /// Every manifest covers commits up to this number.
    private let covered: Int
    private let date: StoreDate

    /// Up to which number a manifest may say now that records may be removed.
    private(set) var reach: Int
    /// The records to remove, in their order. Taken out by whoever removes them.
    var removable: [ObjectSummary] = []
    /// When the oldest record was stored that stays; nil while there is none.
    private(set) var oldest: StoreDate?
    /// Whether there is one that stays.
    private(set) var isSomethingLeft = false
    /// Whether it is not known of one when it was stored.
    private var isUndated = false

    init(announced: Int, collected: Int, covered: Int, at date: StoreDate) {
        self.announced = min(announced, covered)
        self.collected = collected
        self.covered = covered
        self.date = date
        reach = collected
    }

    /// Takes the next record of the log.
    /// - Returns: Whether those behind it may be of interest.
    mutating func take(_ number: Int, _ record: ObjectSummary) -> Bool {
        let isOld = CollectionRules.isOlder(record, than: CollectionRules.logAge, at: date)
        if number <= announced {
            if isOld {
                removable.append(record)
                reach = max(reach, number)
            } else {
                // Of a store that was removed, which came late; or somebody stored it again. Those behind it may be older.
                keep(record)
            }
            return true
        }
        keep(record)
        // Behind a gap that nobody has announced, something is wrong: nothing more is promised to be needless.
        guard isOld, number <= covered, number <= reach + 1 else { return false }
        reach = max(reach, number)
        return true
    }

    private mutating func keep(_ record: ObjectSummary) {
        isSomethingLeft = true
        guard !isUndated, let date = record.lastModified else {
            isUndated = true
            oldest = nil
            return
        }
        oldest = min(oldest ?? date, date)
    }
}
