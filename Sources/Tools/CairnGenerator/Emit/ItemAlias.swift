import CairnSchema

/// Another name for an entity called `Item`, or for a type of it.
///
/// In an extension of a repository `Item` is the entity of the repository, whatever else is called so. A table of items is
/// too common to be refused, and so is a unique index with a reference to it, a query that compares one, or a table that items refer
/// to.
struct ItemAlias {
    /// The alias, nested in the entity whose repository names the type.
    let name: String
    /// The type; nil: the entity itself.
    let type: SwiftType?
    /// Whether it stands beside the entity, in which `Item` is an enum or a projection.
    let isOutside: Bool

    /// Those an entity needs.
    /// - Parameter types: The spelling, which knows the names of all entities: an alias hides none of them.
    static func all(of entity: EntityModel, _ types: TypeSpelling) -> [ItemAlias] {
        guard entity.typeName != "Item" else { return [] }
        var named = entity.lookups.flatMap { $0.parts.map(\.type) }
        for query in entity.queries {
            named += query.parameters.map(\.type)
            named += (query.selection?.items ?? []).map(\.type)
        }
        // In the entity an alias would hide what else it names.
        var taken = Set(entity.nestedTypes + entity.properties.flatMap(\.identifiers))
        let isOutside = entity.nestedTypes.contains("Item")
        // No name of a table becomes one with a `_` in it.
        let prefix = isOutside ? "\(entity.typeName)_" : ""
        var aliases: [ItemAlias] = []
        for type in named.map(\.innermost) where !aliases.contains(where: { $0.type == type }) {
            guard let short = ItemAlias.name(of: type) else { continue }
            var name = prefix + short
            while types.isHidden(name) || !taken.insert(name).inserted { name += "entifier" }
            aliases.append(ItemAlias(name: name, type: type, isOutside: isOutside))
        }
        if entity.referrals.contains(where: { $0.table.entity == "Item" }) {
            var name = prefix + "ItemRecord"
            while types.isHidden(name) || !taken.insert(name).inserted { name += "Type" }
            aliases.append(ItemAlias(name: name, type: nil, isOutside: isOutside))
        }
        return aliases
    }

    private static func name(of type: SwiftType) -> String? {
        switch type {
        case .identifier("Item"): "ItemID"
        case .enumeration(let name, of: "Item"): "Item\(name)"
        default: nil
        }
    }

    /// The spelling in an extension of the repositories of an entity.
    func spelled(besideRepositoryOf entity: EntityModel) -> String { isOutside ? name : "\(entity.typeName).\(name)" }

    func write(_ code: inout CodeWriter) {
        code.line()
        switch type {
        case nil:
            code.doc("A record of `Item`, where that name means something else.")
            code.line("public typealias \(name) = Item")
        case .enumeration(let name, _):
            code.doc("A value of `Item.\(name)`, where that name means something else.")
            code.line("public typealias \(self.name) = Item.\(name)")
        default:
            code.doc("Identifies a record of `Item`, where that name means something else.")
            code.line("public typealias \(name) = Item.ID")
        }
    }
}

extension TypeSpelling {
    /// The spelling in an extension of the repositories of an entity.
    /// - Parameter aliases: Those of the entity.
    func spell(_ type: SwiftType, besideRepositoryOf entity: EntityModel, _ aliases: [ItemAlias]) -> String {
        if case .array(let element) = type { return "[\(spell(element, besideRepositoryOf: entity, aliases))]" }
        guard let alias = aliases.first(where: { $0.type == type }) else { return spell(type) }
        return alias.spelled(besideRepositoryOf: entity)
    }
}

extension SwiftType {
    /// The type of the elements of a list, of any other type itself.
    fileprivate var innermost: SwiftType {
        if case .array(let element) = self { return element.innermost }
        return self
    }
}
