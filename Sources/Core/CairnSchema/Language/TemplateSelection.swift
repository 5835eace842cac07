/// What a query gives in place of whole records: some of their columns, or what is computed of groups of them.
package struct TemplateSelection: Sendable {
    /// What is selected, in order, each once.
    package let columns: [TemplateColumn]
    /// The groups; nil when columns of the rows themselves are selected.
    package let groups: TemplateGroups?
}

/// One thing that a query selects.
package struct TemplateColumn: Sendable {
    /// How the text form writes it: `country`, `sum(population)`.
    package let name: String
    package let source: TemplateSource
    /// Where its value stands: among the columns of the table, or among the results of groups.
    package let place: Int
    package let type: ValueType
    package let isNullable: Bool
    package let isSensitive: Bool

    init(_ source: TemplateSource, at place: Int, of table: Table, isGrouped: Bool) {
        self.source = source
        self.place = place
        switch source {
        case .column(let position):
            let column = table.columns[position]
            (name, type, isNullable) = (column.name, column.valueType, column.isNullable)
            isSensitive = column.isSensitive
        case .aggregate(let aggregate):
            name = aggregate.text(in: table)
            type = aggregate.type(in: table)
            // A group has a row, but all rows together may be none.
            isNullable =
                aggregate.mayBeNull && (!isGrouped || aggregate.of.map { table.columns[$0].isNullable } ?? false)
            isSensitive = aggregate.of.map { table.columns[$0].isSensitive } ?? false
        }
    }

    /// The label that Swift has for it: `country`, `count`, `sumPopulation`.
    package func swiftName(in table: Table) -> String {
        switch source {
        case .column(let position): table.columns[position].swiftName
        case .aggregate(let aggregate):
            Naming.lowerCamelCase(
                aggregate.of.map { "\(aggregate.label)_\(table.columns[$0].name)" } ?? aggregate.label)
        }
    }
}

/// Where something selected comes from.
package enum TemplateSource: Sendable, Hashable {
    /// A column of the table.
    case column(Int)
    case aggregate(TemplateAggregate)
}

/// The groups of the rows of a query, as its text means them. Conditions and orders name places in the results: the columns that are
/// grouped by, then the aggregates.
package struct TemplateGroups: Sendable {
    /// The columns of the table that are grouped by; none: all rows are one group.
    package let columns: [Int]
    package let aggregates: [TemplateAggregate]
    package let having: TemplateCondition?
    package let order: [TemplateOrder]
    package let limit: TemplateCount?
}

/// Something computed of the rows of a group. The cases are those of the core's aggregates.
package enum TemplateAggregate: Sendable, Hashable {
    case rows
    case count(column: Int)
    case distinctCount(column: Int)
    case sum(column: Int)
    case average(column: Int)
    case minimum(column: Int)
    case maximum(column: Int)

    /// The column it looks at; nil: at whole rows.
    package var of: Int? {
        switch self {
        case .rows: nil
        case .count(let column), .distinctCount(let column), .sum(let column), .average(let column),
            .minimum(let column), .maximum(let column):
            column
        }
    }

    /// How the text form writes it.
    func text(in table: Table) -> String {
        let name = of.map { table.columns[$0].name } ?? ""
        return switch self {
        case .rows: "count()"
        case .count: "count(\(name))"
        case .distinctCount: "count(distinct \(name))"
        case .sum: "sum(\(name))"
        case .average: "average(\(name))"
        case .minimum: "min(\(name))"
        case .maximum: "max(\(name))"
        }
    }

    /// The first word of its label in Swift.
    fileprivate var label: String {
        switch self {
        case .rows, .count: "count"
        case .distinctCount: "distinct"
        case .sum: "sum"
        case .average: "average"
        case .minimum: "min"
        case .maximum: "max"
        }
    }

    /// What it gives.
    func type(in table: Table) -> ValueType {
        switch self {
        case .rows, .count, .distinctCount: .int
        case .average: .double
        case .sum(let column), .minimum(let column), .maximum(let column): table.columns[column].valueType
        }
    }

    /// Whether it is null of no value at all.
    var mayBeNull: Bool {
        switch self {
        case .rows, .count, .distinctCount: false
        case .sum, .average, .minimum, .maximum: true
        }
    }
}

/// Says of what type parameters are that results of groups are compared with: the results are described as a table of their own, but
/// values are those of the table they come from.
struct GroupResults {
    let table: Table
    /// Where each result comes from.
    let sources: [TemplateSource]

    func type(of column: Column, _ reach: QueryReach) -> ParameterType {
        switch sources[column.position] {
        case .column(let position), .aggregate(.minimum(let position)), .aggregate(.maximum(let position)):
            ParameterType(table.columns[position], of: table, reach)
        case .aggregate: .value(column.valueType)
        }
    }
}
