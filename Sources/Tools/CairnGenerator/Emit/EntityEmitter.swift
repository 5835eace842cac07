import CairnSchema

/// Writes one entity: the struct, its identifier, enums, columns and projections.
///
/// A change of another table should not compile its file again: what it says names no other entity but those it refers to, not
/// even by naming the database type, and has no operators.
struct EntityEmitter {
    private let entity: EntityModel
    /// The variable with the database type.
    private let database: String
    /// The spelling in the body of the entity.
    private let types: TypeSpelling

    init(entity: EntityModel, types: TypeSpelling, database: String) {
        self.entity = entity
        self.database = database
        self.types = types.inside(entity)
    }

    func write(_ code: inout CodeWriter) {
        let aliases = ItemAlias.all(of: entity, types)
        code.doc(DocText.said(entity.table.doc) ?? "One record of the table `\(entity.table.name)`.")
        code.block("public struct \(entity.typeName): \(types.cairn("Entity"))") { code in
            IdentifierEmitter(entity: entity, types: types).write(&code)
            for alias in aliases where !alias.isOutside { alias.write(&code) }
            for enumeration in entity.enums { EnumEmitter(types: types).write(enumeration, &code) }
            writeProperties(&code)
            writeInitializer(&code)
            writeIdentity(&code)
            RowEmitter(entity: entity, types: types).write(&code)
            EqualityEmitter(types: types).write(
                entity.properties, of: entity.typeName, hashing: entity.identifier.parts, &code)
            writeColumns(&code)
            let projections = ProjectionEmitter(entity: entity, types: types)
            for projection in entity.projections { projections.write(projection, &code) }
        }
        for alias in aliases where alias.isOutside { alias.write(&code) }
    }

    // MARK: Properties

    private func writeProperties(_ code: inout CodeWriter) {
        EntityEmitter.writeProperties(entity.properties, types, &code)
        code.line()
        code.doc("1 after the insert, one more after each update; 0 while it was never stored.")
        code.line("public private(set) var revision = 0")
        code.doc("When it was inserted; 1970 while it was never stored.")
        code.line("public private(set) var createdAt = \(types.cairn("Timestamp")).epoch")
        code.doc("When this revision was written; 1970 while it was never stored.")
        code.line("public private(set) var updatedAt = \(types.cairn("Timestamp")).epoch")
    }

    /// Writes stored properties, those of the key so that they do not change.
    static func writeProperties(_ properties: [PropertyModel], _ types: TypeSpelling, _ code: inout CodeWriter) {
        code.line()
        for property in properties {
            code.doc(PropertyDoc(property).paragraphs)
            let keyword = property.isKey ? "let" : "var"
            code.line("public \(keyword) \(property.name): \(types.spell(property))")
        }
    }

    private func writeInitializer(_ code: inout CodeWriter) {
        let defaults = DefaultEmitter(types: types)
        code.line()
        code.doc("A record that is not stored yet.")
        let parameters = entity.properties.map { property in
            let value = defaults.expression(property).map { " = \($0)" } ?? ""
            return "\(property.name): \(types.spell(property))\(value)"
        }
        code.function("public init", parameters) { code in
            for property in entity.properties { code.line("self.\(property.name) = \(property.name)") }
        }
    }

    // MARK: Identity

    /// Words that begin an accessor where the body of a property begins.
    private static let accessors: Set<String> = [
        "get", "set", "read", "modify", "borrow", "mutate", "mutating", "nonmutating", "yielding", "willSet", "didSet",
        "consuming", "borrowing", "unsafeAddress", "unsafeMutableAddress", "nonisolated", "isolated",
    ]

    private func writeIdentity(_ code: inout CodeWriter) {
        EntityEmitter.writeID(entity.identifier, &code)
        code.line()
        code.doc("The place of its table in the schema.")
        code.line("public static var tablePosition: \(types.standard("Int")) { \(entity.table.position) }")
        code.doc("The database it belongs to.")
        code.line("public static var database: any \(types.cairn("Database")).Type { \(database) }")
        code.doc("The columns, for queries.")
        code.line("public static var columns: Columns { Columns() }")
    }

    /// Writes the property that Swift's `Identifiable` asks for, unless the column of the key is it.
    static func writeID(_ identifier: IdentifierModel, _ code: inout CodeWriter) {
        let parts = identifier.parts
        guard parts.map(\.name) != ["id"] else { return }
        code.line()
        code.doc("What identifies the record.")
        let id =
            parts.count == 1
            ? (EntityEmitter.accessors.contains(parts[0].name) ? "self." : "") + parts[0].name
            : "ID(\(parts.map { "\($0.name): \($0.name)" }.joined(separator: ", ")))"
        code.line("public var id: ID { \(id) }")
    }

    // MARK: Columns

    private func writeColumns(_ code: inout CodeWriter) {
        code.line()
        code.doc("The columns of `\(entity.table.name)`, to build conditions and orders with.")
        code.block("public struct Columns: \(types.standard("Sendable"))") { code in
            for property in entity.properties {
                code.doc("The column `\(property.column.name)`.")
                if let deprecation = property.column.deprecation {
                    code.line("@available(*, deprecated, message: \(swiftLiteral(deprecation)))")
                }
                let type = types.cairn("TypedColumn") + "<\(types.spell(property))>"
                code.line(
                    "public var \(property.name): \(type) { \(types.cairn("TypedColumn"))(\(property.column.position)) }"
                )
            }
        }
    }
}

/// What the documentation of a property says.
struct PropertyDoc {
    private let property: PropertyModel

    init(_ property: PropertyModel) {
        self.property = property
    }

    var paragraphs: [String] {
        let column = property.column
        var paragraphs = [DocText.said(column.doc) ?? "The column `\(column.name)`."]
        let facts = facts
        if !facts.isEmpty { paragraphs.append(facts.joined(separator: " ")) }
        if let deprecation = column.deprecation {
            paragraphs.append("- Warning: Deprecated" + (DocText.said(deprecation).map { ": \($0)" } ?? "."))
        }
        return paragraphs
    }

    private var facts: [String] {
        let rules = property.column.rules
        var facts: [String] = []
        if let table = property.column.referencedTable { facts.append("Refers to a record of `\(table)`.") }
        if let minimum = rules.minimum { facts.append("At least \(KeyTextForDocs.text(minimum)).") }
        if let maximum = rules.maximum { facts.append("At most \(KeyTextForDocs.text(maximum)).") }
        if let minimum = rules.minimumLength { facts.append("At least \(amount(minimum)).") }
        if let maximum = rules.maximumLength { facts.append("At most \(amount(maximum)).") }
        return facts
    }

    private func amount(_ count: Int) -> String {
        let unit =
            switch property.column.valueType {
            case .string: "character"
            case .bytes: "byte"
            default: "element"
            }
        return "\(count) \(unit)\(count == 1 ? "" : "s")"
    }
}

/// A bound as documentation shows it.
private enum KeyTextForDocs {
    static func text(_ value: Value) -> String {
        switch ValueJSON.value(value) {
        case .string(let text): text
        case let json: json.description
        }
    }
}
