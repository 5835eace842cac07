/// Whether a history is one of transactions that ran one after the other, each at a moment between its beginning and its end.
///
/// The problem: clients see only what they read. The idea, Elle's (Kingsbury and Alvaro, 2020): a list that values are only appended to
/// tells the order in which its transactions wrote it, and a revision does the same for an account. So of any two transactions that touch
/// the same thing it is known which came first: by writing after (ww), by reading what the other wrote (wr), by reading what the
/// other replaced (rw); and time orders those that did not overlap. A history is right if these orders have no cycle.
package struct HistoryCheck {
    private let history: [HistoryTransaction]
    private let lists: [Int: [Int]]
    private let accounts: [Int: (balance: Int, revision: Int)]
    private let sum: Int
    /// What is wrong, one text for each.
    private var anomalies: [String] = []
    private var graph: PrecedenceGraph

    /// Looks at a history.
    /// - Parameters:
    ///   - lists: What the lists have at the end.
    ///   - accounts: What the accounts have at the end.
    ///   - sum: What all balances must have together, at any moment.
    /// - Returns: What is wrong; empty when nothing is.
    package static func anomalies(
        in history: [HistoryTransaction], lists: [Int: [Int]], accounts: [Int: (balance: Int, revision: Int)], sum: Int
    ) -> [String] {
        var check = HistoryCheck(settled(history, lists, accounts), lists, accounts, sum)
        check.checkAppends()
        check.checkReads()
        check.checkAccounts()
        check.checkSums()
        check.graph.addTimes(of: check.history.map { ($0.began, $0.outcome == .unknown ? .max : $0.ended) })
        if let cycle = check.graph.cycle() { check.anomalies.append(check.text(cycle)) }
        return check.anomalies
    }

    private init(
        _ history: [HistoryTransaction], _ lists: [Int: [Int]], _ accounts: [Int: (balance: Int, revision: Int)],
        _ sum: Int
    ) {
        self.history = history
        self.lists = lists
        self.accounts = accounts
        self.sum = sum
        graph = PrecedenceGraph(count: history.count)
    }

    /// A history in which of those that nobody knew, as many as possible are known not to have taken effect: what they wrote is not
    /// there, or somebody else wrote it.
    private static func settled(
        _ history: [HistoryTransaction], _ lists: [Int: [Int]], _ accounts: [Int: (balance: Int, revision: Int)]
    ) -> [HistoryTransaction] {
        var known: Set<Version> = []
        for transaction in history where transaction.outcome == .committed {
            for case .set(let account, _, let revision) in transaction.operations {
                known.insert(Version(account: account, revision: revision))
            }
        }
        let values = lists.mapValues(Set.init)
        return history.map { transaction in
            let isMissing = transaction.operations.contains { operation in
                switch operation {
                case .append(let list, let value): values[list]?.contains(value) != true
                case .set(let account, _, let revision):
                    known.contains(Version(account: account, revision: revision))
                        || revision > accounts[account]?.revision ?? 0
                case .read, .see, .audit: false
                }
            }
            var transaction = transaction
            if transaction.outcome == .unknown, isMissing { transaction.outcome = .failed }
            return transaction
        }
    }

    /// The transactions that may have had an effect, with their places.
    private var effective: [(place: Int, transaction: HistoryTransaction)] {
        history.enumerated().filter { $0.element.outcome != .failed }.map { ($0.offset, $0.element) }
    }

    // MARK: Lists

    /// Each value is there once, by a transaction that may have written it, and what was acknowledged is there.
    private mutating func checkAppends() {
        var writers: [Int: Int] = [:]
        for (place, transaction) in history.enumerated() {
            for case .append(_, let value) in transaction.operations { writers[value] = place }
        }
        for (list, items) in lists.sorted(by: { $0.key < $1.key }) {
            if Set(items).count != items.count { anomalies.append("list \(list) has a value twice: \(items)") }
            for item in items {
                guard let writer = writers[item] else {
                    anomalies.append("list \(list) has \(item), which nobody appended")
                    continue
                }
                if history[writer].outcome == .failed {
                    anomalies.append("list \(list) has \(item) of a transaction that failed: \(name(writer))")
                }
            }
            addOrder(of: items.compactMap { writers[$0] }, "list \(list)")
        }
        for (place, transaction) in history.enumerated() where transaction.outcome == .committed {
            for case .append(let list, let value) in transaction.operations
            where lists[list]?.contains(value) != true {
                anomalies.append("list \(list) has lost \(value) of \(name(place)), which was acknowledged")
            }
        }
    }

    /// Those who wrote a thing, in the order of their writes.
    private mutating func addOrder(of writers: [Int], _ what: String) {
        for (first, second) in zip(writers, writers.dropFirst()) where first != second {
            graph.add(first, .writeWrite, second, what)
        }
    }

    /// What each transaction saw of a list is what it has in the end, up to some value, and behind it what the transaction appended.
    private mutating func checkReads() {
        var writers: [Int: Int] = [:]
        for (place, transaction) in effective {
            for case .append(_, let value) in transaction.operations { writers[value] = place }
        }
        for (place, transaction) in history.enumerated() {
            var own: [Int: [Int]] = [:]
            for operation in transaction.operations {
                switch operation {
                case .append(let list, let value): own[list, default: []].append(value)
                case .read(let list, let items):
                    let mine = own[list, default: []]
                    let base = items.dropLast(mine.count)
                    guard items.suffix(mine.count).elementsEqual(mine), lists[list, default: []].starts(with: base)
                    else {
                        anomalies.append(
                            "\(name(place)) saw \(items) in list \(list), which has \(lists[list, default: []]) in the end"
                        )
                        continue
                    }
                    addRead(place, list, count: base.count, writers)
                default: continue
                }
            }
        }
    }

    private mutating func addRead(_ place: Int, _ list: Int, count: Int, _ writers: [Int: Int]) {
        let items = lists[list, default: []]
        if count > 0, let writer = writers[items[count - 1]] {
            // Of several values of one transaction the last is what others see.
            if count < items.count, writer != place, writers[items[count]] == writer {
                anomalies.append("\(name(place)) saw list \(list) in the middle of \(name(writer))")
            }
            addEdge(writer, .writeRead, place, "list \(list)")
        }
        if count < items.count, let writer = writers[items[count]] {
            addEdge(place, .readWrite, writer, "list \(list)")
        }
    }

    /// An order between two transactions. One that failed orders nothing.
    private mutating func addEdge(_ first: Int, _ kind: PrecedenceGraph.Kind, _ second: Int, _ what: String) {
        guard first != second, history[first].outcome != .failed, history[second].outcome != .failed else { return }
        graph.add(first, kind, second, what)
    }

    // MARK: Accounts

    private struct Version: Hashable {
        let account: Int
        let revision: Int
    }

    private mutating func checkAccounts() {
        var writers: [Version: Int] = [:]
        var balances: [Version: Int] = [:]
        let seen = seenBalances()
        // Of those that nobody knows, none counts where one is known; and of several that may have made one version, as clients do that
        // are killed while they race, the one whose balance was seen.
        for outcome in [HistoryTransaction.Outcome.unknown, .committed] {
            for (place, transaction) in history.enumerated() where transaction.outcome == outcome {
                for case .set(let account, let balance, let revision) in transaction.operations {
                    let version = Version(account: account, revision: revision)
                    if outcome == .unknown, let found = seen[version], found != balance { continue }
                    if let other = writers[version], outcome == .committed, history[other].outcome == .committed {
                        anomalies.append(
                            "account \(account) got revision \(revision) twice: \(name(other)), \(name(place))")
                    }
                    writers[version] = place
                    balances[version] = balance
                }
            }
        }
        for (version, place) in writers where history[place].outcome == .committed {
            if version.revision > accounts[version.account]?.revision ?? 0 {
                anomalies.append(
                    "account \(version.account) has lost revision \(version.revision) of \(name(place)), which was acknowledged"
                )
            }
        }
        for (account, final) in accounts.sorted(by: { $0.key < $1.key }) where final.revision > 1 {
            let order = (2...final.revision).map { writers[Version(account: account, revision: $0)] }
            if let gap = order.firstIndex(of: nil) {
                anomalies.append("nobody wrote revision \(gap + 2) of account \(account), which has \(final.revision)")
            }
            addOrder(of: order.compactMap { $0 }, "account \(account)")
            let last = balances[Version(account: account, revision: final.revision)]
            if let last, last != final.balance {
                anomalies.append(
                    "account \(account) has \(final.balance) in the end, and revision \(final.revision) had \(last)")
            }
        }
        checkSights(writers, balances)
    }

    /// What each version of an account was seen with, also in the end.
    private func seenBalances() -> [Version: Int] {
        var seen: [Version: Int] = [:]
        for transaction in history {
            for case .see(let account, let balance, let revision) in transaction.operations {
                seen[Version(account: account, revision: revision)] = balance
            }
        }
        for (account, final) in accounts { seen[Version(account: account, revision: final.revision)] = final.balance }
        return seen
    }

    private mutating func checkSights(_ writers: [Version: Int], _ balances: [Version: Int]) {
        for (place, transaction) in history.enumerated() {
            for case .see(let account, let balance, let revision) in transaction.operations {
                let version = Version(account: account, revision: revision)
                if let written = balances[version], written != balance {
                    anomalies.append(
                        "\(name(place)) saw \(balance) in account \(account) at revision \(revision), which had \(written)"
                    )
                }
                if revision > 1, writers[version] == nil {
                    anomalies.append(
                        "\(name(place)) saw revision \(revision) of account \(account), which nobody wrote")
                }
                if let writer = writers[version] { addEdge(writer, .writeRead, place, "account \(account)") }
                if let writer = writers[Version(account: account, revision: revision + 1)] {
                    addEdge(place, .readWrite, writer, "account \(account)")
                }
            }
        }
    }

    private mutating func checkSums() {
        for (place, transaction) in history.enumerated() {
            for case .audit(let found) in transaction.operations where found != sum {
                anomalies.append("\(name(place)) saw the sum \(found) and not \(sum)")
            }
        }
        let found = accounts.values.reduce(0) { $0 + $1.balance }
        if found != sum { anomalies.append("the sum is \(found) in the end, and not \(sum)") }
    }

    // MARK: Words

    private func name(_ place: Int) -> String {
        "transaction \(place) of client \(history[place].client) (\(history[place].outcome.rawValue))"
    }

    /// A cycle, by what its like is called (Adya 1999), with each transaction on a line of its own.
    private func text(_ cycle: [PrecedenceGraph.Edge]) -> String {
        let count = cycle.count { $0.kind == .readWrite }
        let isTimely = cycle.contains { $0.kind == .time }
        var kind = count > 1 ? "G2" : count == 1 ? "G-single" : cycle.contains { $0.kind == .writeRead } ? "G1c" : "G0"
        if isTimely { kind += ", by the order of time" }
        let lines = cycle.map { edge in
            "  \(name(edge.from)) before \(name(edge.to)): \(edge.kind.rawValue) \(edge.what)\n    \(history[edge.from].operations)"
        }
        return "a cycle (\(kind)):\n" + lines.joined(separator: "\n")
    }
}
