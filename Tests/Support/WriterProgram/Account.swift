package import CairnCore

/// A row of the accounts.
struct Account: CustomStringConvertible {
    let id: Int
    let owner: Int
    var balance = 0
    var label: String?
    /// One letter, many times.
    var note = ""
    /// 0 when it was never stored.
    var revision = 0

    static func new(_ id: Int, owner: Int) -> Account { Account(id: id, owner: owner) }

    var values: [Value] {
        [.int(id), .int(owner), .int(balance), label.map(Value.string) ?? .null, .string(note)]
    }

    /// The accounts of the writer whose keys begin at `base`.
    static func query(_ table: Table, from base: Int) -> Query {
        Query(
            table,
            where: .compare(column: 0, .greaterOrEqual, .int(base)) && .compare(column: 0, .less, .int(base + 1000)))
    }

    var description: String {
        let isWhole = note.allSatisfy { $0 == note.first }
        let text = isWhole ? "\(note.utf8.count) of '\(note.prefix(1))'" : "torn '\(note)'"
        return "account \(id) of \(owner) has \(balance), label \(label ?? "none"), note \(text)"
    }
}

extension Account {
    init(_ row: RowReader) throws {
        id = try row.int(0)
        owner = try row.int(1)
        balance = try row.int(2)
        label = try row.isNull(3) ? nil : row.string(3)
        note = try row.string(4)
        revision = row.revision
    }
}

extension Schema {
    package var owners: Table { tables[0] }
    package var accounts: Table { tables[1] }
}
