import CairnSchema

/// The query of a request in the one form that is both sent and signed: names and values encoded, sorted by the bytes of the
/// encoded names, then values, a `=` behind every name.
struct CanonicalQuery: Sendable, Hashable {
    /// A name and its value, both encoded.
    private struct Item: Sendable, Hashable {
        let name: String
        let value: String
    }

    private let items: [Item]

    /// No query.
    static let none = CanonicalQuery(items: [])

    private init(items: [Item]) {
        self.items = items.sorted { left, right in
            let order = Utf8.compare(left.name, right.name)
            return order == 0 ? Utf8.isLess(left.value, right.value) : order < 0
        }
    }

    /// A query of names and values as they are meant, nothing encoded.
    init(_ parameters: [(name: String, value: String)]) {
        self.init(
            items: parameters.map {
                Item(name: PercentEncoding.component($0.name), value: PercentEncoding.component($0.value))
            })
    }

    /// This query with more in it.
    func adding(_ parameters: [(name: String, value: String)]) -> CanonicalQuery {
        CanonicalQuery(items: items + CanonicalQuery(parameters).items)
    }

    var isEmpty: Bool { items.isEmpty }

    /// The text behind the `?` of a URL, and in the canonical request.
    var text: String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    func append(to bytes: inout [UInt8]) {
        var isFirst = true
        for item in items {
            if !isFirst { bytes.append(UInt8(ascii: "&")) }
            isFirst = false
            bytes.append(contentsOf: item.name.utf8)
            bytes.append(UInt8(ascii: "="))
            bytes.append(contentsOf: item.value.utf8)
        }
    }
}
