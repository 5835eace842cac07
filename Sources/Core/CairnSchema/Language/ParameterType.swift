/// What a parameter of a query can be: the type that Swift has for what it is compared with.
package indirect enum ParameterType: Sendable, Hashable {
    /// A value of a column that is neither key, reference nor enum.
    case value(ValueType)
    /// One of the values of the enum of a column, by its table and itself.
    case enumeration(table: Int, column: Int)
    /// What identifies a record of a table.
    case identifier(table: Int)
    /// Several of these.
    case list(ParameterType)
    /// A time zone.
    case zone

    /// The type of a column.
    init(_ column: Column, of table: Table, _ reach: QueryReach) {
        if case .reference(let name) = column.type, let target = reach.position(of: name) {
            self = .identifier(table: target)
        } else if table.key == [column.position] {
            self = .identifier(table: table.position)
        } else if case .enumeration = column.type {
            self = .enumeration(table: table.position, column: column.position)
        } else {
            self = .value(column.valueType)
        }
    }

    /// What is stored of it, and the texts it can be if it is an enum; nil for a time zone.
    func stored(in reach: QueryReach) -> (type: ValueType, cases: [String]?)? {
        let column: Column
        switch self {
        case .value(let type): return (type, nil)
        case .list(let element): return element.stored(in: reach).map { (.array($0.type), $0.cases) }
        case .zone: return nil
        case .enumeration(let table, let position): column = reach.tables[table].columns[position]
        case .identifier(let position):
            let table = reach.tables[position]
            column = table.columns[table.key[0]]
        }
        var last = column
        // References to keys that are references come to an end: the reader of schemas has seen to that.
        while case .reference(let name) = last.type, let target = reach.position(of: name) {
            last = reach.tables[target].columns[reach.tables[target].key[0]]
        }
        if case .enumeration(let cases) = last.type { return (column.valueType, cases) }
        return (column.valueType, nil)
    }

    /// What to call it in messages.
    func text(in schema: [Table]) -> String {
        switch self {
        case .value(let type): "of type \(type)"
        case .enumeration(let table, let column):
            "one of the values of column '\(schema[table].columns[column].name)' of table '\(schema[table].name)'"
        case .identifier(let table): "the key of a record of table '\(schema[table].name)'"
        case .list(let element): "a list, each element \(element.text(in: schema))"
        case .zone: "a time zone"
        }
    }
}

/// Finds the types of the parameters of a query by how they are used.
///
/// One of them serves the resolvers of a whole query, of all its tables: it is shared, and never leaves the reading of one text.
final class ParameterTypes {
    private struct Found {
        let name: String
        var offset: Int
        /// Nil while it was only compared with what has no type of its own.
        var type: ParameterType?
        var uses: Set<QueryParameter.Use> = []
        var column: QueryParameter.Subject?
    }

    private let known: [String: ParameterType]
    private let reach: QueryReach
    private var found: [Found] = []

    /// - Parameter known: Types that are known beforehand.
    init(known: [String: ParameterType], _ reach: QueryReach) {
        self.known = known
        self.reach = reach
    }

    /// The type of a parameter, as far as it is known already.
    func type(of name: String) -> ParameterType? { known[name] ?? found.first { $0.name == name }?.type }

    /// The type that was given before the query was read.
    func declared(_ name: String) -> ParameterType? { known[name] }

    /// Takes note of a use.
    /// - Parameters:
    ///   - type: What it must be there; nil where several would do.
    ///   - use: What for, when not every value of the type will do.
    ///   - column: The column it is compared with, if it is one.
    func use(
        _ name: String, as type: ParameterType?, for use: QueryParameter.Use?, with column: QueryParameter.Subject?,
        at offset: Int
    ) throws(QueryMistake) {
        let position: Int
        if let index = found.firstIndex(where: { $0.name == name }) {
            position = index
            found[index].offset = min(found[index].offset, offset)
        } else {
            guard found.count < QueryLimits.parameters else {
                throw QueryMistake("a query has more than \(QueryLimits.parameters) parameters", at: offset)
            }
            position = found.count
            found.append(Found(name: name, offset: offset, type: known[name]))
        }
        if let use { found[position].uses.insert(use) }
        found[position].column = found[position].column ?? column
        guard let type else { return }
        if let other = found[position].type, other != type {
            let isDeclared = known[name] != nil
            throw QueryMistake(
                "parameter '$\(name)' is \(type.text(in: reach.tables)) here and \(other.text(in: reach.tables)) \(isDeclared ? "as it is declared" : "elsewhere")",
                remedy: isDeclared ? "leave its 'type' out, or compare it with something else" : "use two parameters",
                at: offset)
        }
        found[position].type = type
    }

    /// The parameters in the order in which they stand in the text.
    /// - Parameter isComplete: Whether each must have a type.
    func parameters(isComplete: Bool) throws(QueryMistake) -> [QueryParameter] {
        var parameters: [QueryParameter] = []
        // Looked up once for each type: many parameters may have one, and chains of references may be long.
        var stored: [ParameterType: (type: ValueType, cases: [String]?)?] = [:]
        for parameter in found.sorted(by: { $0.offset < $1.offset }) {
            guard let type = parameter.type else {
                guard isComplete else { continue }
                throw QueryMistake(
                    "of what type parameter '$\(parameter.name)' is does not follow from what it is compared with",
                    remedy: "declare it: \"parameters\": { \"\(parameter.name)\": { \"type\": \"string\" } }",
                    at: parameter.offset)
            }
            let kept = stored[type] ?? type.stored(in: reach)
            stored[type] = .some(kept)
            parameters.append(
                QueryParameter(
                    name: parameter.name, type: type, stored: kept?.type, cases: kept?.cases, uses: parameter.uses,
                    column: parameter.column, offset: parameter.offset))
        }
        return parameters
    }
}
