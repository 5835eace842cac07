import CairnCore

extension Judge {
    /// What was read is what was true at one moment, and that moment was not too early.
    mutating func checkReads() {
        let acknowledged = acknowledgements()
        for deed in deeds where !deed.reads.isEmpty {
            if deed.isWriting, case .done = deed.outcome, let place = place(of: deed) {
                check(deed, at: place)
                continue
            }
            checkMoment(of: deed, acknowledged)
        }
    }

    /// A transaction that happened read what was true just before it.
    private mutating func check(_ deed: Deed, at place: Replay.Place) {
        guard let happened = replay.happened.first(where: { $0.place == place }) else { return }
        for note in deed.reads {
            if let difference = difference(note, happened.before) {
                found(
                    "serializable",
                    "\(deed.text) is transaction \(place.index) of record \(place.number), but before it \(difference)")
            }
        }
    }

    /// There is a moment at which everything was true that was read.
    private mutating func checkMoment(of deed: Deed, _ acknowledged: Acknowledgements) {
        let end = deed.end ?? .max
        let newest = replay.newest(at: end)
        let oldest: Int
        if let staleness = deed.staleness {
            oldest = acknowledged.number(before: deed.begin - staleness * 1_000_000, by: nil)
        } else {
            oldest = 0
        }
        // A process sees its own commits, however old what it reads may be.
        let own = acknowledged.number(before: deed.begin, by: deed.process)
        let first = min(max(oldest, own), newest)
        var nearest: String?
        for number in (first...newest).reversed() {
            let state = replay.states[number]
            guard let difference = firstDifference(deed.reads, state) else { return }
            if nearest == nil { nearest = "at \(number) \(difference)" }
        }
        found(
            "I6",
            "what \(deed.text) read was not true at any commit from \(first) to \(newest): \(nearest ?? "")")
    }

    private func firstDifference(_ notes: [ReadNote], _ state: ModelState) -> String? {
        for note in notes {
            if let difference = difference(note, state) { return difference }
        }
        return nil
    }

    /// What is not as it was read; nil when all is.
    private func difference(_ note: ReadNote, _ state: ModelState) -> String? {
        switch (note.what, note.result) {
        case (.key(let table, let key), .rows(let rows)):
            let wanted = state.tables[table.position][key].map { [$0] } ?? []
            return Judge.difference("\(table.name)/\(KeyText.encode(key))", rows, wanted)
        case (.query(let query), .rows(let rows)):
            return Judge.difference("\(query)", rows, state.rows(query))
        case (.count(let query), .count(let count)):
            let wanted = state.count(query)
            return count == wanted ? nil : "the count of \(query.table.name) was \(wanted), read \(count)"
        default: return "a note makes no sense"
        }
    }

    private static func difference(_ what: String, _ rows: [ModelState.Row], _ wanted: [ModelState.Row]) -> String? {
        if rows.count == wanted.count, zip(rows, wanted).allSatisfy({ $0.isSame(as: $1) }) { return nil }
        return "\(what) was \(wanted.map(\.text)), read \(rows.map(\.text))"
    }

    // MARK: Errors

    /// What failed because of what the store holds, failed rightly.
    mutating func checkFailures() {
        let acknowledged = acknowledgements()
        for deed in deeds {
            guard case .failed(let error) = deed.outcome else { continue }
            switch error.code {
            case .duplicate, .notFound, .reference: break
            case .conflict where !error.isRetryable: break
            case .damaged where mayBeDamaged || (!edited.isEmpty && error.message.contains("notes")): continue
            case .damaged, .invalid, .schemaMismatch, .upgradeRequired, .cursor, .query:
                found("error", "\(deed.text) failed: \(error)")
                continue
            default: continue
            }
            guard !deed.operations.isEmpty, deed.reads.isEmpty else { continue }
            let newest = replay.newest(at: deed.end ?? .max)
            let oldest = min(acknowledged.number(before: deed.begin, by: nil), newest)
            let isRight = (oldest...newest).contains { number in
                var state = replay.states[number]
                do {
                    _ = try state.apply(deed.operations, at: .epoch)
                    try state.checkReferences(deed.operations)
                    return false
                } catch {
                    return (error as? StorageError)?.code == deed.failure?.code
                }
            }
            if !isRight {
                found("error", "\(deed.text) failed, and need not at any commit from \(oldest) to \(newest): \(error)")
            }
        }
    }

    // MARK: Acknowledgements

    /// Which commits were acknowledged when.
    struct Acknowledgements {
        /// By time; the numbers only grow.
        fileprivate var all: [(time: World.Moment, number: Int)] = []
        fileprivate var byProcess: [String: [(time: World.Moment, number: Int)]] = [:]

        /// The largest number that was acknowledged before a moment, by one process or by any.
        func number(before time: World.Moment, by process: String?) -> Int {
            let list = process.map { byProcess[$0] ?? [] } ?? all
            return list.last { $0.time < time }?.number ?? 0
        }
    }

    private func acknowledgements() -> Acknowledgements {
        var result = Acknowledgements()
        let ended = deeds.compactMap { deed -> (World.Moment, Int, String)? in
            guard case .done = deed.outcome, let end = deed.end, let place = place(of: deed)
            else {
                return nil
            }
            return (end, place.number, deed.process)
        }
        for (time, number, process) in ended.sorted(by: { $0.0 < $1.0 }) {
            result.all.append((time, max(number, result.all.last?.number ?? 0)))
            let own = result.byProcess[process]?.last?.number ?? 0
            result.byProcess[process, default: []].append((time, max(number, own)))
        }
        return result
    }
}

extension Deed {
    var failure: StorageError? {
        if case .failed(let error) = outcome { error } else { nil }
    }
}

extension ModelState.Row {
    func isSame(as other: ModelState.Row) -> Bool { values == other.values && metadata == other.metadata }

    /// For messages.
    var text: String {
        "\(values.map { ValueJSON.value($0).description }.joined(separator: " ")) r\(metadata.revision)"
    }
}
