import CairnCore
import CairnSchema

/// Conditional writes of many at the same moment. What holds for one after the other need not hold for them.
extension Probe {
    private static let writers = 16
    private static let rounds = 5

    /// Some writers create the same key at once; again with other keys.
    mutating func checkCreateRace() async throws {
        guard dialect.canCreate else { return note(.createRace, false, "not tried: one after the other fails already") }
        for round in 1...Probe.rounds {
            if let problem = try await createRace("race-\(round)") {
                dialect.canCreate = false
                return note(.createRace, false, "round \(round): \(problem)")
            }
        }
        note(.createRace, true, "one of \(Probe.writers) writers won, in each of \(Probe.rounds) rounds")
    }

    /// - Returns: What went wrong.
    private func createRace(_ name: String) async throws -> String? {
        enum Ending { case won, lost, unknown }
        let wire = wire
        let endings = try await withThrowingTaskGroup(of: (String, Ending).self) { group in
            for writer in 0..<Probe.writers {
                group.addTask {
                    do {
                        let answer = try await wire.put(name, "\(writer)", Probe.ifAbsent)
                        return ("\(writer)", answer.isDone ? .won : .lost)
                    } catch let error as S3Error where error.code == .outcomeUnknown {
                        return ("\(writer)", .unknown)
                    }
                }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        let winners = endings.filter { $0.value == .won }.count
        guard let text = try await wire.get(name) else { return "nobody won" }
        if winners > 1 { return "\(winners) writers won" }
        // The answer to the winner may be lost; then it is one of those who do not know.
        if endings[text] == .won || (winners == 0 && endings[text] == .unknown) { return nil }
        return "what is stored is not what the winner wrote"
    }

    // MARK: Swaps

    private static let swappers = 8
    private static let swaps = 4

    /// Some writers add lines to the same text, each time to the version they read. In the end every line is there once.
    mutating func checkSwapRace() async throws {
        guard dialect.canCompareAndSwap else {
            return note(.swapRace, false, "not tried: one after the other fails already")
        }
        let name = "swaps"
        _ = try await wire.put(name, "start").get()
        let probe = self
        let gaveUp = try await withThrowingTaskGroup(of: Int.self) { group in
            for writer in 0..<Probe.swappers {
                group.addTask { try await probe.addLines(to: name, writer: writer) }
            }
            return try await group.reduce(0, +)
        }
        let wanted = Probe.swappers * Probe.swaps
        let lines = try await wire.get(name)?.split(separator: "\n").dropFirst() ?? []
        let added = wanted - gaveUp
        guard lines.count == Set(lines).count, lines.count == added else {
            dialect.canCompareAndSwap = false
            return note(
                .swapRace, false, "\(added) changes of \(Probe.swappers) writers, \(Set(lines).count) of them there")
        }
        note(
            .swapRace, gaveUp == 0 ? .yes : .unknown,
            gaveUp == 0
                ? "\(wanted) changes of \(Probe.swappers) writers, none lost"
                : "\(gaveUp) of \(wanted) changes found no turn, none of the others was lost")
    }

    /// - Returns: How many lines found no turn.
    private func addLines(to name: String, writer: Int) async throws -> Int {
        for number in 0..<Probe.swaps {
            if try await !add("\(writer).\(number)", to: name) { return Probe.swaps - number }
        }
        return 0
    }

    private func add(_ line: String, to name: String) async throws -> Bool {
        for attempt in 0..<60 {
            guard let (text, etag) = try await wire.read(name) else { return false }
            // An answer that was lost may have been a yes.
            if text.split(separator: "\n").contains(where: { Utf8.equal(String($0), line) }) { return true }
            do {
                if try await wire.put(name, "\(text)\n\(line)", ifMatch(etag)).isDone { return true }
            } catch let error as S3Error where error.code == .outcomeUnknown {
                // It is found out by reading.
            }
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...min(10 << min(attempt, 5), 200))))
        }
        return false
    }
}
