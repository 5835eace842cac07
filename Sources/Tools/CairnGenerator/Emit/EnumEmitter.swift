import CairnSchema

/// Writes the enum of a column.
struct EnumEmitter {
    let types: TypeSpelling

    func write(_ enumeration: EnumModel, _ code: inout CodeWriter) {
        code.line()
        code.doc("The values of `\(enumeration.column.name)`.")
        code.block("public enum \(enumeration.name): \(types.standard("String")), \(types.cairn("ColumnEnum"))") {
            code in
            for (name, text) in enumeration.cases {
                code.doc("\(DocText.quoted(text)).")
                let spelled = Naming.reservedWords.contains(name) ? "`\(name)`" : name
                code.line("case \(spelled)" + (Utf8.equal(name, text) ? "" : " = \(swiftLiteral(text))"))
            }
        }
    }

    /// A case after a dot, where only two words keep another meaning.
    static func use(_ name: String) -> String { ["self", "init"].contains(name) ? "`\(name)`" : name }
}
