/// What cannot go on the wire as it is, found before anything is sent.
enum RequestCheck {
    /// - Throws: `invalid`.
    static func check(_ request: borrowing HTTPRequest) throws(TransportError) {
        // The texts of errors are built only when there is one.
        guard !request.method.isEmpty, request.method.utf8.allSatisfy(isToken) else {
            throw .invalid(request, "the method is no HTTP token; use GET, PUT or the like.")
        }
        guard isHost(request.host) else {
            throw .invalid(request, "the host is neither a name nor an address; write IPv6 in brackets.")
        }
        if let port = request.port, !(1...65_535).contains(port) {
            throw .invalid(request, "port \(port) does not exist; use 1 to 65535.")
        }
        guard request.target.utf8.first == UInt8(ascii: "/"), request.target.utf8.allSatisfy(isVisible) else {
            throw .invalid(request, "the target must begin with / and hold visible ASCII only; escape the rest as %XX.")
        }
        for field in request.fields {
            guard !field.name.isEmpty, field.name.utf8.allSatisfy(isToken) else {
                throw .invalid(request, "the header name \(field.name.debugDescription) is no HTTP token; rename it.")
            }
            guard field.value.utf8.allSatisfy(isFieldByte) else {
                throw .invalid(request, "header \(field.name) holds a control byte; remove or escape it.")
            }
            if isSame(field.name, "content-length") || isSame(field.name, "transfer-encoding")
                || isSame(field.name, "expect")
            {
                throw .invalid(request, "header \(field.name) is the transport's to write; leave it out.")
            }
        }
        guard case .stream(let length, _) = request.body else { return }
        if let length, length < 0 { throw .invalid(request, "a body cannot have \(length) bytes.") }
        if request.isReplayable {
            throw .invalid(request, "a body that is a stream cannot be sent twice; set isReplayable to false.")
        }
    }

    /// A name, an IPv4 address, or an IPv6 address in brackets.
    private static func isHost(_ host: String) -> Bool {
        let bytes = Array(host.utf8)
        if bytes.first == UInt8(ascii: "["), bytes.last == UInt8(ascii: "]"), bytes.count > 3 {
            return bytes.dropFirst().dropLast().allSatisfy { isHexDigit($0) || $0 == UInt8(ascii: ":") || isDot($0) }
        }
        let marks = [UInt8(ascii: "-"), UInt8(ascii: "_")]
        return !bytes.isEmpty && bytes.allSatisfy { isLetter($0) || isDigit($0) || isDot($0) || marks.contains($0) }
    }

    /// RFC 9110, 5.6.2.
    private static func isToken(_ byte: UInt8) -> Bool {
        if isLetter(byte) || isDigit(byte) { return true }
        switch Unicode.Scalar(byte) {
        case "!", "#", "$", "%", "&", "'", "*", "+", "-", ".", "^", "_", "`", "|", "~": return true
        default: return false
        }
    }

    private static func isVisible(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7F }

    private static func isFieldByte(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != 0x7F || byte == UInt8(ascii: "\t")
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
    }

    private static func isDot(_ byte: UInt8) -> Bool { byte == UInt8(ascii: ".") }

    static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    /// Whether a field name is `lowercase`, but for case.
    static func isSame(_ name: String, _ lowercase: String) -> Bool {
        guard name.utf8.count == lowercase.utf8.count else { return false }
        return zip(name.utf8, lowercase.utf8).allSatisfy { $0 | 0x20 == $1 | 0x20 }
    }
}
