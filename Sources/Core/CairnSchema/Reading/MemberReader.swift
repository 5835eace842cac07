/// Reads the members of one JSON object of a schema or configuration file and reports every one that is wrong.
///
/// Members are asked for by name; `finish` then reports those nobody knows, with the nearest known name.
package struct MemberReader {
    package let node: JSONNode
    /// What the object is, for messages: "table 'cities'".
    package let what: String
    private var members: [(member: JSONMember, isRead: Bool)] = []
    private var known: [String] = []

    /// Opens an object; reports anything else and gives nil.
    package init?(_ node: JSONNode, _ what: String, _ diagnostics: inout DiagnosticCollector) {
        guard case .object(let members) = node.content else {
            diagnostics.error("schema.type", at: node.offset, "\(what) is an object, found \(node.kind)")
            return nil
        }
        self.node = node
        self.what = what
        var seen: Set<[UInt8]> = []
        for member in members {
            if seen.insert(Array(member.name.utf8)).inserted {
                self.members.append((member, false))
            } else {
                diagnostics.error(
                    "schema.duplicate", at: member.nameOffset, "\(what) has the member '\(member.name)' twice",
                    remedy: "keep one of them")
            }
        }
    }

    /// All members, for objects whose names are data.
    package var all: [JSONMember] { members.map(\.member) }

    /// The value of a member, whatever it is.
    package mutating func take(_ name: String) -> JSONNode? {
        known.append(name)
        guard let index = members.firstIndex(where: { Utf8.equal($0.member.name, name) }) else { return nil }
        members[index].isRead = true
        return members[index].member.value
    }

    /// The value of a member that this version refuses. It is read to be refused by name, and never offered.
    package mutating func takeRefused(_ name: String) -> JSONNode? {
        let value = take(name)
        known.removeLast()
        return value
    }

    /// A member that is text.
    package mutating func string(_ name: String, _ diagnostics: inout DiagnosticCollector) -> (
        text: String, offset: Int
    )? {
        guard let value = take(name) else { return nil }
        if case .string(let text) = value.content { return (text, value.offset) }
        wrongType(name, "a string", value, &diagnostics)
        return nil
    }

    /// A member that is true or false; false when it is not there.
    package mutating func bool(_ name: String, _ diagnostics: inout DiagnosticCollector) -> Bool {
        guard let value = take(name) else { return false }
        if case .bool(let bool) = value.content { return bool }
        wrongType(name, "true or false", value, &diagnostics)
        return false
    }

    /// A member that is a length.
    package mutating func length(_ name: String, _ diagnostics: inout DiagnosticCollector) -> (value: Int, offset: Int)?
    {
        guard let value = take(name) else { return nil }
        if case .number(let number) = value.content, let int = number.int, int >= 0 { return (int, value.offset) }
        wrongType(name, "an integer from 0", value, &diagnostics)
        return nil
    }

    /// A member that is a list of texts.
    package mutating func strings(
        _ name: String, _ diagnostics: inout DiagnosticCollector
    ) -> [(text: String, offset: Int)]? {
        guard let value = take(name) else { return nil }
        return MemberReader.strings(value, "'\(name)' of \(what)", &diagnostics)
    }

    /// A node that is a list of texts; reports the elements that are not.
    package static func strings(
        _ node: JSONNode, _ what: String, _ diagnostics: inout DiagnosticCollector
    ) -> [(text: String, offset: Int)]? {
        guard case .array(let elements) = node.content else {
            diagnostics.error("schema.type", at: node.offset, "\(what) is an array of strings, found \(node.kind)")
            return nil
        }
        var texts: [(String, Int)] = []
        for element in elements {
            if case .string(let text) = element.content {
                texts.append((text, element.offset))
            } else {
                diagnostics.error(
                    "schema.type", at: element.offset, "\(what) is an array of strings, found \(element.kind) in it")
            }
        }
        return texts
    }

    /// Reports the members nobody asked for.
    package func finish(_ diagnostics: inout DiagnosticCollector) {
        for (member, isRead) in members where !isRead {
            diagnostics.error(
                "schema.unknown_member", at: member.nameOffset, "\(what) has no member '\(member.name)'",
                remedy: NearestName.hint(member.name, among: known)
                    ?? "the members are \(known.joined(separator: ", "))")
        }
    }

    private func wrongType(
        _ name: String, _ expected: String, _ value: JSONNode, _ diagnostics: inout DiagnosticCollector
    ) {
        diagnostics.error("schema.type", at: value.offset, "'\(name)' of \(what) is \(expected), found \(value.kind)")
    }
}
