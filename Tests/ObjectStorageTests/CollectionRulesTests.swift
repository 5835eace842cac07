import Foundation
import ObjectStores
import Testing

@testable import ObjectStorage

/// The rules of the collector, on lists of objects.
@Suite("Collection rules")
struct CollectionRulesTests {
    private static let start = Date(timeIntervalSince1970: 1_772_000_000)

    private static func at(hours: Double) -> Date { start.addingTimeInterval(hours * 3600) }

    private static func object(_ name: String, hours: Double?) -> ObjectSummary {
        ObjectSummary(key: name, size: 1, etag: ETag(rawValue: "x"), lastModified: hours.map(at))
    }

    /// Manifests by version and hour, the newest first.
    private static func manifests(_ hours: [Int: Double]) -> [CollectionRules.ListedManifest] {
        hours.keys.sorted(by: >).map { version in
            CollectionRules.ListedManifest(
                version: version, object: object(ObjectNames.manifest(version), hours: hours[version]))
        }
    }

    private static func replaced(_ hours: [Int: Double], pinned: Set<Int> = [], at hour: Double) -> [Int] {
        CollectionRules.replaced(manifests(hours), pinned: pinned, at: at(hours: hour)).map(\.version)
    }

    @Test("What counts is the age of the successor, the oldest goes first, and pins and the newest stay")
    func replaced() {
        let hours: [Int: Double] = [1: 0, 2: 1, 3: 2, 4: 30]
        #expect(Self.replaced(hours, at: 24.9) == [])
        #expect(Self.replaced(hours, at: 25) == [1])
        #expect(Self.replaced(hours, at: 26) == [1, 2])
        #expect(Self.replaced(hours, at: 53.9) == [1, 2], "manifest 3 is old, and its successor is not")
        #expect(Self.replaced(hours, at: 1000) == [1, 2, 3])
        #expect(Self.replaced(hours, pinned: [2], at: 1000) == [1, 3])
        #expect(Self.replaced([7: 0], at: 1000) == [])
        #expect(Self.replaced([:], at: 1000) == [])
        #expect(Self.replaced([1: 0, 5: 40], at: 60) == [], "the next one that is there stands for the successor")
    }

    @Test("A store that does not say when it stored something keeps it")
    func undated() {
        let undated = [
            CollectionRules.ListedManifest(version: 2, object: Self.object("2", hours: nil)),
            CollectionRules.ListedManifest(version: 1, object: Self.object("1", hours: nil)),
        ]
        #expect(CollectionRules.replaced(undated, pinned: [], at: Self.at(hours: 1000)).isEmpty)
        #expect(CollectionRules.announced(undated, at: Self.at(hours: 1000)) == nil)
        let file = Self.object("x", hours: nil)
        let late = Self.at(hours: 1000)
        #expect(!CollectionRules.isUnnamed(file, named: [], oldest: late, at: late))
        #expect(!CollectionRules.isOrphan(file, oldest: .distantFuture, at: late))
    }

    @Test("The oldest that follow one another, and those before a gap, are witnesses")
    func witnesses() {
        func witnesses(_ versions: [Int]) -> [Int] {
            let hours = Dictionary(uniqueKeysWithValues: versions.map { ($0, Double($0)) })
            return CollectionRules.witnesses(Self.manifests(hours)).map(\.version)
        }
        #expect(witnesses([9]) == [9])
        #expect(witnesses([7, 8, 9]) == [7])
        #expect(witnesses([3, 7, 8, 9]) == [7, 3])
        #expect(witnesses([1, 2, 3, 7, 9]) == [9, 7, 3, 2, 1])
        #expect(witnesses([]) == [])
    }

    @Test("An index file goes when nobody names it, a day has passed, and the oldest witness is 13 hours younger")
    func indexFiles() {
        func goes(_ file: Double, oldest: Double, at hour: Double, named: Set<String> = []) -> Bool {
            CollectionRules.isUnnamed(
                Self.object("f", hours: file), named: named, oldest: Self.at(hours: oldest), at: Self.at(hours: hour))
        }
        #expect(goes(0, oldest: 13, at: 24))
        #expect(!goes(0, oldest: 13, at: 24, named: ["f"]))
        #expect(!goes(0, oldest: 12.9, at: 24), "a manifest between may have been the first to name it")
        #expect(!goes(0, oldest: 13, at: 23.9), "its manifest may be under way")
        #expect(!goes(5, oldest: 4, at: 1000))
    }

    @Test("A part goes when the oldest record is an hour younger, and a day has passed")
    func parts() {
        func goes(_ part: Double, oldest: Double?, at hour: Double) -> Bool {
            CollectionRules.isOrphan(
                Self.object("p", hours: part), oldest: oldest.map(Self.at) ?? .distantFuture, at: Self.at(hours: hour))
        }
        #expect(goes(0, oldest: 1, at: 24))
        #expect(!goes(0, oldest: 0.9, at: 1000))
        #expect(!goes(0, oldest: 1, at: 23))
        #expect(goes(0, oldest: nil, at: 24))
    }

    // MARK: The log

    /// Walks over records given by number and hour.
    private static func walk(
        _ records: [(Int, Double?)], announced: Int, collected: Int, covered: Int, at hour: Double
    ) -> (walk: LogWalk, removed: [String], seen: Int) {
        var walk = LogWalk(announced: announced, collected: collected, covered: covered, at: at(hours: hour))
        var seen = 0
        for (number, hours) in records {
            seen += 1
            if !walk.take(number, object("\(number)", hours: hours)) { break }
        }
        return (walk, walk.removable.map(\.key), seen)
    }

    private static let week = 168.0

    @Test("What was announced goes, what is old and covered is announced, and the walk ends behind that")
    func walk() {
        let records = (1...10).map { ($0, Optional(Double($0))) }
        let (walk, removed, seen) = Self.walk(records, announced: 3, collected: 5, covered: 8, at: Self.week + 9.5)
        #expect(removed == ["1", "2", "3"])
        #expect(walk.reach == 8 && seen == 9)
        #expect(walk.oldest == Self.at(hours: 4) && walk.isSomethingLeft)
    }

    @Test("Nothing younger than a week goes or is announced, whatever is said of it")
    func young() {
        let records = (1...5).map { ($0, Optional(Double($0))) }
        let (walk, removed, _) = Self.walk(records, announced: 5, collected: 5, covered: 5, at: Self.week + 2)
        #expect(removed == ["1", "2"])
        #expect(walk.reach == 5 && walk.oldest == Self.at(hours: 3))
        #expect(Self.walk(records, announced: 0, collected: 0, covered: 5, at: Self.week + 2).walk.reach == 2)
    }

    @Test("A young record below what was announced keeps nothing that is older, and nothing of that from staying")
    func late() {
        let records: [(Int, Double?)] = [(1, 2), (2, 999), (3, 3), (4, 4), (5, 5)]
        let (walk, removed, _) = Self.walk(records, announced: 3, collected: 3, covered: 5, at: 1000)
        #expect(removed == ["1", "3"])
        #expect(walk.oldest == Self.at(hours: 4) && walk.reach == 5 && walk.isSomethingLeft)
        let undated = Self.walk([(2, nil), (4, 4)], announced: 3, collected: 3, covered: 5, at: 1000).walk
        #expect(undated.oldest == nil && undated.isSomethingLeft)
    }

    @Test("What an old manifest does not cover stays, though a newer one announces it")
    func uncovered() {
        let records = (1...5).map { ($0, Optional(Double($0))) }
        let (walk, removed, _) = Self.walk(records, announced: 5, collected: 5, covered: 2, at: 1000)
        #expect(removed == ["1", "2"] && walk.oldest == Self.at(hours: 3))
    }

    @Test("Holes below what is announced are no matter; behind any other nothing is announced")
    func holes() {
        let left: [(Int, Double?)] = [(2, 2), (4, 4), (6, 6), (7, 7)]
        let walk = Self.walk(left, announced: 5, collected: 5, covered: 7, at: 1000)
        #expect(walk.removed == ["2", "4"] && walk.walk.reach == 7)
        let gap: [(Int, Double?)] = [(1, 1), (2, 2), (4, 4), (5, 5)]
        #expect(Self.walk(gap, announced: 0, collected: 0, covered: 5, at: 1000).walk.reach == 2)
        let late: [(Int, Double?)] = [(9, 9)]
        #expect(Self.walk(late, announced: 5, collected: 5, covered: 9, at: 1000).walk.reach == 5)
        #expect(Self.walk([], announced: 5, collected: 5, covered: 9, at: 1000).walk.reach == 5)
    }

    @Test("A record without a date stays, and of what is left none is known to be the oldest")
    func undatedRecord() {
        let records: [(Int, Double?)] = [(1, 1), (2, nil), (3, 3)]
        let (walk, removed, seen) = Self.walk(records, announced: 3, collected: 3, covered: 3, at: 1000)
        #expect(removed == ["1", "3"] && seen == 3 && walk.isSomethingLeft && walk.oldest == nil)
    }

    @Test("Names of parts, pins and index files are told from others")
    func names() {
        #expect(ObjectNames.isPart(ObjectNames.part(3, ofCommit: "12-ab")))
        for name in ["_parts/main/x.json", "_parts/main/a/b/1.json", "_parts/main/a/x.json", "_parts/main//1.json"] {
            #expect(!ObjectNames.isPart(name), "\(name)")
        }
        #expect(ObjectNames.id(ofIndex: ObjectNames.index("17-ab")) == "17-ab")
        #expect(
            ObjectNames.id(ofIndex: "_index/main/a/b.idx") == nil && ObjectNames.id(ofIndex: "_index/main/.idx") == nil)
        #expect(ObjectNames.name(ofPin: ObjectNames.pin("a.b")) == "a.b")
        #expect(ObjectNames.name(ofPin: "_pins/a/b.json") == nil)
        #expect(ObjectNames.folder(ObjectNames.checkpoints) == "_checkpoints/")
    }
}
