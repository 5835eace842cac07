import CairnCore
import CairnSchema

/// A record that another program wrote, in the envelope of DDAO: `id`, `table_name`, `fields`, `created_at`, `updated_at`.
///
/// Everything in it must have a place in a record of Cairn's, or it is refused: the file will be written anew.
struct ForeignRecord: Sendable {
    let values: [Value]
    let createdAt: Timestamp
    let updatedAt: Timestamp

    /// Why a file is no such record.
    struct Unusable: Error {
        let message: String
    }

    /// Reads a file.
    /// - Parameter name: The name of the object.
    /// - Throws: ``Unusable``.
    init(_ bytes: [UInt8], of columns: RecordJSON, name: String, now: Timestamp) throws {
        let members: JSONObject
        do throws(JSONError) {
            guard case .object(let object) = try JSONValue(parsing: bytes) else {
                throw JSONError("it is no object", at: 0)
            }
            members = object
        } catch {
            throw Unusable(message: "it is not what that program writes: \(error)")
        }
        let table = columns.table
        let known = ["id", "table_name", "fields", "created_at", "updated_at"]
        for member in members.members where !known.contains(member.name) {
            throw Unusable(message: "it has a member '\(member.name)', which would be lost")
        }
        guard case .object(var fields)? = members["fields"] else { throw Unusable(message: "it has no 'fields'") }
        if case .string(let found)? = members["table_name"], !Utf8.equal(found, table.name) {
            throw Unusable(message: "it says that it is of table '\(found)'")
        }
        fields = ForeignRecord.renamed(fields, table)
        try ForeignRecord.insertKey(members["id"], table, &fields)
        values = try ForeignRecord.values(fields, columns)
        // The zero of its language stands for no time.
        let created = try ForeignRecord.time("created_at", members)
        let updated = try ForeignRecord.time("updated_at", members)
        createdAt = created ?? updated ?? now
        updatedAt = updated ?? createdAt
    }

    /// The fields under the names of columns: `userName` is that of the column `user_name`.
    private static func renamed(_ fields: JSONObject, _ table: Table) -> JSONObject {
        JSONObject(
            fields.members.map { member in
                let isColumn = table.column(named: member.name) != nil
                let name = isColumn ? member.name : Naming.snakeCase(member.name) ?? member.name
                guard let column = table.column(named: name) else { return member }
                guard column.valueType == .timestamp, case .string(let text) = member.value else {
                    return JSONObject.Member(name: name, value: member.value)
                }
                return JSONObject.Member(name: name, value: .string(ForeignTime.microseconds(text)))
            })
    }

    /// Puts the id beside the fields into the key column, if that is none of them.
    private static func insertKey(_ id: JSONValue?, _ table: Table, _ fields: inout JSONObject) throws {
        guard table.key.count == 1 else { return }
        let column = table.columns[table.key[0]]
        if let value = fields[column.name], value != .null { return }
        guard case .string(let text)? = id else { throw Unusable(message: "it has no 'id'") }
        guard let value = ValueJSON.parse(text, as: column.valueType) else {
            throw Unusable(
                message: "its id '\(text)' is no value of column '\(column.name)' of type \(column.valueType)")
        }
        let others = fields.members.filter { !Utf8.equal($0.name, column.name) }
        fields = JSONObject(others + [JSONObject.Member(name: column.name, value: ValueJSON.value(value))])
    }

    private static func values(_ fields: JSONObject, _ columns: RecordJSON) throws -> [Value] {
        do {
            var scanner = try JSONScanner(Array(JSONValue.object(fields).description.utf8))
            return try columns.readFields(&scanner)
        } catch let error as StorageError {
            throw Unusable(message: error.message)
        } catch {
            throw Unusable(message: "\(error)")
        }
    }

    /// A time beside the fields; nil for none, and for the zero of the program's language.
    private static func time(_ member: String, _ members: JSONObject) throws -> Timestamp? {
        guard let value = members[member], value != .null else { return nil }
        guard case .string(let text) = value, let time = Timestamp(ForeignTime.microseconds(text)) else {
            throw Unusable(message: "its '\(member)' is no time: \(value)")
        }
        return time.date.year > 1 ? time : nil
    }
}

/// Times as other programs write them, with nanoseconds.
package enum ForeignTime {
    /// The text without the digits beyond microseconds, which Cairn's times do not have.
    package static func microseconds(_ text: String) -> String {
        guard let dot = text.utf8.firstIndex(of: UInt8(ascii: ".")) else { return text }
        let fraction = text[text.index(after: dot)...].prefix { $0.isASCII && $0.isNumber }
        guard fraction.utf8.count > 6 else { return text }
        return String(text[...dot]) + String(fraction.prefix(6)) + String(text[fraction.endIndex...])
    }
}
