import CairnSchema

/// Writes `find(by…)` for a unique index.
struct LookupEmitter {
    let entity: EntityModel
    let types: TypeSpelling

    func write(_ lookup: LookupModel, _ code: inout CodeWriter) {
        let names = lookup.parts.map { "`\($0.column.name)`" }.joined(separator: " and ")
        code.line()
        code.block("extension \(types.cairn("ReadableRepository")) where Item == \(entity.typeName)") { code in
            code.doc(
                "The record with \(lookup.parts.count == 1 ? "this" : "these") \(names), by the unique index `\(lookup.index.name)`; nil when there is none."
            )
            let parameters = lookup.parts.enumerated().map { index, part in
                let label = index == 0 ? "by" + Naming.upperCamelCase(part.column.name) + " " : ""
                return "\(label)\(part.name): \(types.spell(qualified(part.type), in: entity))"
            }
            let conditions = lookup.parts.map { part in
                "\(types.cairn("TypedColumn"))<\(types.spell(qualified(part.type), in: entity))\(part.isNullable ? "?" : "")>(\(part.column.position)) == \(part.name)"
            }
            code.block(
                "nonisolated(nonsending) public func find(\(parameters.joined(separator: ", "))) async throws -> \(entity.typeName)?"
            ) { code in
                code.line("try await findUnique(\(conditions.joined(separator: " && ")))")
            }
        }
    }

    /// Outside of the entity its nested enums carry its name.
    private func qualified(_ type: SwiftType) -> SwiftType {
        if case .enumeration(let name) = type { return .enumeration("\(entity.typeName).\(name)") }
        return type
    }
}
