/// A name and the byte it begins at.
package typealias QueryName = (name: String, offset: Int)

/// What a query selects, groups by or is ordered by, as it was written.
package enum QueryItem {
    /// A column, behind references that lead to its table.
    case column(path: [QueryName], QueryName)
    /// Something computed of the rows of a group.
    case function(QueryFunction)

    /// The byte it begins at.
    package var offset: Int {
        switch self {
        case .column(let path, let column): path.first?.offset ?? column.offset
        case .function(let function): function.name.offset
        }
    }

    /// The column or the function.
    var name: String {
        switch self {
        case .column(_, let column): column.name
        case .function(let function): function.name.name
        }
    }

    /// The same, further behind in the text.
    package func moved(by count: Int) -> QueryItem {
        switch self {
        case .column(let path, let column):
            .column(path: path.map { ($0.name, $0.offset + count) }, (column.name, column.offset + count))
        case .function(let function): .function(function.moved(by: count))
        }
    }
}

/// A function of the rows of a group, as it was written: `sum(population)`, `count()`.
package struct QueryFunction {
    package let name: QueryName
    package let isDistinct: Bool
    /// The column; nil where the brackets are empty.
    package let argument: QueryName?

    /// The same, further behind in the text.
    package func moved(by count: Int) -> QueryFunction {
        QueryFunction(
            name: (name.name, name.offset + count), isDistinct: isDistinct,
            argument: argument.map { ($0.name, $0.offset + count) })
    }

    /// The functions there are.
    package static let names = ["count", "sum", "average", "min", "max"]

    /// What other languages call them.
    private static let foreignNames = [
        "avg": "average", "mean": "average", "minimum": "min", "maximum": "max", "total": "sum", "number": "count",
    ]

    /// What to write in place of a function that there is not.
    var hint: String {
        let written = name.name.lowercased()
        let known = QueryFunction.foreignNames[written] ?? NearestName.of(written, among: QueryFunction.names)
        return known.map { "did you mean '\($0)'?" }
            ?? "the functions are \(QueryFunction.names.joined(separator: ", "))"
    }
}
