import CairnSchema

/// Says how the schema of a store differs from the program's.
///
/// It compares the canonical forms, whose digests are the ids: whatever makes two ids differ is found, and nothing that does
/// not count is reported.
struct SchemaMismatch {
    let held: Schema
    let wanted: Schema
    /// The store, for the message.
    let location: String

    /// How many differences a message lists.
    private static let listed = 8

    var error: StorageError { error(because: nil) }

    /// - Parameter reason: Why the store is not changed though the program asked for it.
    func error(because reason: String?) -> StorageError {
        let found = differences
        let rest = found.count - SchemaMismatch.listed
        let list =
            found.prefix(SchemaMismatch.listed).joined(separator: ", ") + (rest > 0 ? ", and \(rest) more" : "")
        return StorageError(
            .schemaMismatch,
            "\(location) holds schema \(held.id.short) of database '\(held.database)', the program has \(wanted.id.short) of '\(wanted.database)': \(list)"
                + (reason.map { ". It is not changed while it is opened: \($0)" } ?? ""),
            remedy:
                "'cairn migrate plan --from STORE --to SCHEMA-FILE' shows how the store would be changed and 'cairn migrate apply' does it; or use the program and schema file the store was made with, or another store"
        )
    }

    /// All differences: tables that only one has, then what differs inside of the others.
    var differences: [String] {
        let held = held.canonicalValue
        let wanted = wanted.canonicalValue
        let tables = Members(held["tables"], wanted["tables"])
        let windows = self.held.window.map {
            ["programs of the schemas \($0.old.id.short) and \($0.new.id.short) use the store at once"]
        }
        var found = windows ?? []
        found += tables.onlyHeld.map { "the program lacks table '\($0)'" }
        found += tables.onlyWanted.map { "the store lacks table '\($0)'" }
        found += tables.changed.flatMap { table in tableDifferences(table.name, table.held, table.wanted) }
        for member in Members(held, wanted).all where member.name != "tables" && member.name != "window" {
            found.append(declaredOtherwise("'\(member.name)' of the schema", member.held, member.wanted))
        }
        return found
    }

    private func tableDifferences(_ name: String, _ held: JSONValue, _ wanted: JSONValue) -> [String] {
        var found = parts("column", "columns", of: name, held, wanted)
        found += parts("index", "indexes", of: name, held, wanted)
        let others = Members(held, wanted).all.filter { !["columns", "indexes"].contains($0.name) }
        for member in others {
            found.append(declaredOtherwise("'\(member.name)' of '\(name)'", member.held, member.wanted))
        }
        return found
    }

    /// The differences among the columns or the indexes of a table.
    private func parts(
        _ what: String, _ member: String, of table: String, _ held: JSONValue, _ wanted: JSONValue
    ) -> [String] {
        let members = Members(held[member], wanted[member])
        return members.onlyHeld.map { "the program lacks \(what) '\($0)' of '\(table)'" }
            + members.onlyWanted.map { "the store lacks \(what) '\($0)' of '\(table)'" }
            + members.changed.map { declaredOtherwise("\(what) '\($0.name)' of '\(table)'", $0.held, $0.wanted) }
    }

    private func declaredOtherwise(_ what: String, _ held: JSONValue?, _ wanted: JSONValue?) -> String {
        let (held, wanted) = SchemaMismatch.texts(held, wanted)
        return "\(what) is \(held) in the store and \(wanted) in the program"
    }

    // MARK: Texts

    /// The longest declaration that is shown whole.
    private static let longestText = 160

    /// Two declarations as they are shown: whole where they are short, else only what differs in them.
    private static func texts(_ held: JSONValue?, _ wanted: JSONValue?) -> (String, String) {
        let whole = (text(held), text(wanted))
        guard max(whole.0.count, whole.1.count) > longestText, let held, let wanted else { return cut(whole) }
        return cut((text(without(wanted, in: held)), text(without(held, in: wanted))))
    }

    /// What one value has and the other has not: a long enum comes down to the values that differ.
    private static func without(_ other: JSONValue, in value: JSONValue) -> JSONValue {
        switch (value, other) {
        case (.object(let object), .object(let others)):
            .object(
                JSONObject(
                    object.members.compactMap { member in
                        guard let other = others[member.name] else { return member }
                        if other == member.value { return nil }
                        return JSONObject.Member(name: member.name, value: without(other, in: member.value))
                    }))
        case (.array(let elements), .array(let others)):
            // The same elements in another order differ by their order alone.
            Set(elements) == Set(others) ? value : .array(elements.filter { !others.contains($0) } + ["…"])
        default: value
        }
    }

    private static func text(_ value: JSONValue?) -> String { value?.description ?? "not declared" }

    private static func cut(_ texts: (String, String)) -> (String, String) {
        func cut(_ text: String) -> String {
            text.count > longestText ? text.prefix(longestText) + "…" : text
        }
        return (cut(texts.0), cut(texts.1))
    }
}

/// The members of two JSON objects by name, in the order of the names.
private struct Members {
    /// The members that are not the same in both; nil where one has none.
    let all: [(name: String, held: JSONValue?, wanted: JSONValue?)]

    init(_ held: JSONValue?, _ wanted: JSONValue?) {
        let names = [held, wanted].flatMap { value -> [String] in
            if case .object(let object)? = value { object.members.map(\.name) } else { [] }
        }
        all = Set(names).sorted(by: Utf8.isLess).compactMap { name in
            let pair = (name: name, held: held?[name], wanted: wanted?[name])
            return pair.held == pair.wanted ? nil : pair
        }
    }

    var onlyHeld: [String] { all.filter { $0.wanted == nil }.map(\.name) }
    var onlyWanted: [String] { all.filter { $0.held == nil }.map(\.name) }

    /// The members both have, each otherwise.
    var changed: [(name: String, held: JSONValue, wanted: JSONValue)] {
        all.compactMap { member in
            guard let held = member.held, let wanted = member.wanted else { return nil }
            return (member.name, held, wanted)
        }
    }
}
