import CairnSchema

/// What of a request goes into its signature.
struct SignableRequest: Sendable {
    var method: String
    /// What the `Host` header will say: with the port unless it is the scheme's own.
    var host: String
    /// The path as it is sent: it begins with `/` and is encoded once.
    var path: String
    var query = CanonicalQuery.none
    /// The header fields that will be sent, besides `Host` and those that signing adds.
    var headers: [HeaderField] = []

    /// Fields that are not signed: proxies and libraries change them, or they say something of one connection only. Signing them
    /// would make a request fail that arrives as it was meant.
    private static let unsignedNames = [
        "authorization", "connection", "expect", "transfer-encoding", "user-agent", "x-amzn-trace-id",
    ]

    /// The fields that are signed, sorted by name; those of one name in the order they are sent.
    func signedFields(adding added: [HeaderField]) -> [HeaderField] {
        var fields: [HeaderField] = []
        fields.reserveCapacity(headers.count + added.count + 1)
        func insert(_ field: HeaderField) {
            // Few, and mostly in order: cheaper than a general sort, and stable.
            var place = fields.count
            while place > 0, Utf8.isLess(field.name, fields[place - 1].name) { place -= 1 }
            fields.insert(field, at: place)
        }
        insert(HeaderField("host", host))
        for field in headers where !SignableRequest.unsignedNames.contains(where: { Utf8.equal($0, field.name) }) {
            insert(field)
        }
        for field in added { insert(field) }
        return fields
    }

    /// The canonical request ("Create a canonical request", S3 API reference).
    func canonical(_ fields: [HeaderField], query: CanonicalQuery, payload: String) -> [UInt8] {
        let newLine = UInt8(ascii: "\n")
        var text: [UInt8] = []
        text.reserveCapacity(1024)
        text.append(contentsOf: method.utf8)
        text.append(newLine)
        text.append(contentsOf: path.utf8)
        text.append(newLine)
        query.append(to: &text)
        text.append(newLine)
        for (index, field) in fields.enumerated() {
            let isNew = index == 0 || !Utf8.equal(field.name, fields[index - 1].name)
            if isNew {
                if index > 0 { text.append(newLine) }
                text.append(contentsOf: field.name.utf8)
            }
            text.append(UInt8(ascii: isNew ? ":" : ","))
            SignableRequest.appendFolded(field.value, to: &text)
        }
        text.append(newLine)
        text.append(newLine)
        SignableRequest.appendNames(of: fields, to: &text)
        text.append(newLine)
        text.append(contentsOf: payload.utf8)
        return text
    }

    /// Writes the names of fields as `SignedHeaders` lists them.
    static func appendNames(of fields: [HeaderField], to text: inout [UInt8]) {
        for (index, field) in fields.enumerated() {
            if index > 0 {
                if Utf8.equal(field.name, fields[index - 1].name) { continue }
                text.append(UInt8(ascii: ";"))
            }
            text.append(contentsOf: field.name.utf8)
        }
    }

    /// Writes a value without white space around it, and with one space for each run of it inside.
    private static func appendFolded(_ value: String, to text: inout [UInt8]) {
        var value = value
        value.withUTF8 { bytes in
            // Nearly all values have no white space to fold: they are copied.
            if !needsFolding(bytes) { return text.append(contentsOf: bytes) }
            var isPending = false
            var isEmpty = true
            for byte in bytes {
                if isSpace(byte) {
                    isPending = !isEmpty
                } else {
                    if isPending { text.append(0x20) }
                    isPending = false
                    isEmpty = false
                    text.append(byte)
                }
            }
        }
    }

    private static func needsFolding(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        // White space counts as standing in front of the first byte, so that the first byte must be none.
        var isBehindSpace = true
        for byte in bytes {
            if isSpace(byte), isBehindSpace || byte != 0x20 { return true }
            isBehindSpace = isSpace(byte)
        }
        return isBehindSpace && !bytes.isEmpty
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
