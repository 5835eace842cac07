/// One table of a schema. Immutable; a class so that passing it around costs nothing.
public final class Table: Sendable {
    /// The name in the schema file and in stores.
    public let name: String
    /// The place among the tables of the schema, from 0.
    public let position: Int
    /// The columns, in the order of the file.
    public let columns: [Column]
    /// The positions of the columns of the primary key, in the order of the key.
    public let key: [Int]
    /// The indexes: the declared ones in the order of the file, then those that `unique` and `references` imply.
    public let indexes: [Index]
    /// The references to other tables, in the order of the columns.
    public let references: [Reference]
    /// The references of all tables, this one included, that point here.
    public let referrers: [Reference]
    /// What the language holds beyond columns and indexes.
    public let options: TableOptions
    /// The Swift name of one record.
    package let entity: String
    /// What the schema file says about it.
    public let doc: String?
    /// The name it had before, for migrations.
    public let renamedFrom: String?
    private let positions: [String: Int]

    init(
        name: String, position: Int, columns: [Column], key: [Int], indexes: [Index], references: [Reference],
        referrers: [Reference], options: TableOptions, entity: String, doc: String?, renamedFrom: String?
    ) {
        self.name = name
        self.position = position
        self.columns = columns
        self.key = key
        self.indexes = indexes
        self.references = references
        self.referrers = referrers
        self.options = options
        self.entity = entity
        self.doc = doc
        self.renamedFrom = renamedFrom
        positions = Dictionary(columns.map { ($0.name, $0.position) }, uniquingKeysWith: { first, _ in first })
    }

    /// The column of a name; nil when there is none.
    public func column(named name: String) -> Column? {
        positions[name].map { columns[$0] }
    }

    /// The index of a name; nil when there is none.
    public func index(named name: String) -> Index? {
        indexes.first { $0.name == name }
    }

    /// Whether a column is part of the primary key.
    package func isKey(_ column: Int) -> Bool { key.contains(column) }

    /// Whether both have the same columns, key, indexes and references at the same places, so that a row of one is a row of
    /// the other.
    package func isAlike(_ other: Table) -> Bool {
        if self === other { return true }
        return name == other.name && position == other.position && key == other.key && references == other.references
            && columns.elementsEqual(other.columns) {
                $0.name == $1.name && $0.valueType == $1.valueType && $0.isNullable == $1.isNullable
            }
            && indexes.elementsEqual(other.indexes) {
                // Which columns are included matters, their order does not.
                $0.name == $1.name && $0.parts == $1.parts && Set($0.included) == Set($1.included)
                    && $0.isUnique == $1.isUnique && $0.condition == $1.condition
            }
    }
}

extension Table {
    /// What a query computes from a table, described as a table of its own that no store keeps: so that conditions, orders and
    /// their checks mean the same for results as for rows. The first `keyCount` columns tell its rows apart.
    package static func results(of table: Table, columns: [ResultColumn], keyCount: Int) -> Table {
        let columns = columns.enumerated().map { position, column in
            Column(
                name: column.name, position: position, type: column.type, valueType: column.valueType,
                isNullable: column.isNullable, defaultValue: nil, rules: ColumnRules(), onDelete: nil,
                isSensitive: column.isSensitive, deprecation: nil, doc: nil, renamedFrom: nil,
                conversion: nil)
        }
        return Table(
            name: table.name, position: table.position, columns: columns, key: Array(0..<keyCount), indexes: [],
            references: [], referrers: [], options: TableOptions(), entity: table.entity, doc: nil, renamedFrom: nil)
    }

    /// One column of what a query computes.
    package struct ResultColumn {
        let name: String
        let type: ColumnType
        let valueType: ValueType
        let isNullable: Bool
        let isSensitive: Bool

        /// A column of a table, as it is.
        package init(_ column: Column) {
            name = column.name
            type = column.type
            valueType = column.valueType
            isNullable = column.isNullable
            isSensitive = column.isSensitive
        }

        /// A number or a value made from a column; nil: from whole rows.
        package init(name: String, _ valueType: ValueType, isNullable: Bool, from column: Column?) {
            self.name = name
            // A type of its own only where the values are the column's own, enums among them.
            type = column.map { $0.valueType == valueType ? $0.type : .double } ?? .int
            self.valueType = valueType
            self.isNullable = isNullable
            isSensitive = column?.isSensitive ?? false
        }
    }
}

extension Table: Hashable {
    /// Whether both are the same table of the same schema value.
    public static func == (left: Table, right: Table) -> Bool { left === right }

    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

extension Table: CustomStringConvertible {
    public var description: String { name }
}

/// A column that refers to records of a table.
public struct Reference: Sendable, Hashable {
    /// The position of the table that has the column.
    public let table: Int
    /// The position of the column.
    public let column: Int
    /// The position of the table it refers to.
    public let target: Int
    /// The position of an index of `table` that begins with the column; nil when the primary key does.
    public let index: Int?
    /// What happens when the record referred to is deleted.
    public let onDelete: ReferenceAction
}

/// Table options of the language. All but ``changes`` this version holds and refuses.
public struct TableOptions: Sendable, Hashable {
    /// Who created and updated each record.
    public var audit = false
    /// Older revisions are kept.
    public var history = false
    /// Deleting marks a record.
    public var softDelete = false
    /// Changes are kept for others to follow.
    public var changes = false
    /// Columns written as object tags.
    public var tags: [String] = []
    /// Conversions of stored data.
    public var convert: JSONValue?
    /// The commit group.
    public var group: String?

    /// The defaults: nothing is on.
    public init() {}
}
