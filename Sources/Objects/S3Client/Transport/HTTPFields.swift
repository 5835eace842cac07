/// The header fields of an answer, in order, as they came.
///
/// A field that was folded over several lines is one again. Values are bytes; as text they are UTF-8, or Latin-1 when
/// they are not.
package struct HTTPFields: Sendable {
    /// Lines `name: value`, each ended by a line feed.
    private var lines: [UInt8] = []

    package init() {}

    /// The first value of a field; nil without one. Names are compared without case.
    package subscript(_ name: String) -> String? {
        bytes(of: name).map(HTTPFields.text)
    }

    /// All values of a field, in order.
    package func values(of name: String) -> [String] {
        var values: [String] = []
        search(name) { value in
            values.append(HTTPFields.text(value))
            return true
        }
        return values
    }

    /// The first value of a field, as it came.
    package func bytes(of name: String) -> ArraySlice<UInt8>? {
        var found: ArraySlice<UInt8>?
        search(name) { value in
            found = value
            return false
        }
        return found
    }

    /// All fields in order.
    package var all: [HTTPField] {
        var fields: [HTTPField] = []
        each { name, value in
            fields.append(HTTPField(HTTPFields.text(name), HTTPFields.text(value)))
            return true
        }
        return fields
    }

    // MARK: Reading

    private func search(_ name: String, _ found: (ArraySlice<UInt8>) -> Bool) {
        let wanted = name.utf8
        each { candidate, value in
            guard candidate.count == wanted.count,
                zip(candidate, wanted).allSatisfy({ HTTPFields.lowercase($0) == HTTPFields.lowercase($1) })
            else { return true }
            return found(value)
        }
    }

    /// Calls `body` with name and value of each field until it returns false.
    private func each(_ body: (ArraySlice<UInt8>, ArraySlice<UInt8>) -> Bool) {
        var start = 0
        while start < lines.count {
            let end = lines[start...].firstIndex(of: UInt8(ascii: "\n")) ?? lines.count
            let line = lines[start..<end]
            start = end + 1
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            if !body(line[..<colon], HTTPFields.trimmed(line[(colon + 1)...])) { return }
        }
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var bytes = bytes
        while let first = bytes.first, isBlank(first) { bytes.removeFirst() }
        while let last = bytes.last, isBlank(last) { bytes.removeLast() }
        return bytes
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }

    // MARK: Building

    mutating func reserve(_ count: Int) { lines.reserveCapacity(count) }

    mutating func removeAll() { lines.removeAll(keepingCapacity: true) }

    /// Adds a line as it came, with its line end. One that begins with a blank goes on with the field before it.
    mutating func append(line: UnsafeRawBufferPointer) {
        var count = line.count
        while count > 0, HTTPFields.isBlank(line[count - 1]) || line[count - 1] == UInt8(ascii: "\n") { count -= 1 }
        guard count > 0 else { return }
        if HTTPFields.isBlank(line[0]) {
            // There is no field before it: nothing it could belong to.
            guard !lines.isEmpty else { return }
            let text = line[..<count].drop(while: HTTPFields.isBlank)
            lines.removeLast()
            lines.append(UInt8(ascii: " "))
            lines.append(contentsOf: text)
        } else {
            lines.append(contentsOf: line[..<count])
        }
        lines.append(UInt8(ascii: "\n"))
    }
}
