/// Writes JSON text.
///
/// The bytes depend on the values alone: strings escape only what RFC 8259 demands, a double is the shortest text that
/// reads back the same and never looks like an integer. With `indent`, one member or element stands on a line.
package struct JSONWriter: Sendable {
    package private(set) var bytes: [UInt8] = []
    private let indent: Int
    private var depth = 0
    /// Whether the next element of the innermost container is its first.
    private var isFirst = true

    package init(indent: Int = 0) {
        self.indent = indent
    }

    /// Goes on behind what was written before: one value after another, on lines for example.
    /// - Parameter count: How many bytes will probably come.
    package init(appendingTo bytes: consuming [UInt8], reserving count: Int) {
        self.init()
        self.bytes = bytes
        self.bytes.reserveCapacity(self.bytes.count + count)
    }

    /// What was written, as text.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    // MARK: Containers

    package mutating func object(_ body: (inout JSONWriter) -> Void) {
        container(UInt8(ascii: "{"), UInt8(ascii: "}"), body)
    }

    package mutating func array(_ body: (inout JSONWriter) -> Void) {
        container(UInt8(ascii: "["), UInt8(ascii: "]"), body)
    }

    /// Writes the name of a member; its value comes next.
    package mutating func name(_ name: String) {
        separate()
        string(name)
        bytes.append(UInt8(ascii: ":"))
        if indent > 0 { bytes.append(0x20) }
    }

    /// Writes the name of a member from its bytes in quotes, with the colon.
    package mutating func name(quoted: UnsafeBufferPointer<UInt8>) {
        separate()
        bytes.append(contentsOf: quoted)
        if indent > 0 { bytes.append(0x20) }
    }

    /// Writes what must stand before an element of an array.
    package mutating func element() {
        separate()
    }

    private mutating func container(_ open: UInt8, _ close: UInt8, _ body: (inout JSONWriter) -> Void) {
        bytes.append(open)
        depth += 1
        isFirst = true
        body(&self)
        depth -= 1
        if !isFirst { newLine() }
        bytes.append(close)
        isFirst = false
    }

    private mutating func separate() {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
        newLine()
    }

    private mutating func newLine() {
        guard indent > 0 else { return }
        bytes.append(0x0A)
        bytes.append(contentsOf: repeatElement(0x20, count: depth * indent))
    }

    // MARK: Values

    package mutating func null() { append("null") }

    package mutating func bool(_ value: Bool) { append(value ? "true" : "false") }

    package mutating func int(_ value: Int) { append(String(value)) }

    /// Writes a finite double. `-0.0` is written as `0.0`, as everywhere in Cairn.
    package mutating func double(_ value: Double) { append((value == 0 ? 0.0 : value).description) }

    package mutating func string(_ value: String) {
        var value = value
        value.withUTF8 { text in
            bytes.append(UInt8(ascii: "\""))
            // Most text needs no escape at all: it is copied in runs.
            var start = 0
            while true {
                let end = JSONWriter.endOfRun(text, from: start)
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start..<end]))
                guard end < text.count else { break }
                escape(text[end])
                start = end + 1
            }
            bytes.append(UInt8(ascii: "\""))
        }
    }

    /// The offset of the first byte from `start` on that needs an escape: a control character, a quote or a backslash.
    private static func endOfRun(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var end = start
        while end < text.count {
            let byte = text[end]
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
            end += 1
        }
        return end
    }

    /// Writes a time in RFC 3339.
    package mutating func timestamp(_ value: Timestamp) {
        bytes.append(UInt8(ascii: "\""))
        value.withText { bytes.append(contentsOf: $0) }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Writes a string that is known to need no escape.
    package mutating func plain(_ value: String) {
        bytes.append(UInt8(ascii: "\""))
        append(value)
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case 0x08: append("\\b")
        case 0x09: append("\\t")
        case 0x0A: append("\\n")
        case 0x0C: append("\\f")
        case 0x0D: append("\\r")
        case 0..<0x20: append("\\u00" + Hex.encode([byte]))
        default:
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(byte)
        }
    }

    /// Writes a whole value.
    package mutating func write(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let bool): self.bool(bool)
        case .int(let int): self.int(int)
        case .double(let double): self.double(double)
        case .string(let string): self.string(string)
        case .array(let elements):
            array { writer in
                for element in elements {
                    writer.element()
                    writer.write(element)
                }
            }
        case .object(let object):
            self.object { writer in
                for member in object.members {
                    writer.name(member.name)
                    writer.write(member.value)
                }
            }
        }
    }
}
