/// Writes `areEqual` and `hash(into:)` by what is stored: strings by their bytes.
struct EqualityEmitter {
    let types: TypeSpelling

    /// - Parameter hashed: What identifies a value; nil: all properties.
    func write(
        _ properties: [PropertyModel], of type: String, hashing hashed: [PropertyModel]?, _ code: inout CodeWriter
    ) {
        code.line()
        code.doc("Whether both have the same values; strings are compared by their bytes.")
        code.block(
            "public static func areEqual(_ left: \(type), _ right: \(type)) -> \(types.standard("Bool"))"
        ) { code in
            for (index, property) in properties.enumerated() {
                // A function and no operator, and a condition of a guard each: both take the compiler less time.
                let term = "\(types.cairn("ColumnEquality")).equal(left.\(property.name), right.\(property.name))"
                code.line((index == 0 ? "guard " : "    ") + term + (index == properties.count - 1 ? "" : ","))
            }
            code.line("else { return false }")
            code.line("return true")
        }
        code.line()
        code.doc("Feeds the hasher \(hashed == nil ? "all values" : "what identifies the record").")
        code.block("public func hash(into hasher: inout \(types.standard("Hasher")))") { code in
            for property in hashed ?? properties {
                let name = reach(property.name, beside: "hasher")
                let isText = property.type == .standard("String") && !property.isNullable
                code.line(
                    isText ? "\(types.cairn("Utf8")).hash(\(name), into: &hasher)" : "hasher.combine(\(name))")
            }
        }
    }
}
