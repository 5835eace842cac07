import CairnSchema

/// Writes the default of a column as a Swift expression.
struct DefaultEmitter {
    let entity: EntityModel
    let types: TypeSpelling

    /// The expression; nil when a value must be given.
    func expression(_ property: PropertyModel) -> String? {
        switch property.column.defaultValue {
        case .literal(let value): expression(value, property.type)
        case .now: property.column.valueType == .date ? ".today" : ".now"
        case .uuid: wrapped(".version7()", property.type)
        case nil: property.isNullable ? "nil" : isArray(property) ? "[]" : nil
        }
    }

    private func isArray(_ property: PropertyModel) -> Bool {
        if case .array = property.column.valueType { return true }
        return false
    }

    /// An identifier is made from its value.
    private func wrapped(_ expression: String, _ type: SwiftType) -> String {
        guard case .identifier(let name) = type else { return expression }
        return name == entity.typeName ? "ID(\(expression))" : "\(name).ID(\(expression))"
    }

    private func expression(_ value: Value, _ type: SwiftType) -> String {
        if case .identifier = type { return wrapped(literal(value), type) }
        if case .enumeration(let name) = type, case .string(let text) = value {
            let enumeration = entity.enums.first { $0.name == name }
            let found = enumeration?.cases.first { Utf8.equal($0.text, text) }?.name ?? text
            return ".\(found)"
        }
        return literal(value)
    }

    private func literal(_ value: Value) -> String {
        let literals = types.cairn("GeneratedLiteral")
        return switch value {
        case .null: "nil"
        case .bool(let bool): bool ? "true" : "false"
        case .int(let int): String(int)
        case .double(let double): double.description
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
}
