import CairnCore

/// What a run follows of the changes that the store keeps.
struct Following {
    /// A place in the changes, and how many of them, counted from the first one, lie before it.
    struct Place {
        var position: ChangePosition
        var told: Int
    }

    /// The places that were remembered; the first one is that from which changes are counted.
    var places: [Place] = []
    /// When that was.
    var start = Timestamp.epoch
}

// What is read behind a position, by `changes(since:)`, is compared with what the driver gives out from the first position on, page by page:
// a change that comes twice, or is lost, behind some position shows. What the driver gives out is compared with the model.

extension Execution {
    /// For how long every driver keeps changes, and some more. What is gone after that is for the driver to say.
    private static let lifetime = Int64(5 * 86_400) * 1_000_000

    /// How many changes are asked for at once: few, so that there are pages.
    private static let pageSize = 5

    /// How long a change may take that is there already.
    private static let patience = Duration.seconds(60)

    // MARK: Steps

    /// Begins to follow the changes.
    func follow() async throws -> Observation.Content {
        following = Following()
        following.places = [Following.Place(position: try await store.changePosition(), told: 0)]
        following.start = clock.now
        return .done("followed")
    }

    /// Remembers the position of now.
    func remember() async throws -> Observation.Content {
        let position = try await store.changePosition()
        guard !following.places.isEmpty, isFresh else { return .done("not followed") }
        following.places.append(Following.Place(position: position, told: try await kept().count))
        return .done("remembered")
    }

    /// Reads on behind a place.
    func changes(since number: Int, table: Int?, most: Int) async throws -> Observation.Content {
        guard !following.places.isEmpty else { return .done("not followed") }
        guard isFresh else {
            // They may be gone, and then that is what is said.
            do { _ = try await kept() } catch let error as StorageError where error.code == .snapshotExpired {}
            _ = try await follow()
            return .done("followed anew")
        }
        let kept = try await kept()
        let number = number % following.places.count
        var place = following.places[number]
        let told =
            if let table {
                try await changes(of: table, &place, most, kept)
            } else {
                try await commits(&place, most, kept)
            }
        // The place from which changes are counted stays where it is.
        if number > 0 { following.places[number] = place }
        return .results(told)
    }

    private var isFresh: Bool { clock.now.microseconds - following.start.microseconds < Execution.lifetime }

    // MARK: Reading

    /// A change that the driver gave out, as an observation shows it.
    private struct Kept {
        let table: Int
        let observed: [Value]
    }

    /// All changes since the first position.
    private func kept() async throws -> [Kept] {
        guard var position = following.places.first?.position else { return [] }
        var kept: [Kept] = []
        while true {
            let page = try await storage.keptChanges(since: position, .latest, limit: Execution.pageSize)
            for commit in page.commits {
                kept += commit.changes.map {
                    Kept(table: $0.table.position, observed: Execution.observed($0, at: commit.time))
                }
            }
            if page.isComplete { return kept }
            guard page.end != position else { throw Execution.standstill }
            position = page.end
        }
    }

    private static let standstill = StorageError(.damaged, "a page of changes ends where it begins")

    /// Reads whole commits, of all tables.
    private func commits(_ place: inout Following.Place, _ most: Int, _ kept: [Kept]) async throws -> [[Value]] {
        var results: [[Value]] = []
        var commits = store.changes(since: place.position).makeAsyncIterator()
        var count = 0
        while place.told < kept.count, count < most {
            guard let commit = try await withDeadline(after: Execution.patience, { try await commits.next() }) else {
                break
            }
            for change in commit.changes {
                results.append(Execution.compared(Execution.observed(change, at: commit.time), kept, place.told))
                place.told += 1
            }
            place.position = commit.position
            count += 1
        }
        return results
    }

    /// Reads changes of a table.
    private func changes(
        of table: Int, _ place: inout Following.Place, _ most: Int, _ kept: [Kept]
    ) async throws -> [[Value]] {
        let records = try records(table, store.session)
        var results: [[Value]] = []
        var changes = records.changes(since: place.position).makeAsyncIterator()
        // Of a table that keeps none the first reading says so.
        if !records.table.options.changes { _ = try await changes.next() }
        for number in kept.indices.dropFirst(place.told).filter({ kept[$0].table == table }).prefix(most) {
            guard let change = try await withDeadline(after: Execution.patience, { try await changes.next() }) else {
                break
            }
            results.append(Execution.compared(Execution.observed(change.change, at: change.time), kept, number))
            place = Following.Place(position: change.position, told: number + 1)
        }
        return results
    }

    /// What was told, with what was kept in its place where that is something else.
    private static func compared(_ told: [Value], _ kept: [Kept], _ number: Int) -> [Value] {
        guard kept.indices.contains(number) else { return told + [.string("which is not kept")] }
        let wanted = Observation(path: [], content: .results([kept[number].observed]))
        let found = Observation(path: [], content: .results([told]))
        return Observation.isSame(wanted, found) ? told : told + [.string("instead of")] + kept[number].observed
    }

    private static func observed(_ change: Change<Record>, at time: Timestamp) -> [Value] {
        let states = [("before", change.before), ("after", change.after)]
        return [.timestamp(time), .int(change.table.position)]
            + states.flatMap { name, record in record.map { [.string(name)] + $0.observed } ?? [] }
    }
}
