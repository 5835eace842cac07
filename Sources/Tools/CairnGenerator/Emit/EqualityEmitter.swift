/// Writes `==` and `hash(into:)` by what is stored: strings by their bytes.
struct EqualityEmitter {
    let types: TypeSpelling

    /// The most terms joined by `&&`: the compiler's time to check one expression grows with them.
    private static let joinedTerms = 6

    func write(
        _ properties: [PropertyModel], of type: String, hashing hashed: [PropertyModel], _ code: inout CodeWriter
    ) {
        code.line()
        code.doc("Whether both have the same values; strings are compared by their bytes.")
        code.block("public static func == (left: \(type), right: \(type)) -> \(types.standard("Bool"))") { code in
            writeComparison(properties.map(equal), &code)
        }
        code.line()
        code.doc("Feeds the hasher what identifies the record.")
        code.block("public func hash(into hasher: inout \(types.standard("Hasher")))") { code in
            for property in hashed {
                let name = reach(property.name, beside: "hasher")
                let isText = property.type == .standard("String")
                code.line(
                    isText ? "\(types.cairn("Utf8")).hash(\(name), into: &hasher)" : "hasher.combine(\(name))")
            }
        }
    }

    private func writeComparison(_ terms: [String], _ code: inout CodeWriter) {
        guard terms.count > EqualityEmitter.joinedTerms else {
            code.line(terms[0])
            return code.indented { code in
                for term in terms.dropFirst() { code.line("&& \(term)") }
            }
        }
        // Each condition of a guard is checked by itself.
        for (index, term) in terms.enumerated() {
            let text = (index == 0 ? "guard " : "    ") + term
            code.line(text + (index == terms.count - 1 ? "" : ","))
        }
        code.line("else { return false }")
        code.line("return true")
    }

    private func equal(_ property: PropertyModel) -> String {
        let name = property.name
        let isText = property.type == .standard("String") || property.type == .array(.standard("String"))
        return isText
            ? "\(types.cairn("ColumnEquality")).equal(left.\(name), right.\(name))" : "left.\(name) == right.\(name)"
    }
}
