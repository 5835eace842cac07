import CairnCore
import CairnSchema
import ObjectStores
import Testing

@testable import ObjectStorage

/// Rows of a number and a text, as most tests write and read them.
enum Rows {
    static let schema = """
        { "database": "rows", "tables": { "rows": { "columns": { "id": "int", "value": "int", "text": "string?" }, "key": "id",
        "indexes": { "by_value": ["value"] } } } }
        """

    static func open(
        _ objects: any ObjectStore, schema: String = Rows.schema, _ machine: Surroundings = .machine(),
        _ options: ObjectStorageOptions = ObjectStorageOptions()
    ) async throws -> Store {
        try await Store.open(
            ObjectStorage.open(objects, options, surroundings: machine), schema: Schema(parsing: schema))
    }
}

extension Store {
    func insertRow(_ id: Int, _ value: Int = 0, text: String? = nil) async throws {
        _ = try await session.write([
            .insert(schema.tables[0], [.int(id), .int(value), text.map(Value.string) ?? .null])
        ])
    }

    func setRow(_ id: Int, _ value: Int) async throws {
        _ = try await session.write([.upsert(schema.tables[0], [.int(id), .int(value), .null])])
    }

    /// The value of a row; nil when there is none.
    func row(_ id: Int) async throws -> Int? {
        var value: Int?
        try await session.get(schema.tables[0], Key(.int(id))) { value = try $0.int(1) }
        return value
    }

    /// The values of all rows by id, read by the key or in the order of the values.
    func allRows(byValue: Bool = false) async throws -> [Int: Int] {
        var rows: [Int: Int] = [:]
        let order = byValue ? [OrderTerm(column: 1)] : []
        try await session.read(Query(schema.tables[0], order: order)) { row in
            rows[try row.int(0)] = try row.int(1)
            return true
        }
        return rows
    }
}

/// Fails the test unless `body` throws a storage error of a code that says what a person can do; gives it back.
@discardableResult
func expectRemedy(
    _ code: StorageError.Code, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async throws -> StorageError {
    let error = await #expect(throws: StorageError.self, comment, sourceLocation: sourceLocation) { try await body() }
    let found = try #require(error, comment, sourceLocation: sourceLocation)
    #expect(found.code == code, "\(comment.map { "\($0): " } ?? "")\(found)", sourceLocation: sourceLocation)
    #expect(found.remedy?.isEmpty == false, "nothing can be done about: \(found)", sourceLocation: sourceLocation)
    return found
}
