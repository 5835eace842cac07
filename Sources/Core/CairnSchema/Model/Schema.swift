/// The tables of one database: what a schema file declares and what a store holds.
public struct Schema: Sendable {
    /// The name of the database.
    public let database: String
    /// The tables, in the order of the file.
    public let tables: [Table]
    /// What the file it was read from says beside that.
    package let notes: SchemaNotes
    /// The schemas of the two programs that use a store of this one at once; nil for any other.
    package let window: SchemaWindow?
    /// What identifies the schema: the same for every file that declares the same tables, whatever its comments, docs and
    /// order.
    public let id: SchemaID
    /// The canonical form: JSON, members sorted, shorthands written out, defaults left out. Itself a schema file.
    public let canonicalText: String

    init(database: String, tables: [Table], window: SchemaWindow? = nil) {
        self.database = database
        self.tables = tables
        self.window = window
        notes = SchemaNotes()
        let canonical = CanonicalForm.value(database: database, tables: tables, window: window)
        canonicalText = CanonicalForm.text(canonical)
        id = SchemaID(digestOf: canonical.description)
    }

    private init(_ schema: Schema, _ notes: SchemaNotes) {
        database = schema.database
        tables = schema.tables
        window = schema.window
        id = schema.id
        canonicalText = schema.canonicalText
        self.notes = notes
    }

    /// The same tables, with what the file says beside them.
    func with(_ notes: SchemaNotes) -> Schema { Schema(self, notes) }

    /// Named queries.
    package var queries: [NamedQuery] { notes.queries }

    /// Some columns of tables as types of their own.
    package var projections: [NamedProjection] { notes.projections }

    /// Whether changes of any table are kept for others to follow.
    package var keepsChanges: Bool { tables.contains { $0.options.changes } }

    /// Findings about changes that are allowed.
    package var allowances: [Allowance] { notes.allowances }

    /// A schema file that declares the same tables in the same order, without docs; for generated code.
    package var declarationText: String { CanonicalForm.declaration(self) }

    /// The canonical form as a value: what two schemas with different ids differ in.
    package var canonicalValue: JSONValue {
        CanonicalForm.value(database: database, tables: tables, window: window)
    }

    /// The tables, those that are referred to before those that refer to them, as far as there is such an order.
    package var referredFirst: [Table] {
        var order: [Table] = []
        var met: Set<Int> = []
        func visit(_ table: Table) {
            guard met.insert(table.position).inserted else { return }
            for reference in table.references { visit(tables[reference.target]) }
            order.append(table)
        }
        for table in tables { visit(table) }
        return order
    }

    /// The table of a name; nil when there is none.
    public func table(named name: String) -> Table? {
        tables.first { $0.name == name }
    }
}

extension Schema: Hashable {
    /// Whether both declare the same tables; docs and order don't count.
    public static func == (left: Schema, right: Schema) -> Bool { left.id == right.id }

    public func hash(into hasher: inout Hasher) { hasher.combine(id) }
}

/// What identifies a schema: the SHA-256 of its canonical form.
public struct SchemaID: Sendable, Hashable, CustomStringConvertible {
    /// `sha256:` and 64 lower-case hexadecimal digits.
    public let description: String

    /// Takes the text of an id, as a store or generated code carries it; nil for other text.
    public init?(_ text: String) {
        let prefix = "sha256:"
        guard text.hasPrefix(prefix), let digest = Hex.decode(text.dropFirst(prefix.count)), digest.count == 32 else {
            return nil
        }
        description = prefix + Hex.encode(digest)
    }

    init(digestOf text: String) {
        description = "sha256:" + Hex.encode(SHA256.digest(Array(text.utf8)))
    }

    /// The first twelve digits, enough for a person to tell two schemas apart.
    public var short: String { String(description.dropFirst("sha256:".count).prefix(12)) }
}

/// The limits of a schema.
package enum SchemaLimits {
    /// Bytes of a schema file.
    package static let fileBytes = 4 << 20
    /// Tables of a database.
    package static let tables = 500
    /// Columns of a table, within what SQLite allows (2,000 by default).
    package static let columns = 500
    /// Declared indexes of a table.
    package static let indexes = 64
    /// Columns of a primary key.
    package static let keyColumns = 8
    /// Columns of an index, included ones counted.
    package static let indexColumns = 32
    /// Comparisons in the condition of an index.
    package static let indexComparisons = 64
    /// Values in the condition of an index.
    package static let indexValues = 1000
    /// How deep the condition of an index nests.
    package static let indexConditionDepth = 4
    /// Bytes of the condition of an index.
    package static let indexConditionBytes = 16 << 10
    /// Named queries.
    package static let queries = 1000
    /// Projections of a table.
    package static let projections = 64
    /// Values of an enum.
    package static let enumValues = 1000
    /// Bytes of a value of an enum.
    package static let enumValueBytes = 200
}
