/// The errors drivers and the core raise, each made in one place so that every driver says the same.
extension StorageError {
    private static func details(_ table: Table, _ key: Key? = nil) -> Details {
        var details = Details()
        details.table = table.name
        details.id = key.map(KeyText.encode)
        return details
    }

    /// No record has the key.
    package static func notFound(_ table: Table, _ key: Key) -> StorageError {
        StorageError(
            .notFound, "table '\(table.name)' has no record \(KeyText.encode(key))", details: details(table, key))
    }

    /// A record with the key, or the values of a unique index, exists. `index` is nil for the key itself.
    package static func duplicate(_ table: Table, _ key: Key, index: Index?, other: Key) -> StorageError {
        var details = details(table, key)
        details.index = index?.name ?? "primary"
        details.otherID = KeyText.encode(other)
        guard let index else {
            return StorageError(
                .duplicate, "table '\(table.name)' has a record \(KeyText.encode(key)) already",
                remedy: "use update or upsert to change it", details: details)
        }
        let columns = index.parts.map { table.columns[$0.column].name }.joined(separator: ", ")
        return StorageError(
            .duplicate,
            "record \(KeyText.encode(key)) of table '\(table.name)' has the same \(columns) as record \(KeyText.encode(other)), and index '\(index.name)' is unique",
            remedy: "change the value, or update the other record", details: details)
    }

    /// The record has another revision than the one the caller read.
    package static func conflict(_ table: Table, _ key: Key, expected: Int, actual: Int) -> StorageError {
        var details = details(table, key)
        details.expectedRevision = expected
        details.actualRevision = actual
        return StorageError(
            .conflict,
            "record \(KeyText.encode(key)) of table '\(table.name)' has revision \(actual), not \(expected)",
            remedy: "read it again and repeat the change", details: details)
    }

    /// A transaction read or wrote what another one changed meanwhile.
    package static func lostRace(_ table: Table?) -> StorageError {
        var details = Details()
        details.table = table?.name
        let place = table.map { " in table '\($0.name)'" } ?? ""
        return StorageError(
            .conflict, "another transaction changed what this one read\(place)", remedy: "run it again",
            isRetryable: true, details: details)
    }

    /// A transaction lost every race it ran.
    package static func contention(attempts: Int, last: StorageError) -> StorageError {
        StorageError(
            .contention, "gave up after \(attempts) attempts: \(last.message)",
            remedy: "make the transaction shorter, or let fewer tasks change the same records", isRetryable: true,
            details: last.details)
    }

    /// A record refers to one that does not exist.
    /// - Parameter isSecret: Whether the key it refers to is kept out of the error, though the column does not say so itself.
    package static func danglingReference(
        _ table: Table, _ key: Key, column: Column, target: Key, isSecret: Bool = false
    ) -> StorageError {
        let isHidden = isSecret || column.isSensitive
        var details = details(table, key)
        details.column = column.name
        details.otherID = isHidden ? nil : KeyText.encode(target)
        return StorageError(
            .reference,
            "column '\(column.name)' of record \(KeyText.encode(key)) of table '\(table.name)' refers to \(isHidden ? "a record" : KeyText.encode(target)), which table '\(column.referencedTable ?? "")' does not have",
            remedy: "insert the record it refers to in the same transaction or before", details: details)
    }

    /// A record that others refer to would be deleted.
    package static func stillReferenced(_ table: Table, _ key: Key, by other: Table, _ otherKey: Key, column: Column)
        -> StorageError
    {
        var details = details(table, key)
        details.column = column.name
        details.otherID = KeyText.encode(otherKey)
        return StorageError(
            .reference,
            "record \(KeyText.encode(key)) of table '\(table.name)' cannot be deleted: record \(KeyText.encode(otherKey)) of table '\(other.name)' refers to it by '\(column.name)'",
            remedy: "delete or change that record first, or in the same transaction", details: details)
    }

    /// A value breaks a rule of its column.
    package static func invalid(_ table: Table, _ column: Column, _ message: String, remedy: String? = nil)
        -> StorageError
    {
        var details = Details()
        details.table = table.name
        details.column = column.name
        return StorageError(
            .invalid, "column '\(column.name)' of table '\(table.name)': \(message)", remedy: remedy, details: details)
    }

    /// Something is larger than allowed.
    package static func limit(_ message: String, table: Table? = nil, column: Column? = nil, remedy: String? = nil)
        -> StorageError
    {
        var details = Details()
        details.table = table?.name
        details.column = column?.name
        return StorageError(.limit, message, remedy: remedy, details: details)
    }

    /// What is stored is not what the schema says.
    package static func damaged(_ table: Table, column: Column? = nil, key: Key? = nil, _ message: String)
        -> StorageError
    {
        var details = details(table, key)
        details.column = column?.name
        let place = column.map { "column '\($0.name)' of table '\(table.name)'" } ?? "table '\(table.name)'"
        return StorageError(
            .damaged, "\(place): \(message)",
            remedy: "restore the record from a backup; another program may have written it",
            details: details)
    }

    /// The deadline of the task passed.
    package static func timeout() -> StorageError {
        StorageError(
            .timeout, "the deadline passed before the work was done", remedy: "allow more time, or ask for less")
    }

    /// A queue was too slow.
    package static func waitedTooLong(_ duration: Duration) -> StorageError {
        StorageError(
            .busy, "waited \(duration) for another writer of this process to finish",
            remedy: "make transactions shorter, or raise the timeout of the store", isRetryable: true)
    }

    /// Something was used after its end.
    package static func closed(_ what: String) -> StorageError {
        StorageError(
            .closed, "the \(what) is closed",
            remedy: what == "store" ? "open it again" : "use it only inside the closure that got it")
    }

    /// A call that makes no sense.
    package static func misuse(_ message: String, remedy: String? = nil) -> StorageError {
        StorageError(.invalid, message, remedy: remedy)
    }

    /// An idempotency key was used for another batch.
    package static func otherBatch(underKey key: String) -> StorageError {
        StorageError(
            .invalid, "the idempotency key '\(key)' was used for another batch within the last 24 hours",
            remedy: "use a new key for new writes, and fixed ids and values when you send a batch again")
    }

    /// A token is of another store, or no token.
    package static func unknownToken(_ token: OutcomeToken) -> StorageError {
        StorageError(.invalid, "'\(token)' is not a token of this store", remedy: "ask the store that gave it")
    }

    /// Savepoints were ended out of order.
    package static func savepointOrder() -> StorageError {
        StorageError.misuse(
            "a savepoint ended that is not the innermost one",
            remedy: "do not run savepoints of one transaction at once")
    }

    /// Nobody knows whether a commit happened.
    package static func outcomeUnknown(_ token: OutcomeToken, _ reason: String) -> StorageError {
        var details = Details()
        details.token = token
        return StorageError(
            .outcomeUnknown, "the commit may or may not have happened: \(reason)",
            remedy: "ask outcome(of:) with the token of this error before you write again", details: details)
    }

    /// A text that is none of the values of an enum.
    package static func unknownCase(_ text: String, _ table: Table, _ column: Column) -> StorageError {
        guard case .enumeration(let values) = column.type else { return .invalid(table, column, "unknown value") }
        let known = "the values are \(values.prefix(20).joined(separator: ", "))"
        // The nearest name would tell what a sensitive value looks like.
        if column.isSensitive {
            return .invalid(table, column, "the value is not one of the enum", remedy: known)
        }
        let hint = NearestName.hint(text, among: values)
        return .invalid(table, column, "'\(text)' is not one of its values", remedy: hint ?? known)
    }
}
