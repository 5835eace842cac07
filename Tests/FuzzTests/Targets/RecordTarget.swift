import Cairn
import CairnSchema

@testable import Simulation

/// Records as JSON, of a table with a column of every type: with generated code, and without.
///
/// Both accept the same texts. A record that was accepted is written and read back the same, metadata too, always in the same
/// bytes.
struct RecordTarget: FuzzTarget {
    private let table: Table
    private let codec: JSONRecordCodec<Sample>
    private let json: RecordJSON
    private let samples: SampleMaker

    let words: [String]

    init() throws {
        table = try Everything.schema.tables[0]
        words =
            table.columns.map { "\"\($0.name)\":" } + [
                "\"_revision\":1", "\"_created_at\":\"2026-11-20T15:06:01Z\"", "\"_updated_at\":", ",\"text\":\"a\"",
                "\"0198f3c2-0000-7000-8000-00000000000a\"", "\"2026-11-20\"", "\"AP8=\"", "\"9.90\"", "\"draft\"",
                "[null]",
            ]
        codec = JSONRecordCodec(table)
        json = RecordJSON(table)
        samples = SampleMaker(table)
    }

    func make(_ random: inout SeededRandom) -> [UInt8]? {
        var writer = JSONWriter()
        let metadata = RecordMetadata(revision: random.below(3), createdAt: .epoch, updatedAt: .max)
        json.write(samples.values(&random), metadata, to: &writer)
        return writer.bytes
    }

    func check(_ input: [UInt8]) throws {
        let typed = try Expected.result { try codec.decode(input) }
        let plain = try Expected.result {
            do {
                var scanner = try JSONScanner(input)
                let read = try json.read(&scanner)
                try scanner.end()
                return read
            }
        }
        try hold((typed == nil) == (plain == nil), "generated code and plain values do not accept the same")
        guard let typed, let plain else { return }
        let bytes = codec.encode(typed)
        let again = try codec.decode(bytes)
        try hold(again == typed, "it is read back otherwise")
        try hold(
            again.revision == typed.revision && again.createdAt == typed.createdAt
                && again.updatedAt == typed.updatedAt,
            "its metadata is read back otherwise")
        try hold(codec.encode(again) == bytes, "it has a second text")
        var writer = JSONWriter()
        json.write(plain.values, plain.metadata, to: &writer)
        // A key that was not given is made anew each time.
        if plain.values[0] == .uuid(typed.id.value) {
            try hold(writer.bytes == bytes, "generated code and plain values do not write the same")
        }
    }
}

/// Makes the values of records.
struct SampleMaker: Sendable {
    let table: Table

    init(_ table: Table) {
        self.table = table
    }

    /// Values of the columns' types, now and then null; nothing about bounds.
    func values(_ random: inout SeededRandom) -> [Value] {
        table.columns.map { column in
            if column.isNullable, random.chance(40) { return .null }
            if case .enumeration(let cases) = column.type { return .string(random.pick(cases, else: "")) }
            return EdgeValues.make(column.valueType, &random)
        }
    }
}
