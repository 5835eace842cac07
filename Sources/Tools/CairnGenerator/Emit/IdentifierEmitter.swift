import CairnSchema

/// Writes the identifier type of an entity.
struct IdentifierEmitter {
    let entity: EntityModel
    let types: TypeSpelling

    func write(_ code: inout CodeWriter) {
        if let valueType = entity.identifier.valueType {
            writeSingle(valueType, &code)
        } else {
            writeComposite(&code)
        }
    }

    private func writeSingle(_ valueType: SwiftType, _ code: inout CodeWriter) {
        let column = entity.identifier.parts[0].column.name
        let conformance =
            switch valueType {
            case .standard("Int"): "IntIdentifier"
            case .standard("String"): "StringIdentifier"
            default: "ColumnIdentifier"
            }
        let type = types.spell(valueType, in: entity)
        code.doc("Identifies one record of `\(entity.table.name)`: a value of `\(column)`.")
        code.block("public struct ID: \(types.cairn(conformance))") { code in
            code.doc("The value of `\(column)`.")
            code.line("public let value: \(type)")
            code.line()
            code.doc("The record with this `\(column)`.")
            code.block("public init(_ value: \(type))") { $0.line("self.value = value") }
        }
    }

    private func writeComposite(_ code: inout CodeWriter) {
        let parts = entity.identifier.parts
        code.doc("Identifies one record of `\(entity.table.name)` by the \(parts.count) columns of its key.")
        code.block("public struct ID: \(types.cairn("EntityIdentifier"))") { code in
            for part in parts {
                code.doc("The value of `\(part.column.name)`.")
                code.line("public let \(part.name): \(types.spell(part.type, in: entity))")
            }
            code.line()
            code.doc("The record with these values.")
            let parameters = parts.map { "\($0.name): \(types.spell($0.type, in: entity))" }.joined(separator: ", ")
            code.block("public init(\(parameters))") { code in
                for part in parts { code.line("self.\(part.name) = \(part.name)") }
            }
            code.line()
            code.doc("The values in the order of the key.")
            let rest = parts.dropFirst().map { "\($0.name).columnValue" }.joined(separator: ", ")
            code.block("public var key: \(types.cairn("Key"))") { code in
                code.line("\(types.cairn("Key"))(\(parts[0].name).columnValue, [\(rest)])")
            }
            EqualityEmitter(types: types).write(parts, of: "ID", hashing: parts, &code)
        }
    }
}

/// Writes `==` and `hash(into:)` by what is stored: strings by their bytes.
struct EqualityEmitter {
    let types: TypeSpelling

    func write(
        _ properties: [PropertyModel], of type: String, hashing hashed: [PropertyModel], _ code: inout CodeWriter
    ) {
        code.line()
        code.doc("Whether both have the same values; strings are compared by their bytes.")
        code.block("public static func == (left: \(type), right: \(type)) -> \(types.standard("Bool"))") { code in
            for (index, property) in properties.enumerated() {
                let term = equal(property)
                if index == 0 { code.line(term) } else { code.indented { $0.line("&& \(term)") } }
            }
        }
        code.line()
        code.doc("Feeds the hasher what identifies the record.")
        code.block("public func hash(into hasher: inout \(types.standard("Hasher")))") { code in
            for property in hashed {
                let isText = property.type == .standard("String")
                code.line(
                    isText
                        ? "\(types.cairn("Utf8")).hash(\(property.name), into: &hasher)"
                        : "hasher.combine(\(property.name))")
            }
        }
    }

    private func equal(_ property: PropertyModel) -> String {
        let name = property.name
        let isText = property.type == .standard("String") || property.type == .array(.standard("String"))
        return isText
            ? "\(types.cairn("ColumnEquality")).equal(left.\(name), right.\(name))" : "left.\(name) == right.\(name)"
    }
}
