import CairnCore
import CairnSchema

/// What SQLite has found out about the values of a table, by which it chooses among indexes: the rows of `sqlite_stat1`
/// (https://sqlite.org/fileformat2.html#stat1tab). ``SQLiteStorage/maintain()`` brings them up to date.
struct SQLiteStatistics {
    /// How many rows the table has, about.
    let count: Int
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
    /// - Parameter terms: What it uses, as SQLite writes it: `country=?`, `population>?`; `ANY(country)` before them for a column of which
    ///   every value is gone through.
    func rows(_ access: QueryPlan.Access, terms: [String]) -> Int {
        guard case .index(let name) = access else { return access == .key ? 1 : count }
        let equalities = terms.filter { $0.hasSuffix("=?") && !$0.hasSuffix(">=?") && !$0.hasSuffix("<=?") }.count
        let skipped = terms.filter { $0.hasPrefix("ANY(") }.count
        let ranges = terms.count - equalities - skipped
        let perValue = rowsPerValue[name] ?? []
        var rows = Double(count)
        if equalities > 0 {
            // Of the primary key SQLite keeps no numbers that tell about a part of it.
            let bound = skipped + equalities
            let share = bound <= perValue.count ? Double(perValue[bound - 1]) : rows * 0.01
            let passed = skipped > 0 && skipped <= perValue.count ? Double(perValue[skipped - 1]) : rows
            // Each of the values that are gone through has its share.
            rows = min(rows, share * max(1, rows / max(1, passed)))
        }
        // The shares that the planner of the other drivers guesses.
        if ranges > 0 { rows *= ranges > 1 ? 0.1 : 0.3 }
        return max(1, Int(rows.rounded(.up)))
    }
}
