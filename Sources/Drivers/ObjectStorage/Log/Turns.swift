import CairnCore

/// Whose turn it is to write the next number, when several processes write at once.
///
/// The problem: of all who try for a number one wins. The others have sent their records for nothing, and the winner, who knows the end
/// of the log first, wins again. The idea: the log tells who has written lately. Who wrote longest ago tries at once; the others give
/// him time, the more the later their turn comes, and look meanwhile. Who lets his turn go by is waited for more and more seldom, until
/// he takes one again.
///
/// Only time depends on it: a number belongs to whoever creates its record, in turn or not. So it may be wrong. It is, when several
/// begin at once or come back after a while: then they race, and those who lost try again before those who won.
struct Turns: Sendable {
    /// What is known of another writer.
    private struct Writer: Sendable {
        /// His last number.
        var number = 0
        /// This machine's uptime when that was heard of.
        var heard = Duration.zero
        /// How many turns he let go by since he last took one.
        var misses = 0
        /// How many of his numbers pass before he is waited for again.
        var passes = 0
        /// Whether he is waited for now.
        var isExpected = true
    }

    /// What the records of this process say of their author.
    private let author: String
    private var others: [String: Writer] = [:]
    /// The last number that this process wrote.
    private var own = 0
    /// This machine's uptime when it wrote that.
    private var wrote: Duration?
    /// Since when it has written one number after the other, with nobody in between; nil when it does not.
    private var streak: Duration?
    /// How long a PUT takes, roughly. Zero before the first.
    private(set) var pace = Duration.zero
    /// How long it is from one number to the next, roughly.
    private var interval = Duration.zero
    /// This machine's uptime when the newest number was written or heard of.
    private var changed: Duration?

    /// A writer not heard of for so long, and 64 PUTs, is none any more.
    private static let memory = Duration.seconds(2)
    /// Steps that the next in turn is given, and so many more for each one before, and so many at most.
    private static let patience = (first: 3, each: 2, most: 32)
    /// Misses that count.
    private static let mostMisses = 4
    /// How long one writes alone before a rest, and at least how many PUTs.
    private static let longestStreak = (time: Duration.seconds(1), puts: 50)

    init(author: String) {
        self.author = author
    }

    // MARK: Hearing

    /// A PUT took so long.
    mutating func keepPace(_ time: Duration) {
        // A machine that slept over its request says nothing about the store.
        let time = min(time, .seconds(1))
        pace = pace == .zero ? time : (pace * 7 + time) / 8
    }

    /// A record was read.
    /// - Parameter since: When the log was last known to its end: the record is younger. Nil: it may be of any age.
    mutating func heard(of record: CommitRecord, at now: Duration, since: Duration?) {
        // A reader of this process may be quicker than the writer.
        guard record.author != author else { return }
        streak = nil
        guard let since, now - since <= memory else { return }
        pass(now)
        var writer = others[record.author] ?? Writer()
        // He came when he was waited for, or comes as often as he would in turn.
        let isOften = record.number - writer.number <= 2 * (count(at: now) + 1)
        if isBefore(writer, now) || isOften { writer.misses = 0 }
        writer.isExpected = writer.misses == 0 || writer.passes == 0
        writer.passes = writer.isExpected ? 0 : writer.passes - 1
        writer.number = record.number
        writer.heard = now
        others[record.author] = writer
        if others.count > 64 { others = others.filter { now - $0.value.heard <= memory } }
    }

    /// This process wrote a number.
    mutating func wrote(_ number: Int, at now: Duration) {
        own = number
        pass(now)
        let isFollowing = wrote.map { now - $0 <= pace * 3 } ?? false
        if streak == nil || !isFollowing { streak = now }
        wrote = now
    }

    private mutating func pass(_ now: Duration) {
        if let changed, now - changed <= Turns.memory { interval = (interval * 7 + (now - changed)) / 8 }
        changed = now
    }

    private var memory: Duration { Turns.memory + pace * 64 }

    /// How long the log takes from one number to the next while several write.
    var step: Duration { max(pace, min(interval, pace * 4)) }

    // MARK: Turns

    /// How many others write.
    func count(at now: Duration) -> Int { others.values.count { now - $0.heard <= memory } }

    /// How many come before this process.
    func place(at now: Duration) -> Int { others.values.count { isBefore($0, now) } }

    private func isBefore(_ other: Writer, _ now: Duration) -> Bool {
        other.number > 0 && other.number < own && other.isExpected && now - other.heard <= memory
    }

    /// How long those before are waited for, from the last number on.
    func patience(_ place: Int) -> Duration {
        step * min(Turns.patience.first + Turns.patience.each * (place - 1), Turns.patience.most)
    }

    /// Those before this process did not come.
    mutating func miss(at now: Duration) {
        for (name, other) in others where isBefore(other, now) {
            let misses = min(other.misses + 1, Turns.mostMisses)
            others[name]?.misses = misses
            others[name]?.passes = (1 << (misses - 1)) - 1
            others[name]?.isExpected = false
        }
    }

    /// How long to rest before the next number, for those nobody knows of: who writes one number after the other, and never looks, would
    /// never hear of them, and is always quicker than who must look first. Nil when it is not time for it.
    mutating func rest(at now: Duration) -> Duration? {
        guard let begun = streak, now - begun >= max(Turns.longestStreak.time, pace * Turns.longestStreak.puts) else {
            return nil
        }
        streak = nil
        return pace * 2
    }
}
