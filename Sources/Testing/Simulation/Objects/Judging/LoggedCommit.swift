import CairnCore

/// A commit record as anybody reads it who knows JSON and the design, and nothing of the driver.
struct LoggedCommit: Sendable {
    /// A record as an operation left it, or found it.
    struct Image: Sendable {
        /// nil: it is deleted.
        let fields: JSONValue?
        let metadata: RecordMetadata
        let commit: Int?
    }

    struct Operation: Sendable {
        let table: String
        let id: String
        let kind: String
        let after: Image
        let before: Image?
    }

    struct Transaction: Sendable {
        let id: String
        let idempotencyKey: String?
        let operations: [Operation]
    }

    let number: Int
    let previous: String
    let commit: String
    let kind: String
    let store: String
    let time: Timestamp
    let transactions: [Transaction]
    /// The names of its parts.
    let parts: [String]
    /// The SHA-256 of its bytes.
    let hash: String

    /// Reads a record.
    /// - Parameter part: The bytes of a part, by its name.
    init(_ bytes: [UInt8], part: (String) -> [UInt8]?) throws {
        let json = try JSONValue(parsing: bytes)
        hash = Hex.encode(SHA256.digest(bytes))
        number = try json.int("seq")
        previous = try json.text("prev")
        commit = try json.text("commit")
        kind = try json.text("kind")
        store = try json.text("store")
        time = try json.time("at")
        var operations: [Operation] = []
        var names: [String] = []
        if case .array(let list)? = json["parts"] {
            for index in list.indices {
                let name = "_parts/main/\(commit)/\(index).json"
                guard let bytes = part(name) else { throw Unreadable("part '\(name)' is missing") }
                operations += try JSONValue(parsing: bytes).list("ops").map(Operation.init)
                names.append(name)
            }
        }
        self.parts = names
        var rest = operations[...]
        transactions = try json.list("transactions").map { transaction in
            var own: [Operation] = []
            if let count = try? transaction.int("count") {
                own = Array(rest.prefix(count))
                rest = rest.dropFirst(count)
            } else {
                own = try transaction.list("ops").map(Operation.init)
            }
            return Transaction(
                id: try transaction.text("id"), idempotencyKey: try? transaction.text("idempotency_key"),
                operations: own)
        }
    }
}

/// JSON that is not what the design says.
struct Unreadable: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension LoggedCommit.Operation {
    init(_ json: JSONValue) throws {
        table = try json.text("table")
        id = try json.text("id")
        kind = try json.text("kind")
        after = try LoggedCommit.Image(try json.member("after"))
        before = try json["before"].map { try LoggedCommit.Image($0) }
    }
}

extension LoggedCommit.Image {
    /// An image in the log, or a record file.
    init(_ json: JSONValue) throws {
        fields = json["fields"]
        if fields == nil, json["deleted"] != .bool(true) { throw Unreadable("an image has no fields: \(json)") }
        metadata = RecordMetadata(
            revision: try json.int("revision"), createdAt: try json.time("created_at"),
            updatedAt: try json.time("updated_at"))
        commit = try? json.int("commit")
    }

    /// One value for each column of a table; nil when it is deleted.
    func values(_ table: Table) throws -> [Value]? {
        guard let fields else { return nil }
        return try table.columns.map { column in
            guard let json = fields[column.name], json != .null else {
                guard column.isNullable else { throw Unreadable("column '\(column.name)' is missing in \(fields)") }
                return .null
            }
            return try LoggedCommit.Image.value(json, column)
        }
    }

    /// The types that the simulation's schema has.
    private static func value(_ json: JSONValue, _ column: Column) throws -> Value {
        switch (column.valueType, json) {
        case (.int, .int(let int)): .int(int)
        case (.string, .string(let text)): .string(text)
        case (.array(.int), .array(let elements)):
            .array(
                try elements.map { element in
                    guard case .int(let int) = element else { throw Unreadable("\(element) is no integer") }
                    return .int(int)
                })
        default: throw Unreadable("column '\(column.name)' holds \(json)")
        }
    }
}

extension JSONValue {
    func member(_ name: String) throws -> JSONValue {
        guard let value = self[name] else { throw Unreadable("'\(name)' is missing") }
        return value
    }

    func int(_ name: String) throws -> Int {
        guard case .int(let int) = try member(name) else { throw Unreadable("'\(name)' is no integer") }
        return int
    }

    func text(_ name: String) throws -> String {
        guard case .string(let text) = try member(name) else { throw Unreadable("'\(name)' is no text") }
        return text
    }

    func list(_ name: String) throws -> [JSONValue] {
        guard case .array(let elements) = try member(name) else { throw Unreadable("'\(name)' is no list") }
        return elements
    }

    func time(_ name: String) throws -> Timestamp {
        guard let time = Timestamp(try text(name)) else { throw Unreadable("'\(name)' is no time") }
        return time
    }
}
