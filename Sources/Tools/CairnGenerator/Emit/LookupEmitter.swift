import CairnSchema

/// Writes `find(by…)` for a unique index.
struct LookupEmitter {
    let entity: EntityModel
    /// The spelling at the top of the file: the functions are not in the entity.
    let types: TypeSpelling
    let aliases: [ItemAlias]

    func write(_ lookup: LookupModel, _ code: inout CodeWriter) {
        let names = lookup.parts.map { "`\($0.column.name)`" }.joined(separator: " and ")
        code.line()
        // The angle brackets look names up in the file. In a `where` clause `Item` would be the repository's own.
        code.block("extension \(types.cairn("ReadableRepository"))<\(entity.typeName)>") { code in
            code.doc(
                "The record with \(lookup.parts.count == 1 ? "this" : "these") \(names), by the unique index `\(lookup.index.name)`; nil when there is none."
            )
            let parameters = lookup.parts.enumerated().map { index, part in
                let label = index == 0 ? "by" + Naming.upperCamelCase(part.column.name) + " " : ""
                return "\(label)\(part.name): \(spell(part))"
            }
            let values = lookup.parts.map { "(\($0.column.position), \($0.name).columnValue)" }
            code.block(
                "nonisolated(nonsending) public func find(\(parameters.joined(separator: ", "))) async throws -> \(entity.typeName)?"
            ) { code in
                let find = lookup.parts.contains { $0.name == "findUnique" } ? "self.findUnique" : "findUnique"
                code.line("try await \(find)(\(values.joined(separator: ", ")))")
            }
        }
    }

    private func spell(_ part: PropertyModel) -> String { types.spell(part.type, besideRepositoryOf: entity, aliases) }
}
