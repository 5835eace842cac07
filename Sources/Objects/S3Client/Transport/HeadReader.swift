/// Reads the head of an answer from its lines; interim answers (100 to 199) and trailers are passed over.
struct HeadReader {
    enum Verdict { case more, complete, tooLong }

    private(set) var status = 0
    /// Whether it is HTTP/1: one answer after the other on a connection.
    private(set) var isVersionOne = true
    private(set) var fields = HTTPFields()
    /// Whether the head of the final answer is whole.
    private(set) var isComplete = false
    /// Bytes seen, interim answers included.
    private(set) var count = 0
    private var expectsStatus = true

    /// - Parameter line: With its line end.
    mutating func take(_ line: UnsafeRawBufferPointer) -> Verdict {
        // Trailers.
        if isComplete { return .more }
        count += line.count
        guard count <= TransportLimits.head else { return .tooLong }
        if expectsStatus {
            readStatus(line)
            return .more
        }
        guard HeadReader.isEmpty(line) else {
            fields.append(line: line)
            return .more
        }
        expectsStatus = true
        guard status >= 200 else { return .more }
        isComplete = true
        return .complete
    }

    /// `HTTP/1.1 200 OK`; libcurl has refused what is not like it.
    private mutating func readStatus(_ line: UnsafeRawBufferPointer) {
        guard let space = line.firstIndex(of: UInt8(ascii: " ")), space >= 6 else { return }
        isVersionOne = line[5] == UInt8(ascii: "1")
        status = 0
        for byte in line[(space + 1)...].prefix(3) {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { break }
            status = status * 10 + Int(byte - UInt8(ascii: "0"))
        }
        expectsStatus = false
        fields.removeAll()
        fields.reserve(512)
    }

    private static func isEmpty(_ line: UnsafeRawBufferPointer) -> Bool {
        line.allSatisfy { $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\n") }
    }

    /// The fields, which are not kept.
    mutating func takeFields() -> HTTPFields {
        defer { fields = HTTPFields() }
        return fields
    }
}
