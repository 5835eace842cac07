import CairnSchema

/// Writes how an entity is read from a row and written to one, by the constant positions of its columns.
struct RowEmitter {
    let entity: EntityModel
    let types: TypeSpelling

    func write(_ code: inout CodeWriter) {
        code.line()
        code.doc("Reads a row of the table.")
        code.block("public init(row: \(types.cairn("RowReader"))) throws") { code in
            // Through the other initialiser, because one that can fail half-way builds the record aside and copies it.
            code.call("try self.init", entity.properties.map { "\($0.name): \(read($0))" })
            code.line("revision = row.revision")
            code.line("createdAt = row.createdAt")
            code.line("updatedAt = row.updatedAt")
        }
        code.line()
        code.doc("Writes the declared columns, in the order of the schema.")
        code.block("public func write(to row: inout \(types.cairn("RowWriter")))") { code in
            for property in entity.properties {
                code.line("row.write(\(reach(property.name, beside: "row")))")
            }
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

    /// The expression that reads a property from `row`.
    func read(_ property: PropertyModel) -> String {
        let value = readPlain(property.value, property.column.position, property.isNullable)
        if property.identifiers.isEmpty { return value }
        let inner = property.isNullable ? "$0" : value
        let made = property.identifiers.reversed().reduce(inner) { "\(types.identifier(of: $1))(\($0))" }
        return property.isNullable ? "\(value).map { \(made) }" : made
    }

    private func readPlain(_ type: SwiftType, _ position: Int, _ isNullable: Bool) -> String {
        func call(_ name: String) -> String {
            let method = isNullable ? "optional" + name.prefix(1).uppercased() + name.dropFirst() : name
            return "row.\(method)(\(position)"
        }
        return switch type {
        case .standard("Int"): call("int") + ")"
        case .standard("Double"): call("double") + ")"
        case .standard("Bool"): call("bool") + ")"
        case .standard: call("string") + ")"
        case .uuid: isNullable ? "row.optionalUUID(\(position))" : "row.uuid(\(position))"
        case .bytes: call("bytes") + ")"
        case .cairn("Timestamp"): call("timestamp") + ")"
        case .cairn("CalendarDate"): call("date") + ")"
        case .cairn("DecimalNumber"): call("decimal") + ")"
        case .cairn: isNullable ? "row.optionalJSON(\(position))" : "row.json(\(position))"
        case .array(let element): call("array") + ", of: \(types.spell(element)).self)"
        case .enumeration: call("enumeration") + ", \(types.spell(type)).self)"
        case .identifier: call("string") + ")"
        }
    }
}
