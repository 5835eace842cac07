import Cairn
import Foundation

/// Cairn's record codec against Foundation's coders with the code the compiler makes for `Codable`.
struct JSONSuite {
    let rows: Rows
    let runner: Runner

    init(rows: Rows, rounds: Int, only: String?) {
        self.rows = rows
        runner = Runner(suite: "json", rounds: rounds, only: only)
    }

    /// The same record as a person would write it for Foundation, with times as the texts they become: a `Date` would cost it
    /// more and lose microseconds.
    private struct Plain: Codable, Equatable {
        let id: String
        let title: String
        let author: String
        let city: String
        let note: String
        let quantity: Int
        let rank: Int
        let price: Double
        let isOpen: Bool
        let seenAt: String
        let revision: Int
        let createdAt: String
        let updatedAt: String

        private enum CodingKeys: String, CodingKey {
            case id, title, author, city, note, quantity, rank, price
            case isOpen = "is_open"
            case seenAt = "seen_at"
            case revision = "_revision"
            case createdAt = "_created_at"
            case updatedAt = "_updated_at"
        }

        init(_ item: Item) {
            id = item.id.value
            title = item.title
            author = item.author
            city = item.city
            note = item.note
            quantity = item.quantity
            rank = item.rank
            price = item.price
            isOpen = item.isOpen
            seenAt = item.seenAt.description
            revision = item.revision
            createdAt = item.createdAt.description
            updatedAt = item.updatedAt.description
        }
    }

    func run() async throws -> [Measurement] {
        let items = rows.items
        let plain = items.map(Plain.init)
        let bench = try await Bench.open("memory:")
        let codec = bench.items.jsonCodec
        let texts = items.map(codec.encode)
        let data = texts.map { Data($0) }
        let encoder = JSONEncoder()
        let decoder = JSONDecoder()
        // Both must mean the same; the bytes differ, in the order of members and in `12.0`.
        guard try data.map({ try decoder.decode(Plain.self, from: $0) }) == plain else {
            throw ResultMismatch(description: "json: Foundation reads something else than Cairn wrote")
        }
        return try await runner.run([
            Comparison(
                name: "encode \(items.count) records of \(texts.first?.count ?? 0) bytes", unit: "record",
                count: items.count, limit: 0.2,
                baseline: { try plain.reduce(0) { $0 + (try encoder.encode($1).isEmpty ? 0 : 1) } },
                cairn: { items.reduce(0) { $0 + (codec.encode($1).isEmpty ? 0 : 1) } }),
            Comparison(
                name: "decode \(items.count) records", unit: "record", count: items.count, limit: 0.2,
                baseline: { try data.reduce(0) { $0 + (try decoder.decode(Plain.self, from: $1).quantity) } },
                cairn: { try texts.reduce(0) { $0 + (try codec.decode($1).quantity) } }),
        ])
    }
}
