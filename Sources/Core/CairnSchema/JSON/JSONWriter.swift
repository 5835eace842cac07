/// Writes JSON text.
///
/// The bytes depend on the values alone: strings escape only what RFC 8259 demands, a double is the shortest text that
/// reads back the same and never looks like an integer. With `indent`, one member or element stands on a line.
package struct JSONWriter: ~Copyable {
    private var buffer: ByteBuffer
    private var indent: Int
    private var depth = 0
    /// Whether the next element of the innermost container is its first.
    private var isFirst = true

    /// - Parameter capacity: How many bytes will probably come.
    package init(indent: Int = 0, capacity: Int = 256) {
        self.indent = indent
        buffer = ByteBuffer(capacity: capacity)
    }

    /// What was written.
    package var bytes: [UInt8] { withBytes(Array.init) }

    /// What was written, as text.
    package var text: String { withBytes { String(decoding: $0, as: UTF8.self) } }

    /// Hands what was written to `body`.
    package func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result { buffer.withBytes(body) }

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
        buffer.append(UInt8(ascii: ":"))
        if indent > 0 { buffer.append(0x20) }
    }

    /// Writes the name of a member from its bytes in quotes, with the colon.
    package mutating func name(quoted: UnsafeBufferPointer<UInt8>) {
        separate()
        buffer.append(quoted)
        if indent > 0 { buffer.append(0x20) }
    }

    /// Writes what must stand before an element of an array.
    package mutating func element() {
        separate()
    }

    /// Writes a value without the line breaks and spaces of the indentation: what is deep inside a column would be mostly spaces.
    package mutating func compact(_ body: (inout JSONWriter) -> Void) {
        let outer = indent
        indent = 0
        body(&self)
        indent = outer
    }

    private mutating func container(_ open: UInt8, _ close: UInt8, _ body: (inout JSONWriter) -> Void) {
        buffer.append(open)
        depth += 1
        isFirst = true
        body(&self)
        depth -= 1
        if !isFirst { newLine() }
        buffer.append(close)
        isFirst = false
    }

    private mutating func separate() {
        if !isFirst { buffer.append(UInt8(ascii: ",")) }
        isFirst = false
        newLine()
    }

    private mutating func newLine() {
        guard indent > 0 else { return }
        buffer.append(0x0A)
        for _ in 0..<depth * indent { buffer.append(0x20) }
    }

    // MARK: Values

    package mutating func null() { buffer.append("null" as StaticString) }

    package mutating func bool(_ value: Bool) { buffer.append(value ? "true" : "false" as StaticString) }

    package mutating func int(_ value: Int) { buffer.append(String(value)) }

    /// Writes a finite double. `-0.0` is written as `0.0`, as everywhere in Cairn.
    package mutating func double(_ value: Double) { buffer.append((value == 0 ? 0.0 : value).description) }

    package mutating func string(_ value: String) {
        var value = value
        value.withUTF8 { text in
            // Most text needs no escape at all: it is copied as it is.
            let end = JSONScanner.endOfPlainText(text, from: 0)
            if end == text.count {
                buffer.appendQuoted(text)
            } else {
                escaped(text, from: end)
            }
        }
    }

    /// Writes a text whose first byte that needs an escape is at `first`.
    private mutating func escaped(_ text: UnsafeBufferPointer<UInt8>, from first: Int) {
        buffer.append(UInt8(ascii: "\""))
        var (start, end) = (0, first)
        while end < text.count {
            buffer.append(UnsafeBufferPointer(rebasing: text[start..<end]))
            escape(text[end])
            start = end + 1
            end = JSONScanner.endOfPlainText(text, from: start)
        }
        buffer.append(UnsafeBufferPointer(rebasing: text[start...]))
        buffer.append(UInt8(ascii: "\""))
    }

    /// Writes a time in RFC 3339.
    package mutating func timestamp(_ value: Timestamp) {
        buffer.append(UInt8(ascii: "\""))
        buffer.append(upTo: Timestamp.textLength) { value.write(to: $0) }
        buffer.append(UInt8(ascii: "\""))
    }

    /// Writes a string that is known to need no escape.
    package mutating func plain(_ value: String) {
        var value = value
        value.withUTF8 { buffer.appendQuoted($0) }
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case 0x08: buffer.append("\\b" as StaticString)
        case 0x09: buffer.append("\\t" as StaticString)
        case 0x0A: buffer.append("\\n" as StaticString)
        case 0x0C: buffer.append("\\f" as StaticString)
        case 0x0D: buffer.append("\\r" as StaticString)
        case 0..<0x20: buffer.append("\\u00" + Hex.encode([byte]))
        default:
            buffer.append(UInt8(ascii: "\\"))
            buffer.append(byte)
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
