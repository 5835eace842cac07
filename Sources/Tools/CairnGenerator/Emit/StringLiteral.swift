/// A Swift string literal on one line.
func swiftLiteral(_ text: String) -> String {
    var literal = "\""
    var isFirst = true
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": literal += "\\\""
        case "\\": literal += "\\\\"
        case "\n": literal += "\\n"
        case "\r": literal += "\\r"
        case "\t": literal += "\\t"
        case "\0": literal += "\\0"
        default:
            if isPlain(scalar, isFirst: isFirst) {
                literal.unicodeScalars.append(scalar)
            } else {
                literal += "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
        isFirst = false
    }
    return literal + "\""
}

/// Whether a reader sees a scalar for what it is. Control and format characters, unusual spaces and what is not assigned
/// are written as escapes; so are marks at the beginning, which would be drawn over the quotation mark.
private func isPlain(_ scalar: Unicode.Scalar, isFirst: Bool) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: false
    case .spaceSeparator: scalar == " "
    case .nonspacingMark, .enclosingMark, .spacingMark: !isFirst
    default: true
    }
}

/// JSON in which every scalar shows what it is: a raw literal has no escapes of its own, so those of JSON are used. In JSON
/// scalars like these stand in strings only.
func plainJSON(_ text: String) -> String {
    if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) || $0 == UInt8(ascii: "\n") }) { return text }
    // A string, not a view of its scalars: that copies all it has for each text that is appended.
    var json = ""
    var previous: Unicode.Scalar = "{"
    for scalar in text.unicodeScalars {
        defer { previous = scalar }
        guard scalar != "\n", !isPlain(scalar, isFirst: previous == "\"") else {
            json.unicodeScalars.append(scalar)
            continue
        }
        for unit in String(scalar).utf16 {
            let digits = String(unit, radix: 16)
            json += "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)"
        }
    }
    return json
}

/// How many `#` a raw string literal needs so that nothing in `text` is an escape or ends it; at least two.
func rawDelimiter(for text: String) -> String {
    var longest = 0
    var quotes = 0
    // How many number signs follow a backslash or three quotes; nil elsewhere.
    var hashes: Int?
    // By bytes, as the compiler reads: by characters, a mark after `#` makes another one of both.
    for byte in text.utf8 {
        hashes = byte == UInt8(ascii: "#") ? hashes.map { $0 + 1 } : nil
        longest = max(longest, hashes ?? 0)
        quotes = byte == UInt8(ascii: "\"") ? quotes + 1 : 0
        if byte == UInt8(ascii: "\\") || quotes >= 3 { hashes = 0 }
    }
    return String(repeating: "#", count: max(2, longest + 1))
}

/// Whether a text is printable ASCII, which most texts are: nothing in it needs a closer look.
func isSimple(_ text: String) -> Bool { text.utf8.allSatisfy { (0x20...0x7E).contains($0) } }
