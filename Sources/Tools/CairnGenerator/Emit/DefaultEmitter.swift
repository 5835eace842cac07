import CairnSchema

/// Writes the default of a column as a Swift expression.
struct DefaultEmitter {
    let types: TypeSpelling

    /// The expression; nil when a value must be given.
    func expression(_ property: PropertyModel) -> String? {
        switch property.column.defaultValue {
        case .literal(let value): identifier(property, around: expression(value, property))
        case .now: identifier(property, around: property.column.valueType == .date ? ".today" : ".now")
        case .uuid: identifier(property, around: ".version7()")
        case nil: property.isNullable ? "nil" : isArray(property) ? "[]" : nil
        }
    }

    private func isArray(_ property: PropertyModel) -> Bool {
        if case .array = property.column.valueType { return true }
        return false
    }

    /// An identifier is made from its value.
    private func identifier(_ property: PropertyModel, around expression: String) -> String {
        property.identifiers.reversed().reduce(expression) { "\(types.identifier(of: $1))(\($0))" }
    }

    private func expression(_ value: Value, _ property: PropertyModel) -> String {
        guard case .enumeration = property.value, case .string(let text) = value else { return literal(value) }
        // Of an optional, `.none` would be nil.
        let type = property.isNullable ? types.spell(property.value) : ""
        return "\(type).\(EnumEmitter.use(EnumModel.caseName(of: text)))"
    }

    func literal(_ value: Value) -> String {
        let literals = types.cairn("GeneratedLiteral")
        return switch value {
        case .null: "nil"
        case .bool(let bool): bool ? "true" : "false"
        case .int(let int): String(int)
        case .double(let double): literal(double)
        case .string(let text): swiftLiteral(text)
        case .bytes(let bytes): "[\(bytes.map { String($0) }.joined(separator: ", "))]"
        case .uuid(let uuid): "\(literals).uuid(\(swiftLiteral(uuid.text)))"
        case .timestamp(let time): "\(literals).timestamp(\(swiftLiteral(time.description)))"
        case .date(let date): "\(literals).date(\(swiftLiteral(date.description)))"
        case .decimal(let decimal): "\(literals).decimal(\(swiftLiteral(decimal.description)))"
        case .json(let json): "\(literals).json(\(swiftLiteral(json.description)))"
        case .array(let elements): "[\(elements.map(literal).joined(separator: ", "))]"
        }
    }

    private func literal(_ double: Double) -> String {
        // The compiler warns of a decimal literal for one of these, because it is never exact.
        double.isSubnormal ? "\(types.standard("Double"))(bitPattern: \(double.bitPattern))" : double.description
    }
}
