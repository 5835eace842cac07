import CairnSchema

/// Makes whole records of the expanded schema from what a program of one of its two schemas writes.
///
/// The problem: a program that knows half of a record must not lose the other half, and what it changes must reach the other program. What
/// holds:
/// - What the program does not know, and what nothing is made from, stays as it is. In a new record it is null, or its default.
/// - What is made from values that the program did not change stays as it is, too: it may be more exact than what would be made anew.
/// - What is made from values that it changed is made anew: forwards as it is declared, and backwards by a proposal
///   (``InverseConversion``) from which the declared conversion must make exactly the values that were written.
/// - The other program must be able to read the record, by all rules of its schema.
///
/// What cannot be done so is an error before anything is written; nothing is left out in silence.
struct WindowRecords: Sendable {
    private let pair: TablePair
    /// Whether the program has the old schema.
    private let isOld: Bool
    private let presented: Table
    /// The places of the program's columns.
    private let places: [Int]
    private let width: Int
    /// The places of the columns of the old and of the new schema.
    private let old: [Int]
    private let new: [Int]
    /// What columns that only the new schema has are made from, by their positions in it.
    private let made: [Int: ColumnConversion]
    /// Columns that only the new schema has.
    private let newOnly: [Int]
    /// Columns that only the old schema has, and that nothing is made from.
    private let oldOnly: [Int]
    /// Columns that only the old schema has, with what is made from them.
    private let groups: [Group]
    private let check: RecordCheck
    /// Whether values are kept out of messages.
    private let isSecret: Bool

    /// Columns that hang together by what is made from what.
    private struct Group: Sendable {
        /// Positions in the old schema, with what could lead back to each.
        var sources: [(column: Int, inverses: [InverseConversion])]
        /// Positions in the new schema.
        var made: Set<Int>
    }

    /// - Parameters:
    ///   - schema: The old schema.
    ///   - places: For each column of the program the position in the store.
    ///   - old: The same for the columns of the old schema, in the order of the pair.
    ///   - new: The same for those of the new one.
    init(
        _ pair: TablePair, in schema: Schema, isOld: Bool, presented: Table, places: [Int], expanded: Table, old: [Int],
        new: [Int]
    ) throws {
        self.pair = pair
        self.isOld = isOld
        self.presented = presented
        self.places = places
        self.old = old
        self.new = new
        width = expanded.columns.count
        check = RecordCheck(isOld ? pair.new : pair.old)
        isSecret = expanded.columns.contains(where: \.isSensitive)
        var made = pair.conversions
        for (column, source) in zip(pair.new.columns, pair.sources) {
            guard let source, pair.old.columns[source].valueType != column.valueType else { continue }
            do {
                made[column.position] = try ColumnConversion(
                    Conversion(exactly: pair.old.columns[source].name), of: pair.old, in: schema, for: column)
            } catch {
                throw StorageError.damaged(pair.new, column: column, "it is made from \(error.message)")
            }
        }
        self.made = made
        let (olds, news) = (Set(old), Set(new))
        newOnly = new.indices.filter { !olds.contains(new[$0]) }
        let only = old.indices.filter { !news.contains(old[$0]) }
        let used = Set(made.values.flatMap { $0.sources.map(\.position) })
        oldOnly = only.filter { !used.contains($0) }
        groups = WindowRecords.groups(only.filter(used.contains), made, pair)
    }

    /// Puts together what has a column in common.
    private static func groups(_ sources: [Int], _ made: [Int: ColumnConversion], _ pair: TablePair) -> [Group] {
        var groups: [Group] = []
        for source in sources {
            let from = made.filter { $0.value.sources.contains { $0.position == source } }
            let conversions = from.keys.sorted().compactMap { column in
                from[column].map { (column: pair.new.columns[column], conversion: $0.conversion) }
            }
            let inverses = InverseConversion.all(of: pair.old.columns[source], in: pair.old, from: conversions)
            var group = Group(sources: [(source, inverses)], made: Set(from.keys))
            while let place = groups.firstIndex(where: { !$0.made.isDisjoint(with: group.made) }) {
                let other = groups.remove(at: place)
                group.sources += other.sources
                group.made.formUnion(other.made)
            }
            groups.append(group)
        }
        return groups
    }

    /// Whether a record that is there must be known to write it: it has something that the program does not give.
    var needsStored: Bool { places.count < width }

    /// The record of the store.
    /// - Parameters:
    ///   - values: What the program writes, in the order of its columns.
    ///   - stored: The record that is there, as the store has it; nil for a new one.
    /// - Throws: `storage.invalid` for what the other program could not read, naming record, column and what to do.
    func expanded(_ values: [Value], over stored: [Value]?) throws -> [Value] {
        var record = stored ?? Array(repeating: .null, count: width)
        for (place, value) in zip(places, values) { record[place] = value }
        do {
            if isOld {
                try fillNew(&record, stored)
                _ = try check.check(new.map { record[$0] })
            } else {
                try fillOld(&record, stored)
                _ = try check.check(old.map { record[$0] })
            }
        } catch let error as StorageError {
            throw refusal(error, of: presented.key(of: values))
        }
        return record
    }

    // MARK: Forwards

    private func fillNew(_ record: inout [Value], _ stored: [Value]?) throws {
        let before = stored.map { stored in old.map { stored[$0] } }
        let now = old.map { record[$0] }
        for position in newOnly {
            let column = pair.new.columns[position]
            if let conversion = made[position] {
                let isSame = before.map { before in
                    conversion.sources.allSatisfy { before[$0.position] == now[$0.position] }
                }
                if isSame == true { continue }
                record[new[position]] = try value(conversion, column, now)
            } else if stored == nil {
                record[new[position]] = try column.valueWhenMissing(in: pair.new)
            }
        }
    }

    /// What is made of a record of the old schema, as a migration makes it.
    private func value(_ conversion: ColumnConversion, _ column: Column, _ record: [Value]) throws -> Value {
        // None is looked up in another table: no window has such a one.
        switch conversion.outcome(record, lookUp: { _, _ in nil }) {
        case .value(let value): return value
        case .nothing:
            if column.isNullable { return .null }
            return try conversion.otherwise ?? column.valueWhenMissing(in: pair.new)
        case .unfit(let reason):
            if let otherwise = conversion.otherwise { return otherwise }
            throw StorageError.invalid(pair.new, column, reason)
        }
    }

    // MARK: Backwards

    private func fillOld(_ record: inout [Value], _ stored: [Value]?) throws {
        let before = stored.map { stored in new.map { stored[$0] } }
        let now = new.map { record[$0] }
        for group in groups {
            if let before, group.made.allSatisfy({ before[$0] == now[$0] }) { continue }
            try fill(group, &record, now, over: stored.map { stored in old.map { stored[$0] } })
        }
        if stored != nil { return }
        for position in oldOnly {
            record[old[position]] = try pair.old.columns[position].valueWhenMissing(in: pair.old)
        }
    }

    private func fill(_ group: Group, _ record: inout [Value], _ now: [Value], over stored: [Value]?) throws {
        if stored != nil {
            // What still stands for what is written stays: several texts may stand for one value.
            var kept = record
            do {
                try fill(group, &kept, now, over: stored, keeping: true)
                record = kept
                return
            } catch is StorageError {}
        }
        try fill(group, &record, now, over: stored, keeping: false)
    }

    /// - Parameter keeps: Whether what the record has comes before what is proposed, where something is made of it alone.
    private func fill(
        _ group: Group, _ record: inout [Value], _ now: [Value], over stored: [Value]?, keeping keeps: Bool
    ) throws {
        for (position, inverses) in group.sources {
            let place = old[position]
            let isAlone = group.made.contains { made[$0]?.sources.map(\.position) == [position] }
            let own = keeps && isAlone ? stored.map { [$0[position]] } ?? [] : []
            let proposals = own + inverses.flatMap { $0.values(now, over: stored) }
            guard let first = proposals.first else { throw noWayBack(group, position) }
            let fitting = proposals.first { proposal in
                record[place] = proposal
                return group.made.allSatisfy { column in
                    guard let conversion = made[column], conversion.sources.map(\.position) == [position] else {
                        return true
                    }
                    return isMade(column, conversion, record, now)
                }
            }
            record[place] = fitting ?? first
        }
        for column in group.made.sorted() {
            guard let conversion = made[column] else { continue }
            if !isMade(column, conversion, record, now) { throw noWayBack(group, group.sources[0].column, column) }
        }
    }

    /// Whether a column of the new schema has what is made for it.
    private func isMade(_ column: Int, _ conversion: ColumnConversion, _ record: [Value], _ now: [Value]) -> Bool {
        let values = old.map { record[$0] }
        return (try? value(conversion, pair.new.columns[column], values)) == now[column]
    }

    // MARK: Errors

    private func noWayBack(_ group: Group, _ position: Int, _ column: Int? = nil) -> StorageError {
        let names = group.made.sorted().map { "'\(pair.new.columns[$0].name)'" }.joined(separator: ", ")
        let sources = group.sources.map { "'\(pair.old.columns[$0.column].name)'" }.joined(separator: ", ")
        return StorageError.invalid(
            pair.new, pair.new.columns[column ?? group.made.min() ?? 0],
            "nothing that the old schema could have in \(sources) makes what is written to \(names)")
    }

    /// What stands in the way, as the program knows it.
    private func refusal(_ error: StorageError, of key: Key) -> StorageError {
        var details = error.details
        let columns = isOld ? pair.new.columns : pair.old.columns
        let other = details.column.flatMap { name in columns.first { $0.name == name } }
        details.id = KeyText.encode(key)
        details.table = presented.name
        if let other, !isOld || !newOnly.contains(other.position) {
            let place = isOld ? new[other.position] : old[other.position]
            if let own = places.firstIndex(of: place) { details.column = presented.columns[own].name }
        }
        let reason = isSecret ? "a value does not fit column '\(details.column ?? "")' there" : error.message
        return StorageError(
            error.code,
            "record \(KeyText.encode(key)) of table '\(presented.name)' could not be read by programs of the \(isOld ? "new" : "old") schema, which use the store at once: \(reason)",
            remedy:
                "write a value that both schemas have; or wait until the window is closed ('cairn migrate complete', 'cairn migrate abort')",
            details: details)
    }
}
