import CairnSchema

/// JSON as the command prints it: members in a chosen order, which `JSONValue` would sort.
enum JSONText {
    /// What `body` writes, a member a line, for the output.
    static func pretty(_ body: (inout JSONWriter) -> Void) -> String {
        text(indent: 2, body)
    }

    /// What `body` writes, in one line, for the error output.
    static func compact(_ body: (inout JSONWriter) -> Void) -> String {
        text(indent: 0, body)
    }

    private static func text(indent: Int, _ body: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter(indent: indent)
        body(&writer)
        return writer.text
    }

    /// An object, for the output.
    static func object(_ members: [(String, JSONValue)]) -> String {
        pretty { writer in
            writer.object { writer in
                for (name, value) in members { writer.member(name, value) }
            }
        }
    }
}

extension JSONWriter {
    /// Writes a member.
    mutating func member(_ name: String, _ value: JSONValue) {
        self.name(name)
        write(value)
    }

    /// Writes a member that is an array with an object for each element.
    mutating func members<Element>(
        _ name: String, _ elements: [Element], _ body: (Element, inout JSONWriter) -> Void
    ) {
        self.name(name)
        objects(elements, body)
    }

    /// Writes an array with an object for each element.
    mutating func objects<Element>(_ elements: [Element], _ body: (Element, inout JSONWriter) -> Void) {
        array { writer in
            for element in elements {
                writer.element()
                writer.object { writer in body(element, &writer) }
            }
        }
    }
}
