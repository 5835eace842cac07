/// Bytes that are appended one after another, several times faster than to an array: no check for other owners at each step.
///
/// Safety: the memory belongs to one buffer, which cannot be copied and frees it at its end. Bytes up to `count` are
/// initialised; every write goes through ``reserve(_:)``, which makes sure that `capacity` leaves room for it. Pointers are
/// handed to closures only, and the exclusivity of `inout` keeps them from growing the buffer meanwhile.
package struct ByteBuffer: ~Copyable {
    private var start: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    package private(set) var count = 0

    /// An empty buffer.
    /// - Parameter capacity: How many bytes will probably come.
    package init(capacity: Int) {
        self.capacity = max(capacity, 64)
        start = .allocate(capacity: self.capacity)
    }

    deinit {
        start.deallocate()
    }

    /// The bytes.
    package func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        body(UnsafeBufferPointer(start: start, count: count))
    }

    package mutating func append(_ byte: UInt8) {
        reserve(1)
        start[count] = byte
        count += 1
    }

    package mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        // An empty buffer may have no base address.
        guard let source = bytes.baseAddress else { return }
        reserve(bytes.count)
        (start + count).update(from: source, count: bytes.count)
        count += bytes.count
    }

    /// Appends `bytes` between double quotes.
    package mutating func appendQuoted(_ bytes: UnsafeBufferPointer<UInt8>) {
        reserve(bytes.count + 2)
        start[count] = UInt8(ascii: "\"")
        if let source = bytes.baseAddress { (start + count + 1).update(from: source, count: bytes.count) }
        start[count + 1 + bytes.count] = UInt8(ascii: "\"")
        count += bytes.count + 2
    }

    package mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { append($0) }
    }

    package mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append($0) }
    }

    /// Appends what `body` writes into room for `limit` bytes.
    /// - Parameter body: Gives how many bytes it wrote, at most `limit`.
    package mutating func append(upTo limit: Int, _ body: (UnsafeMutableBufferPointer<UInt8>) -> Int) {
        reserve(limit)
        let written = body(UnsafeMutableBufferPointer(start: start + count, count: limit))
        precondition(written <= limit, "more was written than there was room for")
        count += written
    }

    private mutating func reserve(_ more: Int) {
        if capacity - count < more { grow(more) }
    }

    @inline(never)
    private mutating func grow(_ more: Int) {
        capacity = max(capacity * 2, count + more)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        larger.update(from: start, count: count)
        start.deallocate()
        start = larger
    }
}
