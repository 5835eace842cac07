import CCurl

/// A request as libcurl takes it: C strings, its list of header lines and a small body, in one block of memory.
///
/// Made by the caller's task, so that the thread of the loop has little left to do. Safety of `@unchecked Sendable`: the block
/// is written in `init` alone, only read afterwards, and freed in `deinit`; every pointer points into it, and whoever uses one
/// holds the request.
struct WireRequest: ~Copyable, @unchecked Sendable {
    /// How libcurl is told what is to be sent.
    enum Shape {
        case head
        case withoutBody
        /// `body` goes out together with the head, in one write.
        case smallBody
        /// The body is asked for by the read function; nil: its length is not known.
        case upload(length: Int?)
    }

    let shape: Shape
    let url: UnsafePointer<CChar>
    let target: UnsafePointer<CChar>
    /// nil: the shape says it.
    let method: UnsafePointer<CChar>?
    let headers: UnsafeMutablePointer<curl_slist>?
    let body: UnsafeRawBufferPointer
    private let block: UnsafeMutableRawPointer

    /// - Parameter isAbsolute: Whether the target is the whole address: what a proxy without a tunnel wants.
    /// - Throws: `invalid`.
    init(_ request: borrowing HTTPRequest, isAbsolute: Bool) throws(TransportError) {
        try RequestCheck.check(request)
        let shape = WireRequest.shape(of: request)
        let origin = "\(request.scheme.rawValue)://\(request.authority)"
        var small: [UInt8] = []
        if case .smallBody = shape, case .bytes(let bytes) = request.body { small = bytes }

        let lineLimit = request.fields.count + WireRequest.maximumAddedLines
        // Twice the origin: it is a part of an absolute target. With each text a little for what ends or separates it.
        var size = 2 * origin.utf8.count + request.target.utf8.count + request.method.utf8.count + small.count + 64
        for field in request.fields { size += field.name.utf8.count + field.value.utf8.count + 3 }
        for line in WireRequest.addedLines { size += line.utf8.count + 1 }
        var writer = BlockWriter(lines: lineLimit, bytes: size)

        var hasAccept = false
        var hasContentType = false
        for field in request.fields {
            hasAccept = hasAccept || RequestCheck.isSame(field.name, "accept")
            hasContentType = hasContentType || RequestCheck.isSame(field.name, "content-type")
            // libcurl takes `Name:` for "leave it out"; a field without a value is written `Name;`.
            if field.value.utf8.allSatisfy(RequestCheck.isBlank) {
                writer.putLine(field.name, ";", "")
            } else {
                writer.putLine(field.name, ": ", field.value)
            }
        }
        // Keeps libcurl from adding fields of its own.
        if !hasAccept { writer.putLine("Accept:") }
        switch shape {
        case .head, .withoutBody: break
        case .smallBody:
            if !hasContentType { writer.putLine("Content-Type:") }
            if request.expectsContinue { writer.putLine("Expect: 100-continue") }
        case .upload: writer.putLine(request.expectsContinue ? "Expect: 100-continue" : "Expect:")
        }

        url = writer.putText(origin, "/")
        target = isAbsolute ? writer.putText(origin, request.target) : writer.putText(request.target)
        method = WireRequest.isImplied(request.method, by: shape) ? nil : writer.putText(request.method)
        body = writer.put(small)
        headers = writer.firstLine
        block = writer.block
        self.shape = shape
    }

    deinit { block.deallocate() }

    private static let addedLines = ["Accept:", "Content-Type:", "Expect: 100-continue"]
    private static let maximumAddedLines = 3

    private static func shape(of request: borrowing HTTPRequest) -> Shape {
        switch request.body {
        case .none:
            if request.method == "HEAD" { return .head }
            // These say that there is nothing (`Content-Length: 0`); the others say nothing.
            let saysLength = request.method == "PUT" || request.method == "POST" || request.method == "PATCH"
            return saysLength ? .smallBody : .withoutBody
        case .bytes(let bytes):
            return bytes.count <= TransportLimits.smallBody ? .smallBody : .upload(length: bytes.count)
        case .stream(let length, _): return .upload(length: length)
        }
    }

    private static func isImplied(_ method: String, by shape: Shape) -> Bool {
        switch shape {
        case .head: method == "HEAD"
        case .withoutBody: method == "GET"
        case .smallBody: method == "POST"
        case .upload: method == "PUT"
        }
    }
}

/// Fills one block of memory: first the nodes of the header list, then bytes.
///
/// Every write is checked against the end of its part, so no count of the caller's can lead out of the block.
private struct BlockWriter {
    let block: UnsafeMutableRawPointer
    private let nodes: UnsafeMutableBufferPointer<curl_slist>
    /// Where `bytes` begins.
    private let texts: UnsafeMutableRawPointer
    private let bytes: UnsafeMutableRawBufferPointer
    private var lineCount = 0
    private var byteCount = 0

    init(lines: Int, bytes count: Int) {
        let nodeSize = lines * MemoryLayout<curl_slist>.stride
        block = .allocate(byteCount: nodeSize + count, alignment: MemoryLayout<curl_slist>.alignment)
        nodes = UnsafeMutableBufferPointer(
            start: block.bindMemory(to: curl_slist.self, capacity: lines), count: lines)
        texts = block + nodeSize
        bytes = UnsafeMutableRawBufferPointer(start: texts, count: count)
    }

    var firstLine: UnsafeMutablePointer<curl_slist>? { lineCount > 0 ? nodes.baseAddress : nil }

    mutating func putLine(_ name: String, _ separator: String, _ value: String) {
        let start = byteCount
        copy(name)
        copy(separator)
        copy(value)
        link(end(start))
    }

    mutating func putLine(_ text: String) {
        let start = byteCount
        copy(text)
        link(end(start))
    }

    mutating func putText(_ text: String, _ more: String = "") -> UnsafePointer<CChar> {
        let start = byteCount
        copy(text)
        copy(more)
        return UnsafePointer(end(start))
    }

    mutating func put(_ body: [UInt8]) -> UnsafeRawBufferPointer {
        let start = byteCount
        body.withUnsafeBytes { copy($0) }
        return UnsafeRawBufferPointer(rebasing: bytes[start..<byteCount])
    }

    private mutating func link(_ text: UnsafeMutablePointer<CChar>) {
        precondition(lineCount < nodes.count)
        nodes.initializeElement(at: lineCount, to: curl_slist(data: text, next: nil))
        if lineCount > 0 { nodes[lineCount - 1].next = nodes.baseAddress.map { $0 + lineCount } }
        lineCount += 1
    }

    private mutating func copy(_ text: String) {
        var text = text
        text.withUTF8 { copy(UnsafeRawBufferPointer($0)) }
    }

    private mutating func copy(_ source: UnsafeRawBufferPointer) {
        precondition(source.count <= bytes.count - byteCount)
        UnsafeMutableRawBufferPointer(rebasing: bytes[byteCount..<byteCount + source.count]).copyMemory(from: source)
        byteCount += source.count
    }

    /// Ends the text that began at `start` with a zero byte.
    private mutating func end(_ start: Int) -> UnsafeMutablePointer<CChar> {
        precondition(byteCount < bytes.count)
        bytes[byteCount] = 0
        byteCount += 1
        return (texts + start).assumingMemoryBound(to: CChar.self)
    }
}
