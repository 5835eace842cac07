import CairnCore
import CairnSchema
import Foundation

@testable import Simulation

/// JSON texts: documents, column values, receipts.
///
/// What the strict reader accepts, the relaxed one and Foundation's accept too; it is written and read back the same, and its
/// text is the only one it has.
struct JSONTarget: FuzzTarget {
    let words = [
        "{\"a\":1}", "[1,2]", "{}", "[]", "\"\\u00e9\"", "\"\\ud83d\\ude00\"", "1.5", "-1", "1e2", "true", "null",
        "// \n", "/* */", ",",
        "\"\\u0000\"", "\"\\/\"", "\"a\":", "{\"token\":\"memory:a:1:0\",\"time\":0,\"results\":[[1,0,0]]}",
    ]

    private static let types: [ValueType] = {
        let scalars: [ValueType] = [.string, .int, .double, .bool, .uuid, .bytes, .timestamp, .date, .decimal, .json]
        return scalars + scalars.map(ValueType.array)
    }()

    func make(_ random: inout SeededRandom) -> [UInt8]? {
        let type = random.pick(JSONTarget.types, else: .json)
        return Array(ValueJSON.value(EdgeValues.make(type, &random)).description.utf8)
    }

    func check(_ input: [UInt8]) throws {
        let value = try Expected.result { try JSONValue(parsing: input) }
        let node = try Expected.result { try JSONNode.parse(input, syntax: .relaxed) }
        if let value {
            try hold(node != nil, "strict JSON that relaxed JSON is not")
            try checkText(of: value)
            try hold(
                (try? JSONSerialization.jsonObject(with: Data(input), options: .fragmentsAllowed)) != nil,
                "Foundation does not take it for JSON")
        }
        for type in JSONTarget.types { try checkColumn(input, type) }
        try checkReceipt(input)
    }

    private func checkText(of value: JSONValue) throws {
        let text = value.description
        let again = try JSONValue(parsing: text)
        try hold(again == value, "it is read back as \(again)")
        try hold(Utf8.equal(again.description, text), "it has a second text: \(again)")
    }

    private func checkColumn(_ input: [UInt8], _ type: ValueType) throws {
        let read = try Expected.result {
            var scanner = try JSONScanner(input)
            let value = try ValueJSON.read(&scanner, as: type)
            try scanner.end()
            return value
        }
        guard let value = read else { return }
        try hold(type.holds(value), "a \(type) that is none: \(value)")
        var writer = JSONWriter()
        ValueJSON.write(value, to: &writer)
        try hold(Utf8.equal(writer.text, ValueJSON.value(value).description), "two texts of a \(type)")
        var scanner = try JSONScanner(writer.bytes)
        let again = try ValueJSON.read(&scanner, as: type)
        try hold(again == value, "a \(type) is read back as \(again)")
    }

    private func checkReceipt(_ input: [UInt8]) throws {
        guard let text = String(validating: input, as: UTF8.self), let receipt = ReceiptJSON.decode(text) else {
            return
        }
        try hold(ReceiptJSON.decode(ReceiptJSON.encode(receipt)) == receipt, "a receipt is read back otherwise")
    }
}
