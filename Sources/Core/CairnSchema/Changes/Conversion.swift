/// What the values of a new column are made from: `convert` in a schema file.
///
/// It is about a change and not about data: it counts where the column is new to a store, stores do not hold it with their schema,
/// and it is no part of the schema's id. Names are those of the schema before.
package struct Conversion: Sendable, Hashable {
    /// Where a value comes from.
    package enum Source: Sendable, Hashable {
        /// `{"from": "price"}`: a column.
        case column(String)
        /// `{"join": ["first", "last"], "with": " "}`: the texts of columns, with a text between them; null ones are left out.
        case joined([String], with: String)
        /// `{"split": "name", "at": " ", "part": 1, "parts": 2}`: a part of a text, from 1, or from -1 at the end. The last of `parts` has
        /// all the rest.
        case part(Int, of: String, at: String, parts: Int?)
        /// `{"lookup": "iso", "in": "countries", "where": "name", "is": "country_name"}`: what the record of another table has that has
        /// the value of a column in one in which no two have the same.
        case lookup(String, in: String, where: String, is: String)
    }

    /// Where a value comes from.
    package let source: Source
    /// `values`: what is stored for each text of the source; nil where it is taken as it is.
    package let values: JSONObject?
    /// `otherwise`: what a record gets whose source gives no value; nil where such a record stands in the way.
    package let otherwise: JSONValue?
    /// `exact`: whether only a value will do from which that of the column it is made from could be made again.
    package let isExact: Bool

    /// The columns it reads.
    package var columns: [String] {
        switch source {
        case .column(let name), .part(_, let name, _, _), .lookup(_, _, _, let name): [name]
        case .joined(let names, _): names
        }
    }

    /// The same one of columns that have other names.
    package func reading(_ name: (String) -> String) -> Conversion {
        let renamed: Source =
            switch source {
            case .column(let column): .column(name(column))
            case .joined(let columns, let separator): .joined(columns.map(name), with: separator)
            case .part(let part, let column, let separator, let parts):
                .part(part, of: name(column), at: separator, parts: parts)
            case .lookup(let result, let table, let unique, let column):
                .lookup(result, in: table, where: unique, is: name(column))
            }
        return Conversion(renamed, values, otherwise, isExact: isExact)
    }

    /// The same value in another type: what a column gets that takes another type.
    package init(exactly column: String) {
        self.init(.column(column), nil, nil, isExact: true)
    }

    private init(_ source: Source, _ values: JSONObject?, _ otherwise: JSONValue?, isExact: Bool) {
        self.source = source
        self.values = values
        self.otherwise = otherwise
        self.isExact = isExact
    }

    /// The most columns that are joined, and the most values that are looked up.
    package static let limit = 1000

    // MARK: JSON

    /// What is wrong with one, in words that go on a sentence about it.
    package struct Mistake: Error, Hashable {
        package let message: String
        package let remedy: String?

        init(_ message: String, remedy: String? = nil) {
            self.message = message
            self.remedy = remedy
        }
    }

    /// Reads one.
    package init(_ value: JSONValue) throws(Mistake) {
        guard case .object(let members) = value else { throw Mistake("is an object", remedy: Conversion.forms) }
        source = try Conversion.source(members)
        if let values = members["values"] {
            guard case .object(let table) = values, !table.members.isEmpty, table.members.count <= Conversion.limit
            else {
                throw Mistake(
                    "has 'values' that are no object with up to \(Conversion.limit) members",
                    remedy: "write what is stored for each text, like {\"a\": \"active\"}")
            }
            self.values = table
        } else {
            values = nil
        }
        otherwise = members["otherwise"]
        switch members["exact"] {
        case nil, .bool(false)?: isExact = false
        case .bool(true)? where values == nil: isExact = true
        default: throw Mistake("has as 'exact' true or false, and not beside 'values'", remedy: Conversion.forms)
        }
    }

    private static let forms =
        "write {\"from\": \"column\"}, {\"join\": [\"column\", \"column\"], \"with\": \" \"}, {\"split\": \"column\", \"at\": \" \", \"part\": 1} or {\"lookup\": \"what it has\", \"in\": \"table\", \"where\": \"its column\", \"is\": \"column\"}"

    private static func source(_ members: JSONObject) throws(Mistake) -> Source {
        let given = ["from", "join", "split", "lookup"].filter { members[$0] != nil }
        guard given.count == 1, let form = given.first else {
            throw Mistake("has exactly one of 'from', 'join', 'split', 'lookup'", remedy: forms)
        }
        let known = [form, "values", "otherwise"] + (parts[form] ?? [])
        if let other = members.members.first(where: { !known.contains($0.name) }) {
            throw Mistake(
                "has no member '\(other.name)' beside '\(form)'",
                remedy: NearestName.hint(other.name, among: known) ?? "the members are \(known.joined(separator: ", "))"
            )
        }
        switch form {
        case "from": return .column(try text("from", members))
        case "join": return .joined(try names(members), with: members["with"] == nil ? "" : try text("with", members))
        case "lookup":
            return .lookup(
                try text("lookup", members), in: try text("in", members), where: try text("where", members),
                is: try text("is", members))
        default: return try part(members)
        }
    }

    /// The members that go with a source.
    private static let parts = [
        "from": ["exact"], "join": ["with"], "split": ["at", "part", "parts"], "lookup": ["in", "where", "is"],
    ]

    private static func text(_ name: String, _ members: JSONObject) throws(Mistake) -> String {
        guard case .string(let text)? = members[name] else { throw Mistake("has a text as '\(name)'", remedy: forms) }
        return text
    }

    private static func names(_ members: JSONObject) throws(Mistake) -> [String] {
        guard case .array(let elements)? = members["join"], !elements.isEmpty, elements.count <= limit else {
            throw Mistake("has a list of columns as 'join'", remedy: forms)
        }
        var names: [String] = []
        for element in elements {
            guard case .string(let name) = element else {
                throw Mistake("has a list of columns as 'join'", remedy: forms)
            }
            names.append(name)
        }
        return names
    }

    private static func part(_ members: JSONObject) throws(Mistake) -> Source {
        let separator = try text("at", members)
        guard !separator.isEmpty else { throw Mistake("has a text as 'at' that is not empty", remedy: forms) }
        guard case .int(let part)? = members["part"], part != 0, (-limit...limit).contains(part) else {
            throw Mistake(
                "has a number as 'part'",
                remedy: "1 is the first part, 2 the second; -1 is the last, -2 the one before it")
        }
        var parts: Int?
        if let given = members["parts"] {
            guard case .int(let count) = given, (2...limit).contains(count), (-count...count).contains(part) else {
                throw Mistake(
                    "has a number as 'parts', from 2 and not below 'part'",
                    remedy: "it says into how many parts a text is split at most; the last one has the rest")
            }
            parts = count
        }
        return .part(part, of: try text("split", members), at: separator, parts: parts)
    }

    /// The JSON it is read from.
    package var value: JSONValue {
        var object = JSONObject([])
        switch source {
        case .column(let name): object["from"] = .string(name)
        case .joined(let names, let separator):
            object["join"] = .array(names.map(JSONValue.string))
            object["with"] = .string(separator)
        case .part(let number, let name, let separator, let parts):
            object["split"] = .string(name)
            object["at"] = .string(separator)
            object["part"] = .int(number)
            object["parts"] = parts.map(JSONValue.int)
        case .lookup(let result, let table, let unique, let column):
            object["lookup"] = .string(result)
            object["in"] = .string(table)
            object["where"] = .string(unique)
            object["is"] = .string(column)
        }
        object["values"] = values.map(JSONValue.object)
        object["otherwise"] = otherwise
        if isExact { object["exact"] = true }
        return .object(object)
    }
}
