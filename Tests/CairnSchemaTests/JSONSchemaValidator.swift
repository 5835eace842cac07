import CairnSchema

/// Checks JSON against a JSON Schema: the keywords `cairn.schema.json` uses, and an error for any other, so that none is
/// ignored by mistake.
struct JSONSchemaValidator {
    private let root: JSONValue

    init(_ schema: JSONValue) {
        root = schema
    }

    /// What is wrong with a value, each with its path; empty when nothing is.
    func errors(in value: JSONValue) throws -> [String] {
        try errors(value, against: root, at: "")
    }

    struct UnknownKeyword: Error {
        let name: String
    }

    private func errors(_ value: JSONValue, against schema: JSONValue, at path: String) throws -> [String] {
        guard case .object(let keywords) = schema else { return [] }
        var errors: [String] = []
        for keyword in keywords.members {
            errors += try check(value, keyword.name, keyword.value, schema, path)
        }
        return errors
    }

    private func check(
        _ value: JSONValue, _ keyword: String, _ argument: JSONValue, _ schema: JSONValue, _ path: String
    ) throws -> [String] {
        switch (keyword, argument) {
        case ("$schema", _), ("$defs", _), ("title", _), ("description", _), ("properties", _): return []
        case ("$ref", .string(let reference)): return try errors(value, against: resolve(reference), at: path)
        case ("type", .string(let name)): return fail(!isType(value, name), "is no \(name)", path)
        case ("type", .array(let names)):
            return fail(!names.contains { isType(value, text($0)) }, "is none of \(names)", path)
        case ("enum", .array(let values)): return fail(!values.contains(value), "is none of \(values)", path)
        case ("required", .array(let names)):
            guard case .object(let object) = value else { return [] }
            return names.filter { object[text($0)] == nil }.map { "\(path): \($0) is missing" }
        case ("additionalProperties", _): return try checkMembers(value, argument, schema, path)
        case ("propertyNames", _):
            guard case .object(let object) = value else { return [] }
            return try object.members.flatMap {
                try errors(.string($0.name), against: argument, at: "\(path)/\($0.name)")
            }
        case ("items", _):
            guard case .array(let elements) = value else { return [] }
            return try elements.enumerated().flatMap {
                try errors($0.element, against: argument, at: "\(path)/\($0.offset)")
            }
        case ("anyOf", .array(let options)):
            return fail(try matches(value, options, path) == 0, "matches no option", path)
        case ("oneOf", .array(let options)):
            return fail(try matches(value, options, path) != 1, "matches not one option", path)
        case ("pattern", .string(let pattern)):
            guard case .string(let text) = value else { return [] }
            return fail(try text.firstMatch(of: Regex(pattern)) == nil, "'\(text)' does not match \(pattern)", path)
        case ("minimum", .int(let minimum)):
            if case .int(let int) = value { return fail(int < minimum, "is less than \(minimum)", path) }
            return []
        case ("minLength", .int(let count)):
            return fail(length(value).map { $0 < count } ?? false, "is too short", path)
        case ("maxLength", .int(let count)): return fail(length(value).map { $0 > count } ?? false, "is too long", path)
        case ("minItems", .int(let count)):
            return fail(elements(value).map { $0.count < count } ?? false, "has too few", path)
        case ("maxItems", .int(let count)):
            return fail(elements(value).map { $0.count > count } ?? false, "has too many", path)
        case ("uniqueItems", .bool(true)):
            return fail(elements(value).map { Set($0).count != $0.count } ?? false, "repeats an element", path)
        case ("minProperties", .int(let count)):
            return fail(members(value).map { $0 < count } ?? false, "has too few", path)
        case ("maxProperties", .int(let count)):
            return fail(members(value).map { $0 > count } ?? false, "has too many", path)
        default: throw UnknownKeyword(name: keyword)
        }
    }

    private func checkMembers(
        _ value: JSONValue, _ additional: JSONValue, _ schema: JSONValue, _ path: String
    ) throws -> [String] {
        guard case .object(let object) = value else { return [] }
        var found: [String] = []
        for member in object.members {
            if let property = schema["properties"]?[member.name] {
                found += try errors(member.value, against: property, at: "\(path)/\(member.name)")
            } else if additional == false {
                found.append("\(path): '\(member.name)' is not known")
            } else {
                found += try errors(member.value, against: additional, at: "\(path)/\(member.name)")
            }
        }
        return found
    }

    private func matches(_ value: JSONValue, _ options: [JSONValue], _ path: String) throws -> Int {
        try options.filter { try errors(value, against: $0, at: path).isEmpty }.count
    }

    private func resolve(_ reference: String) -> JSONValue {
        reference.split(separator: "/").dropFirst().reduce(root) { $0[String($1)] ?? false }
    }

    private func fail(_ isWrong: Bool, _ message: String, _ path: String) -> [String] {
        isWrong ? ["\(path): \(message)"] : []
    }

    private func isType(_ value: JSONValue, _ name: String) -> Bool {
        switch (name, value) {
        case ("object", .object), ("array", .array), ("string", .string), ("boolean", .bool), ("integer", .int),
            ("number", .int),
            ("number", .double), ("null", .null):
            true
        default: false
        }
    }

    private func text(_ value: JSONValue) -> String {
        if case .string(let text) = value { text } else { "" }
    }

    private func length(_ value: JSONValue) -> Int? {
        if case .string(let text) = value { text.unicodeScalars.count } else { nil }
    }

    private func elements(_ value: JSONValue) -> [JSONValue]? {
        if case .array(let elements) = value { elements } else { nil }
    }

    private func members(_ value: JSONValue) -> Int? {
        if case .object(let object) = value { object.members.count } else { nil }
    }
}
