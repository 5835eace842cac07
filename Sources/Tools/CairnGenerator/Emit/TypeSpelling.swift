/// Spells the names of types in one place of a generated file.
///
/// Cairn's types carry a module selector (`Cairn::Repository`), because the module the file goes into may have types of the
/// same names. Swift's own carry one only where the schema itself hides them: a table `strings` makes a type `String` at the
/// top of the file, a column `string` with an enum makes one inside its entity, and so does a projection `String`.
struct TypeSpelling {
    /// The module that is imported: `Cairn`, or `CairnCore`.
    let module: String
    /// Names that the schema gives another meaning where the spelling is used.
    private var hidden: Set<String>
    /// The entity whose body the spelling is for; nil at the top of the file.
    private var scope: String?

    init(module: String, _ model: DatabaseModel) {
        self.module = module
        hidden = Set(
            model.entities.map(\.typeName) + [model.typeName, model.transactionName, model.snapshotName])
    }

    /// The spelling in the body of an entity.
    func inside(_ entity: EntityModel) -> TypeSpelling {
        var inner = self
        inner.hidden.formUnion(entity.nestedTypes)
        inner.scope = entity.typeName
        return inner
    }

    /// Whether the schema gives a name another meaning where the spelling is used.
    func isHidden(_ name: String) -> Bool { hidden.contains(name) }

    func cairn(_ name: String) -> String { "\(module)::\(name)" }

    func standard(_ name: String) -> String { hidden.contains(name) ? "Swift::\(name)" : name }

    func spell(_ type: SwiftType) -> String {
        switch type {
        case .standard(let name): standard(name)
        case .cairn(let name): cairn(name)
        case .uuid: cairn("UUID")
        case .bytes: "[\(standard("UInt8"))]"
        case .array(let element): "[\(spell(element))]"
        case .enumeration(let name, let entity): entity == scope ? name : "\(entity).\(name)"
        case .identifier(let entity): identifier(of: entity)
        }
    }

    /// The identifier type of an entity.
    func identifier(of entity: String) -> String { entity == scope ? "ID" : "\(entity).ID" }

    /// The type of a property, with `?` where it may be null.
    func spell(_ property: PropertyModel) -> String {
        spell(property.type) + (property.isNullable ? "?" : "")
    }
}

/// A property where names of the surrounding function may hide it: `row`, or `self.row` in a function with a `row`.
func reach(_ property: String, beside locals: String...) -> String {
    locals.contains(property) ? "self.\(property)" : property
}
