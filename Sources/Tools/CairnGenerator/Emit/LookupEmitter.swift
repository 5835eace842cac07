import CairnSchema

/// Writes `find(by…)` for a unique index.
struct LookupEmitter {
    let entity: EntityModel
    /// The spelling at the top of the file: the functions are not in the entity.
    let types: TypeSpelling

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

    private func spell(_ part: PropertyModel) -> String {
        if let alias = ItemAlias(entity), part.type == ItemAlias.target { return "\(entity.typeName).\(alias.name)" }
        return types.spell(part.type)
    }
}

/// Another name for the identifier of an entity called `Item`.
///
/// In an extension of a repository `Item` is the entity of the repository, whatever else is called so. A table of items is
/// too common to be refused, and so is a unique index with a reference to it.
struct ItemAlias {
    /// The alias, nested in the entity that refers to the items.
    let name: String

    static let target = SwiftType.identifier("Item")

    /// Nil when the entity needs none.
    init?(_ entity: EntityModel) {
        guard entity.typeName != "Item",
            entity.lookups.contains(where: { $0.parts.contains { $0.type == ItemAlias.target } })
        else { return nil }
        var name = "ItemID"
        while entity.enums.contains(where: { $0.name == name }) { name += "entifier" }
        self.name = name
    }

    func write(_ code: inout CodeWriter) {
        code.line()
        code.doc("Identifies a record of `Item`, where that name means something else.")
        code.line("public typealias \(name) = Item.ID")
    }
}
