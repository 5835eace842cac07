package import CairnCore

/// Rows that many tasks inserted, each of which noted what was acknowledged: whether they are there.
package enum WrittenRows {
    /// The schema of the stores.
    package static let schema = """
        { "database": "writes", "tables": {
          "rows": { "columns": { "id": "string", "text": "string" }, "key": "id" } } }
        """

    /// The row of an id.
    package static func row(_ id: String) -> [Value] { [.string(id), .string("row \(id)")] }

    /// Looks for rows in a store.
    /// - Parameter acknowledged: The ids of those that must be there.
    /// - Returns: Those that are not, or are other ones, and how many others are there.
    package static func check(_ acknowledged: Set<String>, in store: Store) async throws -> (
        lost: [String], others: Int
    ) {
        var found: Set<String> = []
        var others = 0
        try await store.session.read(Query(store.schema.tables[0])) { row in
            let id = try row.string(0)
            guard try row.string(1) == "row \(id)" else { return true }
            if acknowledged.contains(id) { found.insert(id) } else { others += 1 }
            return true
        }
        return (acknowledged.subtracting(found).sorted(), others)
    }
}
