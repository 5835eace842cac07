import CairnCore
import CairnSchema

/// What SQLite has found out about the values of a table, by which it chooses among indexes: the rows of `sqlite_stat1`
/// (https://sqlite.org/fileformat2.html#stat1tab). ``SQLiteStorage/maintain()`` brings them up to date.
struct SQLiteStatistics {
    /// How many rows the table has, about.
    private let count: Int
    /// By index: how many rows have one value of its first column, of its first two, and so on.
    private let rowsPerValue: [String: [Int]]

    /// - Returns: nil when nothing is known of the table.
    /// - Throws: failures of SQLite.
    init?(of table: Table, _ access: SQLiteConnection.Access) throws {
        let isKnown = try access.texts("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat1'")
        guard !isKnown.isEmpty else { return nil }
        let rows = try access.texts("SELECT idx, stat FROM sqlite_stat1 WHERE tbl = ?", [.string(table.name)])
        var count: Int?
        var rowsPerValue: [String: [Int]] = [:]
        for row in rows {
            // Words may follow the numbers.
            let numbers = row[1].split(separator: " ").map { Int($0) }.prefix { $0 != nil }.compactMap(\.self)
            guard let first = numbers.first else { continue }
            // A partial index has fewer rows than its table.
            count = max(count ?? 0, first)
            rowsPerValue[row[0]] = Array(numbers.dropFirst())
        }
        guard let count else { return nil }
        self.count = count
        self.rowsPerValue = Dictionary(
            table.indexes.compactMap { index in
                rowsPerValue["\(table.name).\(index.name)"].map { (index.name, $0) }
            }, uniquingKeysWith: { first, _ in first })
    }

    /// About how many rows a search comes to.
    /// - Parameter terms: What it uses, as SQLite writes it: `country=?`, `population>?`.
    func rows(_ access: QueryPlan.Access, terms: [String]) -> Int {
        guard case .index(let name) = access else { return access == .key ? 1 : count }
        let equalities = terms.filter { $0.hasSuffix("=?") && !$0.hasSuffix(">=?") && !$0.hasSuffix("<=?") }.count
        let ranges = terms.count - equalities
        let perValue = rowsPerValue[name] ?? []
        var rows = Double(count)
        if equalities > 0 {
            // Of the primary key SQLite keeps no numbers that tell about a part of it.
            rows = equalities <= perValue.count ? Double(perValue[equalities - 1]) : rows * 0.01
        }
        // The shares that the planner of the other drivers guesses.
        if ranges > 0 { rows *= ranges > 1 ? 0.1 : 0.3 }
        return max(1, Int(rows.rounded(.up)))
    }
}
