import CairnCore
import CairnSchema

/// A transaction that is ready to be committed: what it wrote, and what must not have changed for that to be right.
struct Proposal: Sendable {
    /// What its outcome token names it by.
    let transaction: String
    /// The number of the view it read.
    let base: Int
    /// What it read of that view.
    let reads: ReadSet
    /// What it writes, one operation for each record. The commit of the images is filled in when the number is known.
    let operations: [LoggedOperation]
    let idempotency: LoggedTransaction.Idempotency?
    /// The time its records carry.
    let time: Timestamp
    /// About how many bytes it has in the log.
    let size: Int

    init(
        transaction: String, base: Int, reads: ReadSet, operations: [LoggedOperation],
        idempotency: LoggedTransaction.Idempotency?, time: Timestamp
    ) {
        self.transaction = transaction
        self.base = base
        self.reads = reads
        self.operations = operations
        self.idempotency = idempotency
        self.time = time
        size = operations.reduce(200) { sum, operation in
            sum + 200 + (operation.after.values.map(ValueSize.bytes) ?? 0)
                + (operation.before?.values.map(ValueSize.bytes) ?? 0)
        }
    }

    /// What it is in a record of a number.
    func logged(_ number: Int) -> LoggedTransaction {
        LoggedTransaction(
            id: transaction, idempotency: idempotency,
            operations: operations.map { operation in
                var numbered = operation
                numbered.after.commit = number
                return numbered
            })
    }

    /// How a proposal ended.
    enum Outcome: Sendable {
        /// It is in the log.
        case committed(number: Int, time: Timestamp)
        /// It is in the log already: a batch of the same idempotency key was first.
        case repeated(Manifest.KeptReceipt)
        /// Something it read has changed since; of this table, if it is known.
        case conflict(Table?)
    }
}

extension OutcomeToken {
    /// The token of a transaction of a commit record.
    init(store: String, number: Int, transaction: String, time: Timestamp) {
        self.init(rawValue: "object:\(store):\(number):\(transaction):\(time.microseconds)")
    }

    /// The parts of a token; nil when it is none of an object store's.
    var parts: (store: String, number: Int, transaction: String, time: Timestamp)? {
        let parts = rawValue.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0] == "object", let number = Int(parts[2]), number > 0,
            let time = Int64(parts[4]).flatMap({ Timestamp(microseconds: $0) }), !parts[3].isEmpty
        else { return nil }
        return (String(parts[1]), number, String(parts[3]), time)
    }
}
