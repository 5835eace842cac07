import CairnSchema

/// Writes how an entity is encoded and decoded: by the column names, metadata with a leading underscore.
struct CodingEmitter {
    let entity: EntityModel
    let types: TypeSpelling

    private static let metadata = [
        ("revision", "_revision", "Int"), ("createdAt", "_created_at", "Timestamp"),
        ("updatedAt", "_updated_at", "Timestamp"),
    ]

    func write(_ code: inout CodeWriter) {
        code.line()
        code.block("private enum CodingKeys: \(types.standard("String")), \(types.standard("CodingKey"))") { code in
            for property in entity.properties {
                let isSame = property.name == property.column.name
                code.line("case \(property.name)" + (isSame ? "" : " = \(swiftLiteral(property.column.name))"))
            }
            for (name, key, _) in CodingEmitter.metadata { code.line("case \(name) = \"\(key)\"") }
        }
        writeDecoding(&code)
        writeEncoding(&code)
    }

    private func writeDecoding(_ code: inout CodeWriter) {
        let defaults = DefaultEmitter(types: types)
        code.line()
        code.doc("Decodes a record; what is missing gets its default.")
        code.block("public init(from decoder: any \(types.standard("Decoder"))) throws") { code in
            code.line("let container = try decoder.container(keyedBy: CodingKeys.self)")
            for property in entity.properties {
                let type = types.spell(property.type)
                let key = "forKey: .\(property.name)"
                let name = reach(property.name, beside: "decoder", "container")
                switch defaults.expression(property) {
                case nil: code.line("\(name) = try container.decodeColumn(\(type).self, \(key))")
                case "nil" where property.isNullable:
                    code.line("\(name) = try container.decodeColumnIfPresent(\(type).self, \(key))")
                case let value?:
                    let missing = property.isNullable ? "nil" : value
                    let decoded = "try container.decodeColumnIfPresent(\(type).self, \(key))"
                    // A nullable column that is present and null stays null; only a missing one gets the default.
                    code.line(
                        property.isNullable
                            ? "\(name) = container.contains(.\(property.name)) ? \(decoded) : \(value)"
                            : "\(name) = \(decoded) ?? \(missing)")
                }
            }
            for (name, _, type) in CodingEmitter.metadata {
                let spelled = type == "Int" ? types.standard(type) : types.cairn(type)
                let missing = type == "Int" ? "0" : ".epoch"
                code.line("\(name) = try container.decodeIfPresent(\(spelled).self, forKey: .\(name)) ?? \(missing)")
            }
        }
    }

    private func writeEncoding(_ code: inout CodeWriter) {
        code.line()
        code.doc("Encodes the columns by their names, and the metadata.")
        code.block("public func encode(to encoder: any \(types.standard("Encoder"))) throws") { code in
            code.line("var container = encoder.container(keyedBy: CodingKeys.self)")
            for property in entity.properties {
                let name = reach(property.name, beside: "encoder", "container")
                code.line("try container.encodeColumn(\(name), forKey: .\(property.name))")
            }
            for (name, _, _) in CodingEmitter.metadata {
                code.line("try container.encode(\(name), forKey: .\(name))")
            }
        }
    }
}
