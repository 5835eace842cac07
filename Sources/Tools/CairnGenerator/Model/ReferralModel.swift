import CairnSchema

/// The functions of a repository that ask for the records of a table that refer to one of its records:
/// `countries.cities(of:)`, or `airports.flights(byOrigin:)` where a table refers to another by several columns.
struct ReferralModel {
    /// The name of the functions.
    let name: String
    /// The label of their parameter.
    let label: String
    /// The table that refers.
    let table: Table
    /// The column that refers.
    let column: Column

    /// Those of a table, in the order of the tables and columns that refer to it.
    static func all(to target: Table, in schema: Schema) -> [ReferralModel] {
        let names = names(of: target, in: schema)
        let references = target.referrers.sorted { ($0.table, $0.column) < ($1.table, $1.column) }
        return references.compactMap { reference in
            guard let name = names[reference.table] else { return nil }
            let table = schema.tables[reference.table]
            let columns = references.filter { $0.table == reference.table }.map { table.columns[$0.column] }
            let column = table.columns[reference.column]
            return ReferralModel(name: name, label: label(of: column, among: columns), table: table, column: column)
        }
    }

    /// The label that tells a column from the others of its table that refer to the same one.
    private static func label(of column: Column, among columns: [Column]) -> String {
        if columns.count == 1 { return "of" }
        func label(_ column: Column) -> String { "by" + Naming.upperCamelCase(column.name) }
        // `id_x` and `i_d_x` are different properties, and begin alike with a capital.
        let isUnclear = columns.count { label($0) == label(column) } > 1
        return isUnclear ? "by_" + column.swiftName : label(column)
    }

    /// The names of the functions for each table that refers to a table, by its position: that of its repository. One that is called
    /// like a member of all repositories, or like a named query of the table, has `Records` behind it, so that nothing that
    /// compiled means something else.
    private static func names(of target: Table, in schema: Schema) -> [Int: String] {
        let queries = schema.queries.filter { $0.template.table.position == target.position }.map(\.swiftName)
        let members = SwiftNames.repositoryMembers.union(queries)
        let tables = Set(target.referrers.map(\.table)).sorted()
        var names: [Int: String] = [:]
        for table in tables {
            let name = Naming.lowerCamelCase(schema.tables[table].name)
            if !members.contains(name) { names[table] = name }
        }
        var taken = members.union(names.values)
        for table in tables where names[table] == nil {
            var name = Naming.lowerCamelCase(schema.tables[table].name)
            while !taken.insert(name).inserted { name += "Records" }
            names[table] = name
        }
        return names
    }
}
