import CairnSchema

/// The function of a named query.
struct QueryModel {
    let query: NamedQuery
    let name: String
    let parameters: [ParameterModel]
    /// What it gives in place of records; nil: these.
    let selection: SelectionModel?

    init(_ query: NamedQuery, _ types: ParameterTypeModels, in schema: Schema) {
        self.query = query
        name = query.swiftName
        parameters = query.parameters.map { ParameterModel($0, types) }
        selection = query.template.selection.map { SelectionModel($0, of: query.template.table, in: schema) }
    }

    /// The Swift name of a parameter of the text.
    func name(of parameter: String) -> String { Naming.lowerCamelCase(parameter) }
}

/// What a named query selects.
struct SelectionModel {
    let items: [Item]
    /// The columns that are read of each row, where there are no groups.
    let columns: [Int]
    let groups: TemplateGroups?

    /// One thing that is selected.
    struct Item {
        let label: String
        let type: SwiftType
        let isNullable: Bool
        /// Where its value stands in a row.
        let place: Int
    }

    init(_ selection: TemplateSelection, of table: Table, in schema: Schema) {
        groups = selection.groups
        columns = selection.groups == nil ? selection.columns.map(\.place) : []
        items = selection.columns.enumerated().map { number, column in
            Item(
                label: column.swiftName(in: table), type: SelectionModel.type(of: column, table, schema),
                isNullable: column.isNullable, place: selection.groups == nil ? number : column.place)
        }
    }

    /// Whether it gives one row: aggregates of all rows together.
    var isOne: Bool { groups?.columns.isEmpty ?? false }

    private static func type(of column: TemplateColumn, _ table: Table, _ schema: Schema) -> SwiftType {
        switch column.source {
        case .column(let position), .aggregate(.minimum(let position)), .aggregate(.maximum(let position)):
            PropertyModel(table.columns[position], of: table, in: schema).type
        case .aggregate: SwiftType(column.type)
        }
    }
}

/// A parameter of a named query.
struct ParameterModel {
    let parameter: NamedQuery.Parameter
    let name: String
    let type: SwiftType
    /// The column whose type it has, or its elements; nil for a type that is no column's own.
    let property: PropertyModel?

    init(_ parameter: NamedQuery.Parameter, _ types: ParameterTypeModels) {
        self.parameter = parameter
        name = Naming.lowerCamelCase(parameter.parameter.name)
        (type, property) = types[parameter.parameter.type]
    }
}

/// The Swift types of the parameters of some queries. Each is found once: many parameters have one, and the identifiers around a
/// key may be many.
struct ParameterTypeModels {
    private var found: [ParameterType: (SwiftType, PropertyModel?)] = [:]

    init(of queries: [NamedQuery], in schema: Schema) {
        for type in Set(queries.flatMap { $0.parameters.map(\.parameter.type) }) {
            found[type] = ParameterTypeModels.type(type, in: schema)
        }
    }

    subscript(type: ParameterType) -> (SwiftType, PropertyModel?) { found[type] ?? (.standard("Never"), nil) }

    private static func type(_ type: ParameterType, in schema: Schema) -> (SwiftType, PropertyModel?) {
        switch type {
        case .value(let type): return (SwiftType(type), nil)
        case .zone: return (.cairn("LocalZone"), nil)
        case .list(let element):
            let (type, property) = self.type(element, in: schema)
            return (.array(type), property)
        case .identifier(let table):
            let table = schema.tables[table]
            let property = PropertyModel(table.columns[table.key[0]], of: table, in: schema)
            return (property.type, property)
        case .enumeration(let table, let column):
            let table = schema.tables[table]
            let property = PropertyModel(table.columns[column], of: table, in: schema)
            return (property.type, property)
        }
    }
}
