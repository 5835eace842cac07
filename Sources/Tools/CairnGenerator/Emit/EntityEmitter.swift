import CairnSchema

/// Writes one entity: the struct, its identifier, enums and columns, and its lookups.
struct EntityEmitter {
    let entity: EntityModel
    let types: TypeSpelling
    let schemaID: String

    func write(_ code: inout CodeWriter) {
        code.doc(entity.table.doc ?? "One record of the table `\(entity.table.name)`.")
        code.block("public struct \(entity.typeName): \(types.cairn("Entity"))") { code in
            IdentifierEmitter(entity: entity, types: types).write(&code)
            for enumeration in entity.enums { writeEnum(enumeration, &code) }
            writeProperties(&code)
            writeInitializer(&code)
            writeIdentity(&code)
            writeRow(&code)
            EqualityEmitter(types: types).write(
                entity.properties, of: entity.typeName, hashing: entity.identifier.parts, &code)
            CodingEmitter(entity: entity, types: types).write(&code)
            writeColumns(&code)
        }
        for lookup in entity.lookups { LookupEmitter(entity: entity, types: types).write(lookup, &code) }
    }

    // MARK: Enums

    private func writeEnum(_ enumeration: EnumModel, _ code: inout CodeWriter) {
        code.line()
        code.doc("The values of `\(enumeration.column.name)`.")
        code.block("public enum \(enumeration.name): \(types.standard("String")), \(types.cairn("ColumnEnum"))") {
            code in
            for (name, text) in enumeration.cases {
                code.doc("`\(text)`.")
                let spelled = Naming.reservedWords.contains(name) ? "`\(name)`" : name
                code.line("case \(spelled)" + (Utf8.equal(name, text) ? "" : " = \(swiftLiteral(text))"))
            }
        }
    }

    // MARK: Properties

    private func writeProperties(_ code: inout CodeWriter) {
        code.line()
        for property in entity.properties {
            code.doc(PropertyDoc(property).paragraphs)
            let keyword = property.isKey ? "let" : "var"
            code.line("public \(keyword) \(property.name): \(types.spell(property, in: entity))")
        }
        code.line()
        code.doc("1 after the insert, one more after each update; 0 while it was never stored.")
        code.line("public private(set) var revision = 0")
        code.doc("When it was inserted; 1970 while it was never stored.")
        code.line("public private(set) var createdAt = \(types.cairn("Timestamp")).epoch")
        code.doc("When this revision was written; 1970 while it was never stored.")
        code.line("public private(set) var updatedAt = \(types.cairn("Timestamp")).epoch")
    }

    private func writeInitializer(_ code: inout CodeWriter) {
        let defaults = DefaultEmitter(entity: entity, types: types)
        code.line()
        code.doc("A record that is not stored yet.")
        let parameters = entity.properties.map { property in
            let value = defaults.expression(property).map { " = \($0)" } ?? ""
            return "\(property.name): \(types.spell(property, in: entity))\(value)"
        }
        writeFunction("public init", parameters, &code) { code in
            for property in entity.properties { code.line("self.\(property.name) = \(property.name)") }
        }
    }

    /// Writes a function, its parameters on one line if they fit.
    private func writeFunction(
        _ head: String, _ parameters: [String], _ code: inout CodeWriter, _ body: (inout CodeWriter) -> Void
    ) {
        let short = "\(head)(\(parameters.joined(separator: ", ")))"
        if short.utf8.count <= 100 { return code.block(short, body) }
        code.line("\(head)(")
        code.indented { code in
            for (index, parameter) in parameters.enumerated() {
                code.line(parameter + (index == parameters.count - 1 ? "" : ","))
            }
        }
        code.block(")", body)
    }

    // MARK: Identity

    private func writeIdentity(_ code: inout CodeWriter) {
        let parts = entity.identifier.parts
        if parts.map(\.name) != ["id"] {
            code.line()
            code.doc("What identifies the record.")
            let id =
                parts.count == 1
                ? parts[0].name : "ID(\(parts.map { "\($0.name): \($0.name)" }.joined(separator: ", ")))"
            code.line("public var id: ID { \(id) }")
        }
        code.line()
        code.doc("The place of its table in the schema.")
        code.line("public static var tablePosition: \(types.standard("Int")) { \(entity.table.position) }")
        code.doc("The schema it was generated from.")
        code.line("public static var schemaID: \(types.standard("String")) { \(swiftLiteral(schemaID)) }")
        code.doc("The columns, for queries.")
        code.line("public static var columns: Columns { Columns() }")
    }

    // MARK: Rows

    private func writeRow(_ code: inout CodeWriter) {
        code.line()
        code.doc("Reads a row of the table.")
        code.block("public init(row: \(types.cairn("RowReader"))) throws") { code in
            for property in entity.properties { code.line("\(property.name) = \(read(property))") }
            code.line("revision = row.revision")
            code.line("createdAt = row.createdAt")
            code.line("updatedAt = row.updatedAt")
        }
        code.line()
        code.doc("Writes the declared columns, in the order of the schema.")
        code.block("public func write(to row: inout \(types.cairn("RowWriter")))") { code in
            for property in entity.properties { code.line("row.write(\(property.name))") }
        }
        code.line()
        code.doc("The same record, as the store now has it.")
        code.block("public func stored(as metadata: \(types.cairn("RecordMetadata"))) -> \(entity.typeName)") { code in
            code.line("var copy = self")
            code.line("copy.revision = metadata.revision")
            code.line("copy.createdAt = metadata.createdAt")
            code.line("copy.updatedAt = metadata.updatedAt")
            code.line("return copy")
        }
    }

    private func read(_ property: PropertyModel) -> String {
        let position = property.column.position
        guard case .identifier(let name) = property.type else {
            return readPlain(property.type, position, property.isNullable)
        }
        let type = name == entity.typeName ? "ID" : "\(name).ID"
        let value = readValue(of: property, position)
        return property.isNullable ? "\(value).map { \(type)($0) }" : "\(type)(\(value))"
    }

    /// Reads what an identifier is made from; a reference may lead to a key that is a reference itself.
    private func readValue(of property: PropertyModel, _ position: Int) -> String {
        if property.isKey, entity.identifier.parts.count == 1, let valueType = entity.identifier.valueType,
            case .identifier(let name) = valueType
        {
            return "\(name).ID(\(readPlain(SwiftType(property.column.valueType), position, false)))"
        }
        if property.isKey, entity.identifier.parts.count == 1, case .enumeration? = entity.identifier.valueType {
            return readPlain(entity.identifier.valueType ?? property.type, position, false)
        }
        return readPlain(SwiftType(property.column.valueType), position, property.isNullable)
    }

    private func readPlain(_ type: SwiftType, _ position: Int, _ isNullable: Bool) -> String {
        func call(_ name: String) -> String {
            let method = isNullable ? "optional" + name.prefix(1).uppercased() + name.dropFirst() : name
            return "try row.\(method)(\(position)"
        }
        return switch type {
        case .standard("Int"): call("int") + ")"
        case .standard("Double"): call("double") + ")"
        case .standard("Bool"): call("bool") + ")"
        case .standard: call("string") + ")"
        case .uuid: isNullable ? "try row.optionalUUID(\(position))" : "try row.uuid(\(position))"
        case .bytes: call("bytes") + ")"
        case .cairn("Timestamp"): call("timestamp") + ")"
        case .cairn("CalendarDate"): call("date") + ")"
        case .cairn("DecimalNumber"): call("decimal") + ")"
        case .cairn: isNullable ? "try row.optionalJSON(\(position))" : "try row.json(\(position))"
        case .array(let element): call("array") + ", of: \(types.spell(element, in: entity)).self)"
        case .enumeration(let name): call("enumeration") + ", \(name).self)"
        case .identifier: call("string") + ")"
        }
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
                let type = types.cairn("TypedColumn") + "<\(types.spell(property, in: entity))>"
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
        var paragraphs = [column.doc ?? "The column `\(column.name)`."]
        let facts = facts
        if !facts.isEmpty { paragraphs.append(facts.joined(separator: " ")) }
        if let deprecation = column.deprecation { paragraphs.append("- Warning: Deprecated: \(deprecation)") }
        return paragraphs
    }

    private var facts: [String] {
        let rules = property.column.rules
        var facts: [String] = []
        if let table = property.column.referencedTable { facts.append("Refers to a record of `\(table)`.") }
        if let minimum = rules.minimum { facts.append("At least \(KeyTextForDocs.text(minimum)).") }
        if let maximum = rules.maximum { facts.append("At most \(KeyTextForDocs.text(maximum)).") }
        if let minimum = rules.minimumLength { facts.append("At least \(minimum) \(unit).") }
        if let maximum = rules.maximumLength { facts.append("At most \(maximum) \(unit).") }
        return facts
    }

    private var unit: String {
        switch property.column.valueType {
        case .string: "characters"
        case .bytes: "bytes"
        default: "elements"
        }
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
