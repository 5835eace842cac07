import CairnSchema

/// One header field of a request or an answer (RFC 9110 section 5).
///
/// The name is kept in lower case, as HTTP/2 wants it and signatures sort it.
struct HeaderField: Sendable, Hashable {
    let name: String
    let value: String

    init(_ name: String, _ value: String) {
        self.name = HeaderField.lowered(name)
        self.value = value
    }

    private static func lowered(_ name: String) -> String {
        var name = name
        let isLower = name.withUTF8 { bytes in bytes.allSatisfy { !(0x41...0x5A).contains($0) } }
        if isLower { return name }
        return String(decoding: name.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }

    static func == (left: HeaderField, right: HeaderField) -> Bool {
        Utf8.equal(left.name, right.name) && Utf8.equal(left.value, right.value)
    }

    func hash(into hasher: inout Hasher) {
        Utf8.hash(name, into: &hasher)
        Utf8.hash(value, into: &hasher)
    }
}

extension [HeaderField] {
    /// The value of the first field of a name, which is given in lower case.
    subscript(name: String) -> String? {
        first { Utf8.equal($0.name, name) }?.value
    }
}
