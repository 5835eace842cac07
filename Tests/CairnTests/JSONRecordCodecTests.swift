import Cairn
import Foundation
import Testing

@Suite("JSON of records")
struct JSONRecordCodecTests {
    private let codec: JSONRecordCodec<Sample>

    init() throws {
        codec = JSONRecordCodec(try Everything.schema.tables[0])
    }

    private func sample(_ random: inout SampleRandom) -> Sample {
        func some<Element>(_ make: (inout SampleRandom) -> Element) -> [Element] {
            (0..<Int.random(in: 0..<4, using: &random)).map { _ in make(&random) }
        }
        func maybe<Element>(_ make: (inout SampleRandom) -> Element) -> Element? {
            Bool.random(using: &random) ? make(&random) : nil
        }
        return Sample(
            id: Sample.ID(random.uuid()), text: random.text(), textOrNull: maybe { $0.text() },
            texts: some { $0.text() },
            number: random.int(), numberOrNull: maybe { $0.int() }, numbers: some { $0.int() }, real: random.double(),
            realOrNull: maybe { $0.double() }, reals: some { $0.double() }, flag: random.bool(),
            flagOrNull: maybe { $0.bool() }, flags: some { $0.bool() }, raw: random.bytes(),
            rawOrNull: maybe { $0.bytes() }, raws: some { $0.bytes() }, tagOrNull: maybe { $0.uuid() },
            tags: some { $0.uuid() }, time: random.time(), timeOrNull: maybe { $0.time() }, times: some { $0.time() },
            day: random.day(), dayOrNull: maybe { $0.day() }, days: some { $0.day() }, price: random.decimal(),
            priceOrNull: maybe { $0.decimal() }, prices: some { $0.decimal() }, document: random.json(),
            documentOrNull: maybe { ["a": $0.json()] }, documents: some { $0.json() },
            state: random.bool() ? .draft : .inPrint, parent: maybe { Sample.ID($0.uuid()) }
        ).stored(as: RecordMetadata(revision: 7, createdAt: random.time(), updatedAt: random.time()))
    }

    private func sameWithMetadata(_ left: Sample, _ right: Sample) -> Bool {
        left == right && left.revision == right.revision && left.createdAt == right.createdAt
            && left.updatedAt == right.updatedAt
    }

    @Test("A record comes back as it was, and is to Codable what it is to the codec", arguments: 0..<200)
    func roundTrip(_ seed: UInt64) throws {
        var random = SampleRandom(seed)
        let sample = sample(&random)
        let bytes = codec.encode(sample)
        let decoded = try codec.decode(bytes)
        #expect(sameWithMetadata(decoded, sample))
        #expect(codec.encode(decoded) == bytes)
        #expect(sameWithMetadata(try JSONDecoder().decode(Sample.self, from: Data(bytes)), sample))
        #expect(sameWithMetadata(try codec.decode([UInt8](JSONEncoder().encode(sample))), sample))
    }

    @Test("The text has the columns in the order of the schema, then the metadata, and no white space")
    func canonical() throws {
        let id = try #require(UUID(uuidString: "0198F3C2-0000-7000-8000-00000000000A"))
        let sample = Sample(
            id: Sample.ID(id), text: "é\"\\/\n\u{1}😀", number: .min, real: -0.0, flag: true, raw: [0, 255],
            time: .epoch, day: .min, document: ["b": [1, 2.5, .null], "a": true])
        let text = String(decoding: codec.encode(sample), as: UTF8.self)
        #expect(
            text
                == #"{"id":"0198f3c2-0000-7000-8000-00000000000a","text":"é\"\\/\n\u0001😀","text_or_null":null,"texts":[],"#
                + #""number":-9223372036854775808,"number_or_null":null,"numbers":[],"real":0.0,"real_or_null":null,"#
                + #""reals":[],"flag":true,"flag_or_null":null,"flags":[],"raw":"AP8=","raw_or_null":null,"raws":[],"#
                + #""tag_or_null":null,"tags":[],"time":"1970-01-01T00:00:00.000000Z","time_or_null":null,"times":[],"#
                + #""day":"0001-01-01","day_or_null":null,"days":[],"price":"9.9","price_or_null":null,"prices":[],"#
                + #""document":{"a":true,"b":[1,2.5,null]},"document_or_null":null,"documents":[],"state":"draft","#
                + #""parent":null,"_revision":0,"_created_at":"1970-01-01T00:00:00.000000Z","#
                + #""_updated_at":"1970-01-01T00:00:00.000000Z"}"#)
    }

    /// What a column must have that has no default.
    private static let needed =
        #""text":"a","number":1,"real":1,"flag":false,"raw":"","time":"2026-11-20T15:06:01+01:00","day":"2026-11-20","document":{}"#

    @Test("Members may come in any order and with white space, escapes anywhere; what is missing gets its default")
    func anyOrder() throws {
        let members = "{\(Self.needed)}".dropFirst().dropLast().split(separator: ",\"").map {
            $0.hasPrefix("\"") ? String($0) : "\"\($0)"
        }
        let wanted = try codec.decode(Array("{\(Self.needed),\"id\":\"0198f3c2-0000-7000-8000-00000000000a\"}".utf8))
        #expect(wanted.price == DecimalNumber("9.9"))
        #expect(wanted.state == .draft)
        #expect(wanted.texts == [])
        #expect(wanted.time == Timestamp("2026-11-20T14:06:01Z"))
        for shift in members.indices {
            let order = members[shift...] + members[..<shift]
            let text =
                "\n{ " + order.reversed().joined(separator: " ,\t")
                + ", \"\\u0069d\" : \"0198f3c2-0000-7000-8000-00000000000a\" }\r\n"
            #expect(try codec.decode(Array(text.utf8)) == wanted, "\(text)")
        }
        let made = try codec.decode(Array("{\(Self.needed)}".utf8))
        #expect(made.id != wanted.id, "a key of type uuid makes its own values")
    }

    @Test(
        "What is not a record is refused, and the message names the column or the place",
        arguments: [
            ("", "no JSON object"), ("[]", "no JSON object"), ("{", "the text ends"), ("{}", "column 'text'"),
            ("{\(needed)} x", "the end of the text"), ("{\(needed),}", "string in double quotes"),
            ("{\(needed),\"nmber\":1}", "did you mean 'number'"), ("{\(needed),\"text\":\"b\"}", "given twice"),
            ("{\(needed),\"number_or_null\":1.5}", "expected an integer of 64 bits, found 1.5"),
            ("{\(needed),\"number_or_null\":9223372036854775808}", "64 bits"),
            ("{\(needed),\"number_or_null\":\"1\"}", "found a string"),
            ("{\(needed),\"texts\":null}", "may not be null"),
            ("{\(needed),\"texts\":[1]}", "expected a string, found a number"),
            ("{\(needed),\"real_or_null\":1e400}", "finite"), ("{\(needed),\"raw_or_null\":\"*\"}", "Base64"),
            ("{\(needed),\"day_or_null\":\"2026-02-30\"}", "a date in a string"),
            ("{\(needed),\"state\":\"in_prnt\"}", "did you mean 'in_print'"),
            ("{\(needed),\"document_or_null\":{\"a\":1,\"a\":2}}", "repeats a member"),
            ("{\(needed),\"_revision\":-1}", "'_revision'"),
            ("{\(needed),\"_revision\":1,\"_revision\":1}", "given twice"),
            ("{\(needed),\"_created_at\":\"yesterday\"}", "'_created_at'"),
        ])
    func refused(_ text: String, _ says: String) throws {
        let error = try #require(throws: StorageError.self) { try codec.decode(Array(text.utf8)) }
        #expect(error.code == .invalid)
        #expect("\(error)".contains(says), "\(error)")
    }

    @Test("Bytes that were tampered with give a record or an error, and never end the program", arguments: 0..<300)
    func tampered(_ seed: UInt64) throws {
        var random = SampleRandom(seed)
        let original = codec.encode(sample(&random))
        for _ in 0..<50 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let index = Int.random(in: bytes.indices, using: &random)
                switch random.next() % 4 {
                case 0: bytes[index] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes.remove(at: index)
                case 2: bytes.insert("{}[]\",:0123456789-.e\\u".utf8.randomElement(using: &random) ?? 0, at: index)
                default: bytes.removeSubrange(index...)
                }
                if bytes.isEmpty { break }
            }
            do {
                let decoded = try codec.decode(bytes)
                #expect(sameWithMetadata(try codec.decode(codec.encode(decoded)), decoded), "seed \(seed): \(bytes)")
            } catch let error as StorageError {
                #expect(error.code == .invalid, "seed \(seed): \(error)")
            }
        }
    }
}

/// Random values of every type, the same for the same seed, many of them at the edges.
private struct SampleRandom: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) {
        state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }
    mutating func bool() -> Bool { next().isMultiple(of: 2) }
    mutating func int() -> Int {
        below(4) == 0 ? [Int.min, .max, 0, -1][below(4)] : Int(truncatingIfNeeded: next() >> next() % 64)
    }
    mutating func bytes() -> [UInt8] { (0..<below(5)).map { _ in UInt8(truncatingIfNeeded: next()) } }
    mutating func time() -> Timestamp {
        Timestamp(microseconds: Int64(truncatingIfNeeded: next() % 4_000_000_000_000_000)) ?? .epoch
    }
    mutating func day() -> CalendarDate { below(5) == 0 ? .max : CalendarDate(daysSinceEpoch: below(40_000)) ?? .min }
    mutating func decimal() -> DecimalNumber { DecimalNumber("\(int()).\(below(1000))") ?? .zero }

    mutating func double() -> Double {
        let double = below(3) == 0 ? Double(below(10_000)) / 100 : Double(bitPattern: next())
        return double.isFinite ? double : 0.1
    }

    mutating func uuid() -> UUID {
        var bytes = uuid_t(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        withUnsafeMutableBytes(of: &bytes) { for index in $0.indices { $0[index] = UInt8(truncatingIfNeeded: next()) } }
        return UUID(uuid: bytes)
    }

    mutating func text() -> String {
        let alphabet: [Unicode.Scalar] = [
            "\0", "\n", "\t", "\"", "\\", "/", "a", "Z", "0", "é", "e", "\u{301}", "日", "😀", "\u{10FFFF}", "\u{7F}",
        ]
        var text = ""
        for _ in 0..<below(30) { text.unicodeScalars.append(alphabet[below(alphabet.count)]) }
        return text
    }

    mutating func json() -> JSONValue {
        switch below(6) {
        case 0: .bool(bool())
        case 1: .int(int())
        case 2: .double(double())
        case 3: .string(text())
        case 4: .array([.null, .string(text())])
        default: ["a": .int(int()), "b": ["c": .string(text())]]
        }
    }
}
