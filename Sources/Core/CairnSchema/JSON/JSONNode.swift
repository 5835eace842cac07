/// A JSON value with the place where it stands, for files whose errors name a line and a column.
package struct JSONNode: Sendable {
    /// What stands there.
    package enum Content: Sendable {
        case null
        case bool(Bool)
        case number(JSONNumber)
        case string(String)
        case array([JSONNode])
        /// Members in file order; a repeated name stands here twice, for the reader to report.
        case object([JSONMember])
    }

    package let content: Content
    /// The offset of its first byte.
    package let offset: Int

    package init(_ content: Content, at offset: Int) {
        self.content = content
        self.offset = offset
    }

    /// Reads a whole document.
    /// - Throws: `JSONError` at the first byte that cannot be part of one.
    package static func parse(_ bytes: [UInt8], syntax: JSONSyntax) throws(JSONError) -> JSONNode {
        var scanner = try JSONScanner(bytes, syntax: syntax)
        let node = try JSONNode(&scanner, depth: 0)
        try scanner.end()
        return node
    }

    /// How many arrays and objects are inside one another, itself counted.
    var depth: Int {
        switch content {
        case .null, .bool, .number, .string: 0
        case .array(let elements): 1 + (elements.lazy.map(\.depth).max() ?? 0)
        case .object(let members): 1 + (members.lazy.map(\.value.depth).max() ?? 0)
        }
    }

    /// The JSON type, with its article, for messages.
    package var kind: String {
        switch content {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// One member of a JSON object.
package struct JSONMember: Sendable {
    package let name: String
    package let nameOffset: Int
    package let value: JSONNode

    package init(name: String, nameOffset: Int, value: JSONNode) {
        self.name = name
        self.nameOffset = nameOffset
        self.value = value
    }
}

extension JSONNode {
    private init(_ scanner: inout JSONScanner, depth: Int) throws(JSONError) {
        let first = try scanner.peek()
        let offset = scanner.offset
        switch first {
        case UInt8(ascii: "{"):
            self.init(.object(try JSONNode.members(&scanner, depth: depth)), at: offset)
        case UInt8(ascii: "["):
            self.init(.array(try JSONNode.elements(&scanner, depth: depth)), at: offset)
        case UInt8(ascii: "\""):
            self.init(.string(try scanner.string()), at: offset)
        case UInt8(ascii: "-"), .some(0x30...0x39):
            self.init(.number(try scanner.number()), at: offset)
        default:
            self.init(try scanner.literal().map(Content.bool) ?? .null, at: offset)
        }
    }

    private static func members(_ scanner: inout JSONScanner, depth: Int) throws(JSONError) -> [JSONMember] {
        var members: [JSONMember] = []
        try scanner.eachMember(depth: depth) { (name, nameOffset, scanner) throws(JSONError) in
            let value = try JSONNode(&scanner, depth: depth + 1)
            members.append(JSONMember(name: name, nameOffset: nameOffset, value: value))
        }
        return members
    }

    private static func elements(_ scanner: inout JSONScanner, depth: Int) throws(JSONError) -> [JSONNode] {
        var elements: [JSONNode] = []
        try scanner.eachElement(depth: depth) { (scanner) throws(JSONError) in
            elements.append(try JSONNode(&scanner, depth: depth + 1))
        }
        return elements
    }
}

extension JSONScanner {
    /// Walks an object; `body` reads each member's value.
    package mutating func eachMember(
        depth: Int, _ body: (_ name: String, _ nameOffset: Int, inout JSONScanner) throws(JSONError) -> Void
    ) throws(JSONError) {
        try open(.object, depth: depth)
        var isFirst = true
        while try hasNext(.object, isFirst: isFirst) {
            isFirst = false
            let nameOffset = offset
            let name = try string()
            try expect(UInt8(ascii: ":"), "':' after the name of a member")
            try body(name, nameOffset, &self)
        }
    }

    /// Walks an array; `body` reads each element.
    package mutating func eachElement(
        depth: Int, _ body: (inout JSONScanner) throws(JSONError) -> Void
    ) throws(JSONError) {
        try open(.array, depth: depth)
        var isFirst = true
        while try hasNext(.array, isFirst: isFirst) {
            isFirst = false
            try body(&self)
        }
    }
}
