import Histories
import Testing

@Suite("The checker of histories")
struct HistoryCheckTests {
    /// A transaction of a client of its own, from one time to another.
    private static func transaction(
        _ began: UInt64, _ ended: UInt64, _ operations: [HistoryTransaction.Operation],
        _ outcome: HistoryTransaction.Outcome = .committed
    ) -> HistoryTransaction {
        HistoryTransaction(client: 1, began: began, ended: ended, outcome: outcome, operations)
    }

    /// A history, what the lists have in the end, and what must be said of it.
    struct Sample: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let history: [HistoryTransaction]
        var lists: [Int: [Int]] = [:]
        var accounts: [Int: (balance: Int, revision: Int)] = [:]
        let complaint: String
    }

    static let wrong: [Sample] = [
        Sample(
            testDescription: "a lost append", history: [transaction(0, 9, [.append(list: 1, 7)])], lists: [1: []],
            complaint: "has lost 7"),
        Sample(
            testDescription: "a value that nobody wrote", history: [], lists: [1: [7]],
            complaint: "which nobody appended"),
        Sample(
            testDescription: "a value of a transaction that failed",
            history: [transaction(0, 9, [.append(list: 1, 7)], .failed)], lists: [1: [7]], complaint: "that failed"),
        Sample(
            testDescription: "a value that is there twice", history: [transaction(0, 9, [.append(list: 1, 7)])],
            lists: [1: [7, 7]], complaint: "twice"),
        Sample(
            testDescription: "an aborted read",
            history: [transaction(0, 9, [.append(list: 1, 7)], .failed), transaction(0, 9, [.read(list: 1, [7])])],
            lists: [1: []], complaint: "saw [7] in list 1"),
        Sample(
            testDescription: "an intermediate read",
            history: [
                transaction(0, 9, [.append(list: 1, 7), .append(list: 1, 8)]), transaction(0, 9, [.read(list: 1, [7])]),
            ], lists: [1: [7, 8]], complaint: "in the middle of"),
        Sample(
            testDescription: "its own write not seen",
            history: [transaction(0, 9, [.append(list: 1, 7), .read(list: 1, [])])], lists: [1: [7]],
            complaint: "saw [] in list 1"),
        Sample(
            testDescription: "two that wrote in different orders",
            history: [
                transaction(0, 9, [.append(list: 1, 7), .append(list: 2, 7_000)]),
                transaction(0, 9, [.append(list: 1, 8), .append(list: 2, 8_000)]),
            ], lists: [1: [7, 8], 2: [8_000, 7_000]], complaint: "G0"),
        Sample(
            testDescription: "two that read from one another",
            history: [
                transaction(0, 9, [.append(list: 1, 7), .read(list: 2, [8])]),
                transaction(0, 9, [.append(list: 2, 8), .read(list: 1, [7])]),
            ], lists: [1: [7], 2: [8]], complaint: "G1c"),
        Sample(
            testDescription: "a lost update: two that wrote behind the same",
            history: [
                transaction(0, 9, [.read(list: 1, []), .append(list: 1, 7)]),
                transaction(0, 9, [.read(list: 1, []), .append(list: 1, 8)]),
            ], lists: [1: [7, 8]], complaint: "G-single"),
        Sample(
            testDescription: "a snapshot with half of a transaction",
            history: [
                transaction(0, 9, [.append(list: 1, 7), .append(list: 2, 8)]),
                transaction(0, 9, [.read(list: 1, [7]), .read(list: 2, [])]),
            ], lists: [1: [7], 2: [8]], complaint: "G-single"),
        Sample(
            testDescription: "write skew",
            history: [
                transaction(0, 9, [.read(list: 1, []), .append(list: 2, 8)]),
                transaction(0, 9, [.read(list: 2, []), .append(list: 1, 7)]),
            ], lists: [1: [7], 2: [8]], complaint: "G2"),
        Sample(
            testDescription: "a stale read, after the writer was told",
            history: [transaction(0, 4, [.append(list: 1, 7)]), transaction(5, 9, [.read(list: 1, [])])],
            lists: [1: [7]], complaint: "by the order of time"),
        Sample(
            testDescription: "a lost update of an account",
            history: [
                transaction(
                    0, 9, [.see(account: 1, balance: 5, revision: 1), .set(account: 1, balance: 6, revision: 2)]),
                transaction(
                    0, 9, [.see(account: 1, balance: 5, revision: 1), .set(account: 1, balance: 4, revision: 2)]),
            ], accounts: [1: (6, 2)], complaint: "revision 2 twice"),
        Sample(
            testDescription: "an acknowledged change of an account that is not there",
            history: [transaction(0, 9, [.set(account: 1, balance: 6, revision: 2)])], accounts: [1: (5, 1)],
            complaint: "has lost revision 2"),
        Sample(
            testDescription: "a stale read of an account",
            history: [
                transaction(0, 4, [.set(account: 1, balance: 6, revision: 2)]),
                transaction(5, 9, [.see(account: 1, balance: 5, revision: 1)]),
            ], accounts: [1: (6, 2)], complaint: "by the order of time"),
        Sample(
            testDescription: "an account that changed without anybody", history: [], accounts: [1: (5, 3)],
            complaint: "nobody wrote revision 2"),
        Sample(
            testDescription: "a sum that is wrong",
            history: [transaction(0, 9, [.audit(sum: 99)])], complaint: "saw the sum 99"),
    ]

    private func complaints(_ sample: Sample) -> [String] {
        HistoryCheck.anomalies(
            in: sample.history, lists: sample.lists, accounts: sample.accounts,
            sum: sample.accounts.values.reduce(0) { $0 + $1.balance })
    }

    @Test("Finds what is wrong", arguments: wrong)
    func finds(sample: Sample) {
        let complaints = complaints(sample)
        #expect(complaints.contains { $0.contains(sample.complaint) }, "\(complaints)")
    }

    static let right: [Sample] = [
        Sample(testDescription: "nothing", history: [], complaint: ""),
        Sample(
            testDescription: "two that overlap and see one another in one order",
            history: [
                transaction(0, 9, [.read(list: 1, []), .append(list: 1, 7), .read(list: 1, [7])]),
                transaction(0, 9, [.read(list: 1, [7]), .append(list: 1, 8), .append(list: 1, 9)]),
                transaction(5, 20, [.read(list: 1, [7, 8, 9])]), transaction(0, 20, [.read(list: 1, [])]),
            ], lists: [1: [7, 8, 9]], complaint: ""),
        Sample(
            testDescription: "one of whom nobody knows, whose value is there, and one whose is not",
            history: [
                transaction(0, 1, [.append(list: 1, 7)], .unknown), transaction(5, 9, [.read(list: 1, [])]),
                transaction(0, 1, [.append(list: 1, 8)], .unknown),
            ], lists: [1: [7]], complaint: ""),
        Sample(
            testDescription: "one that failed, and read what was there",
            history: [
                transaction(0, 4, [.append(list: 1, 7)]),
                transaction(5, 9, [.read(list: 1, []), .append(list: 1, 8)], .failed),
            ], lists: [1: [7]], complaint: ""),
        Sample(
            testDescription: "an account that goes from hand to hand",
            history: [
                transaction(
                    0, 4, [.see(account: 1, balance: 5, revision: 1), .set(account: 1, balance: 6, revision: 2)]),
                transaction(
                    5, 9, [.see(account: 1, balance: 6, revision: 2), .set(account: 1, balance: 9, revision: 3)]),
                transaction(0, 9, [.audit(sum: 9)]),
            ], accounts: [1: (9, 3)], complaint: ""),
        Sample(
            testDescription: "two of whom nobody knows, for the same version, of which one is seen",
            history: [
                transaction(
                    0, 4, [.see(account: 1, balance: 5, revision: 1), .set(account: 1, balance: 6, revision: 2)],
                    .unknown),
                transaction(
                    0, 4, [.see(account: 1, balance: 5, revision: 1), .set(account: 1, balance: 9, revision: 2)],
                    .unknown),
                transaction(5, 9, [.see(account: 1, balance: 6, revision: 2)]),
            ], accounts: [1: (6, 2)], complaint: ""),
    ]

    @Test("Finds nothing where nothing is wrong", arguments: right)
    func findsNothing(sample: Sample) { #expect(complaints(sample) == []) }

    @Test("A transaction goes from process to process as a line")
    func lines() throws {
        let transaction = Self.transaction(
            3, 5,
            [.read(list: 1, [2, 3]), .append(list: 1, 4), .see(account: 1, balance: -2, revision: 9), .audit(sum: 0)],
            .unknown)
        #expect(try HistoryTransaction(line: transaction.line()) == transaction)
    }
}
