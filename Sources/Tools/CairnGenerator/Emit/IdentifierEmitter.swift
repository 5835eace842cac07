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
        // References lead from the identifier to the record. No table makes a name that begins with `_`, so none is hidden.
        // Inside of an identifier `Value` is the type of its value.
        let isHidden = valueType == .enumeration("Value", of: entity.typeName)
        let type = (isHidden ? "\(entity.typeName)." : "") + types.spell(valueType)
        code.doc("Identifies one record of `\(entity.table.name)`: a value of `\(column)`.")
        code.block("public struct ID: \(types.cairn(conformance))") { code in
            code.doc("The record it identifies.")
            code.line("public typealias _Record = \(entity.typeName)")
            code.line()
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
        code.block("public struct ID: \(types.cairn("EntityIdentifier")), \(types.cairn("ComparedByColumns"))") {
            code in
            for part in parts {
                code.doc("The value of `\(part.column.name)`.")
                code.line("public let \(part.name): \(types.spell(part.type))")
            }
            code.line()
            code.doc("The record with these values.")
            let parameters = parts.map { "\($0.name): \(types.spell($0.type))" }.joined(separator: ", ")
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
