import Cairn
import CairnSchema
import Foundation
import Testing

@testable import CairnCore

/// Generated code at work: every golden on every driver, with records of all kinds.
@Suite("Golden databases")
struct GoldenRunTests {
    static let urls = ["memory:", "sqlite::memory:"]

    @Test("Every golden is compiled and run")
    func complete() throws {
        let compiled = try GoldenDatabase.all.map { try $0.type.schema.database }
        let declared = try Golden.all.map { golden in
            try Schema(parsing: [UInt8](Data(contentsOf: golden.schemaFile)), file: golden.name).database
        }
        #expect(compiled.sorted() == declared.sorted())
        #expect(Set(compiled).count == compiled.count)
    }

    @Test(
        "What is stored comes out as it went in: rows, records, identifiers, JSON, updates",
        arguments: GoldenDatabase.all, urls)
    func roundTrip(_ golden: GoldenDatabase, _ url: String) async throws {
        try await roundTrip(golden.type, url)
    }

    private func roundTrip<Golden: CairnCore.Database>(_ type: Golden.Type, _ url: String) async throws {
        let database = try await Golden.open(url)
        let schema = database.store.schema
        #expect(schema.id.description == Golden.schemaID)
        #expect(Golden.entities.count == schema.tables.count)
        var samples = SampleRecords(seed: 7)
        for table in SampleRecords.order(of: schema) {
            let records = try database.store.records(table.name)
            var stored: [Record] = []
            for _ in 0..<16 {
                guard let record = try samples.record(of: table) else { continue }
                do {
                    stored.append(try await records.insert(record))
                } catch let error as StorageError where error.code == .duplicate {
                    // A key or unique value of few possible ones.
                    continue
                }
                samples.keep(record)
            }
            #expect(!stored.isEmpty, "\(table)")
            try await check(Golden.entities[table.position], stored, records)
            try checkDefaults(Golden.entities[table.position], table, stored)
        }
        try await database.close()
    }

    private func check<Item: Entity>(_ type: Item.Type, _ stored: [Record], _ records: RecordRepository) async throws {
        let table = records.table
        #expect(Item.tablePosition == table.position)
        #expect(Item.schemaID == records.session.schema.id.description)
        let repository = Repository<Item>(records.session)
        let items = try await repository.all()
        #expect(items.count == stored.count, "\(table)")
        for record in stored {
            let item = try #require(items.first { $0.id.key == record.key }, "\(table) \(record.key)")
            #expect(item.values(count: table.columns.count) == record.values)
            #expect(item.revision == 1 && item.createdAt == record.createdAt && item.updatedAt == record.updatedAt)
            let read = try await repository.get(item.id)
            #expect(read == item && read.hashValue == item.hashValue)
            try checkJSON(item)
            let updated = try await repository.update(item)
            #expect(updated == item && updated.revision == 2 && updated.createdAt == item.createdAt)
            let written = try await records.get(record.key)
            #expect(written.values == record.values)
        }
        // Different records are not equal, and neither are their identifiers.
        #expect(Set(items).count == items.count)
        #expect(Set(items.map(\.id)).count == items.count)
        #expect(try await repository.find(items.map(\.id)).count == items.count)
    }

    private func checkJSON<Item: Entity>(_ item: Item) throws {
        let decoded = try JSONDecoder().decode(Item.self, from: try JSONEncoder().encode(item))
        #expect(decoded == item)
        #expect(decoded.revision == item.revision)
        #expect(decoded.createdAt == item.createdAt && decoded.updatedAt == item.updatedAt)
        let id = try JSONDecoder().decode([Item.ID].self, from: try JSONEncoder().encode([item.id]))
        #expect(id == [item.id])
    }

    /// A column that JSON leaves out gets what the schema says, as it does without generated code.
    private func checkDefaults<Item: Entity>(_ type: Item.Type, _ table: Table, _ stored: [Record]) throws {
        let record = try #require(stored.first)
        var given: [String: CairnSchema.Value] = [:]
        for column in table.columns
        where (try? column.valueWhenMissing(in: table)) == nil || table.isKey(column.position) {
            given[column.name] = record.values[column.position]
        }
        let members = given.map { JSONObject.Member(name: $0.key, value: ValueJSON.value($0.value)) }
        let json = Data(JSONValue.object(JSONObject(members)).description.utf8)
        let decoded = try JSONDecoder().decode(Item.self, from: json).values(count: table.columns.count)
        let expected = try Record(table, given).values
        for column in table.columns {
            switch column.defaultValue {
            // Made anew each time.
            case .now, .uuid: #expect(column.valueType.holds(decoded[column.position]))
            default: #expect(decoded[column.position] == expected[column.position], "\(table).\(column.name)")
            }
        }
    }
}
