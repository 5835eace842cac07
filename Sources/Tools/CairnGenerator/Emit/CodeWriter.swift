/// Writes Swift text line by line, with indentation.
struct CodeWriter {
    private(set) var lines: [String] = []
    private var depth = 0

    /// The text, with a line break at the end.
    var text: String { lines.joined(separator: "\n") + "\n" }

    /// Writes a line; an empty one has no indentation.
    mutating func line(_ text: String = "") {
        lines.append(text.isEmpty ? "" : String(repeating: "    ", count: depth) + text)
    }

    /// Writes `head {`, what `body` writes, and `}`.
    mutating func block(_ head: String, _ body: (inout CodeWriter) -> Void) {
        line(head + " {")
        depth += 1
        body(&self)
        depth -= 1
        line("}")
    }

    /// Writes lines one level deeper.
    mutating func indented(_ body: (inout CodeWriter) -> Void) {
        depth += 1
        body(&self)
        depth -= 1
    }

    /// Writes a documentation comment, wrapped at 110 columns; paragraphs are separated by an empty line.
    mutating func doc(_ paragraphs: String...) {
        doc(paragraphs)
    }

    mutating func doc(_ paragraphs: [String]) {
        var isFirst = true
        for paragraph in paragraphs.flatMap({ $0.split(separator: "\n") }) {
            if !isFirst { line("///") }
            isFirst = false
            var current = ""
            for word in paragraph.split(separator: " ") {
                if !current.isEmpty, current.utf8.count + word.utf8.count > 110 - 4 * depth {
                    line("/// \(current)")
                    current = ""
                }
                current += current.isEmpty ? String(word) : " \(word)"
            }
            if !current.isEmpty { line("/// \(current)") }
        }
    }
}

/// Spells the names of types in one generated file.
///
/// Cairn's types carry a module selector (`Cairn::Repository`), because the module the file goes into may have types of the
/// same names. Swift's own carry one only where the schema itself hides them.
struct TypeSpelling {
    /// The module that is imported: `Cairn`, or `CairnCore`.
    let module: String
    /// Types that the generated file declares at its top level.
    private let declared: Set<String>

    init(module: String, _ model: DatabaseModel) {
        self.module = module
        declared = Set(
            model.entities.map(\.typeName) + [model.typeName, model.transactionName, model.snapshotName])
    }

    func cairn(_ name: String) -> String { "\(module)::\(name)" }

    func standard(_ name: String) -> String { declared.contains(name) ? "Swift::\(name)" : name }

    /// A type inside the entity `entity`, whose nested types may hide others.
    func spell(_ type: SwiftType, in entity: EntityModel) -> String {
        switch type {
        case .standard(let name):
            entity.enums.contains { $0.name == name } ? "Swift::\(name)" : standard(name)
        case .cairn(let name): cairn(name)
        case .uuid: cairn("UUID")
        case .bytes: "[\(standard("UInt8"))]"
        case .array(let element): "[\(spell(element, in: entity))]"
        case .enumeration(let name): name
        case .identifier(let name): name == entity.typeName ? "ID" : "\(name).ID"
        }
    }

    /// The type of a property, with `?` where it may be null.
    func spell(_ property: PropertyModel, in entity: EntityModel) -> String {
        spell(property.type, in: entity) + (property.isNullable ? "?" : "")
    }
}

/// A Swift string literal.
func swiftLiteral(_ text: String) -> String {
    var literal = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": literal += "\\\""
        case "\\": literal += "\\\\"
        case "\n": literal += "\\n"
        case "\r": literal += "\\r"
        case "\t": literal += "\\t"
        case "\0": literal += "\\0"
        case _ where scalar.value < 0x20 || scalar.value == 0x7F: literal += "\\u{\(String(scalar.value, radix: 16))}"
        default: literal.unicodeScalars.append(scalar)
        }
    }
    return literal + "\""
}
