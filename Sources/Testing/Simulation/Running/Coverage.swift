import CairnCore

/// What programs have come to that is easily missed: a generator that no longer makes it finds no fault in it either.
public struct Coverage: Sendable, Hashable {
    /// Reads whose records had others that are related to them.
    public private(set) var inclusions = 0
    /// Those of them with records that others refer to.
    public private(set) var toOne = 0
    /// Those of them with records that refer to others.
    public private(set) var toMany = 0
    /// Those of them with related records of related records.
    public private(set) var twoDeep = 0
    /// Those of them that were read in pages.
    public private(set) var includingPages = 0
    /// Changes that were told behind a position.
    public private(set) var changes = 0
    /// Readings that went on behind a position between two changes of a commit.
    public private(set) var insideCommits = 0
    /// Changes that were told after the store was opened anew.
    public private(set) var changesAfterReopening = 0

    /// Nothing.
    public init() {}

    /// The numbers by their names.
    public var counts: [(name: String, count: Int)] {
        [
            ("inclusions", inclusions), ("to_one", toOne), ("to_many", toMany), ("two_deep", twoDeep),
            ("including_pages", includingPages), ("changes", changes), ("inside_commits", insideCommits),
            ("changes_after_reopening", changesAfterReopening),
        ]
    }

    /// Adds what the model saw of a program.
    mutating func add(_ program: Program, _ seen: [Observation]) {
        var isReopened = false
        for observation in seen {
            let step = program.step(at: observation.path)
            if step == .reopen, observation.path.count == 1 { isReopened = true }
            guard case .results(let rows) = observation.content, !rows.isEmpty else { continue }
            switch step {
            case .read(.including(_, let inclusions, let size), _): add(inclusions, isInPages: size != nil, rows)
            case .changes(_, let table, _):
                add(changes: rows.count, isReopened)
                if table != nil, Coverage.endsInsideCommit(rows) { insideCommits += 1 }
            case nil where observation.path.first == -2: add(changes: rows.count, isReopened)
            default: break
            }
        }
    }

    private mutating func add(changes count: Int, _ isReopened: Bool) {
        changes += count
        if isReopened { changesAfterReopening += count }
    }

    /// Changes of a table leave those of other tables behind, and often some of their own commit: two that share their time are of one.
    private static func endsInsideCommit(_ rows: [[Value]]) -> Bool {
        rows.count > 1 && rows[rows.count - 1].first == rows[rows.count - 2].first
    }

    private mutating func add(_ specs: [InclusionSpec], isInPages: Bool, _ rows: [[Value]]) {
        // The depth and the relation of each record come first.
        let related = rows.filter { $0[0] != .int(0) }
        guard !related.isEmpty else { return }
        inclusions += 1
        if isInPages { includingPages += 1 }
        if related.contains(where: { $0[0] == .int(2) }) { twoDeep += 1 }
        for (place, spec) in specs.enumerated()
        where related.contains(where: { $0[0] == .int(1) && $0[1] == .int(place) }) {
            if case .one = spec.kind { toOne += 1 } else { toMany += 1 }
        }
    }
}
