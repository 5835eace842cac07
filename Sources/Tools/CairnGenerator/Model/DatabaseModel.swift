import CairnSchema

/// What is generated, with every Swift name settled: the step between schema and text.
struct DatabaseModel {
    let schema: Schema
    /// The Swift type of the database.
    let typeName: String
    let entities: [EntityModel]

    init(_ schema: Schema) {
        self.schema = schema
        typeName = Naming.upperCamelCase(schema.database)
        entities = schema.tables.map { EntityModel($0, in: schema) }
    }

    /// A variable with the type, which records reach it by. No column makes a name that could hide it.
    var variableName: String { "_\(Naming.lowerCamelCase(schema.database))Database" }
    var transactionName: String { typeName + "Transaction" }
    var snapshotName: String { typeName + "Snapshot" }
}

/// One record type.
struct EntityModel {
    let table: Table
    /// The Swift type.
    let typeName: String
    /// The property of the database that has its repository.
    let repositoryName: String
    let properties: [PropertyModel]
    let identifier: IdentifierModel
    let lookups: [LookupModel]
    let projections: [ProjectionModel]
    let queries: [QueryModel]
    /// The records that refer to one of it.
    let referrals: [ReferralModel]

    init(_ table: Table, in schema: Schema) {
        self.table = table
        typeName = table.entity
        repositoryName = Naming.lowerCamelCase(table.name)
        let properties = table.columns.map { PropertyModel($0, of: table, in: schema) }
        self.properties = properties
        identifier = IdentifierModel(table, properties)
        var lookups: [LookupModel] = []
        for index in table.indexes where index.isLookup {
            // An index that differs from another only in its directions answers the same question.
            let columns = index.parts.map(\.column)
            if lookups.contains(where: { $0.index.parts.map(\.column) == columns }) { continue }
            lookups.append(LookupModel(index, properties))
        }
        self.lookups = lookups
        projections = schema.projections.filter { $0.table == table.position }.map { ProjectionModel($0, properties) }
        let named = schema.queries.filter { $0.template.table.position == table.position }
        let types = ParameterTypeModels(of: named, in: schema)
        queries = named.map { QueryModel($0, types, in: schema) }
        referrals = ReferralModel.all(to: table, in: schema)
    }

    var enums: [EnumModel] { properties.compactMap(\.enumeration) }

    /// The names of the types nested in the record beside its identifier and its columns.
    var nestedTypes: [String] { enums.map(\.name) + projections.map(\.name) }
}

/// One column as a Swift property.
struct PropertyModel {
    let column: Column
    let name: String
    /// The entities whose identifiers are around the value, the outermost first: a reference leads to a key, which may be a
    /// reference itself.
    let identifiers: [String]
    /// What is inside of them.
    let value: SwiftType
    let isKey: Bool
    let enumeration: EnumModel?

    init(_ column: Column, of table: Table, in schema: Schema) {
        self.column = column
        name = column.swiftName
        isKey = table.isKey(column.position)
        if case .enumeration(let values) = column.type {
            enumeration = EnumModel(name: Naming.upperCamelCase(column.name), values: values, column: column)
        } else {
            enumeration = nil
        }
        var identifiers = table.key == [column.position] ? [table.entity] : []
        var (column, table) = (column, table)
        while case .reference(let name) = column.type, let target = schema.table(named: name) {
            identifiers.append(target.entity)
            (column, table) = (target.columns[target.key[0]], target)
        }
        self.identifiers = identifiers
        value = SwiftType(column, of: table)
    }

    /// The Swift type without its `?`.
    var type: SwiftType { identifiers.first.map(SwiftType.identifier) ?? value }

    var isNullable: Bool { column.isNullable }
}

/// The Swift type of a column.
indirect enum SwiftType: Equatable, Sendable {
    /// A type of Swift's standard library: `String`.
    case standard(String)
    /// A type of Cairn, or one it hands on: `Timestamp`.
    case cairn(String)
    /// Foundation's `UUID`.
    case uuid
    /// `[UInt8]`.
    case bytes
    case array(SwiftType)
    /// The enum nested in an entity.
    case enumeration(String, of: String)
    /// The identifier of an entity.
    case identifier(String)

    /// The type of a column that is no reference.
    init(_ column: Column, of table: Table) {
        if case .enumeration = column.type {
            self = .enumeration(Naming.upperCamelCase(column.name), of: table.entity)
        } else {
            self.init(column.valueType)
        }
    }

    init(_ type: ValueType) {
        self =
            switch type {
            case .string: .standard("String")
            case .int: .standard("Int")
            case .double: .standard("Double")
            case .bool: .standard("Bool")
            case .uuid: .uuid
            case .bytes: .bytes
            case .timestamp: .cairn("Timestamp")
            case .date: .cairn("CalendarDate")
            case .decimal: .cairn("DecimalNumber")
            case .json: .cairn("JSONValue")
            case .array(let element): .array(SwiftType(element))
            }
    }
}

/// The identifier type of an entity.
struct IdentifierModel {
    /// The properties of the key, in its order.
    let parts: [PropertyModel]
    /// For a key of one column: the type of its value.
    let valueType: SwiftType?

    init(_ table: Table, _ properties: [PropertyModel]) {
        parts = table.key.map { properties[$0] }
        let inner = parts[0].identifiers.dropFirst().first.map(SwiftType.identifier)
        valueType = parts.count == 1 ? inner ?? parts[0].value : nil
    }
}

/// An enum of a column.
struct EnumModel {
    let name: String
    /// The cases: Swift name and stored text.
    let cases: [(name: String, text: String)]
    let column: Column

    init(name: String, values: [String], column: Column) {
        self.name = name
        self.column = column
        cases = values.map { (EnumModel.caseName(of: $0), $0) }
    }

    /// The Swift case of a stored text.
    static func caseName(of text: String) -> String { Naming.lowerCamelCase(text) }
}

/// A `find(by…)` of a unique index.
struct LookupModel {
    let index: Index
    let parts: [PropertyModel]

    init(_ index: Index, _ properties: [PropertyModel]) {
        self.index = index
        parts = index.parts.map { properties[$0.column] }
    }
}
