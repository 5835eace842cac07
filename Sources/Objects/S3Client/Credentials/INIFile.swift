import CairnSchema

/// A file of settings in the form that AWS gives it (AWS SDKs and Tools Reference Guide, "Shared config and credentials files").
///
/// `[section]`, `name = value`, comments behind `#` or `;` at the beginning of a line or behind white space; lines that begin with
/// white space go on with the property before, as more of its value or, where it has none, as properties inside it.
struct INIFile: Sendable {
    /// A section; of sections of one name the properties are together, the last value counts.
    struct Section: Sendable {
        let name: String
        /// By name, in lower case; those inside another are `outer.inner`.
        var properties: [String: String] = [:]
    }

    private(set) var sections: [Section] = []

    /// Reads a file.
    /// - Parameter file: Its name, for messages, which tell the line and nothing of what stands there: it may be secret.
    init(_ bytes: [UInt8], file: String) throws(S3Error) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw S3Error.credentials("'\(file)' is not UTF-8", remedy: "save it as UTF-8")
        }
        var section: Int?
        /// The property that indented lines go on with.
        var property: String?
        let body =
            text.utf8.starts(with: [0xEF, 0xBB, 0xBF]) ? text.unicodeScalars.dropFirst() : text.unicodeScalars[...]
        let lines = body.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            func refused(_ reason: String, _ remedy: String) -> S3Error {
                S3Error.credentials("\(file):\(index + 1): \(reason)", remedy: remedy)
            }
            let trimmed = INIFile.trimmed(line)
            guard let first = trimmed.first, first != "#", first != ";" else { continue }
            if first == "[" {
                section = try open(trimmed, refused)
                property = nil
                continue
            }
            guard let section else {
                throw refused("a property stands before the first section", "write [default] above it")
            }
            let isIndented = line.first == " " || line.first == "\t"
            if isIndented, let property {
                try continueProperty(property, with: trimmed, in: section, refused)
                continue
            }
            let (name, value) = try INIFile.pair(trimmed, refused)
            sections[section].properties[name] = value
            property = name
        }
    }

    /// The place of the section that a line opens.
    private mutating func open(
        _ line: Substring.UnicodeScalarView, _ refused: (String, String) -> S3Error
    ) throws(S3Error) -> Int {
        guard let end = line.firstIndex(of: "]") else { throw refused("a section has no ']'", "write [name]") }
        let behind = INIFile.trimmed(line[line.index(after: end)...])
        guard behind.isEmpty || behind.first == "#" || behind.first == ";" else {
            throw refused("something stands behind the ']'", "put it on a line of its own")
        }
        let name = String(INIFile.trimmed(line[line.index(after: line.startIndex)..<end]))
        guard !name.isEmpty else { throw refused("a section has no name", "write [name]") }
        if let place = sections.firstIndex(where: { Utf8.equal($0.name, name) }) { return place }
        sections.append(Section(name: name))
        return sections.count - 1
    }

    private mutating func continueProperty(
        _ property: String, with line: Substring.UnicodeScalarView, in section: Int,
        _ refused: (String, String) -> S3Error
    ) throws(S3Error) {
        let before = sections[section].properties[property] ?? ""
        if before.isEmpty {
            let (name, value) = try INIFile.pair(line, refused)
            sections[section].properties["\(property).\(name)"] = value
        } else {
            sections[section].properties[property] = "\(before)\n\(String(line))"
        }
    }

    /// `name = value`, the name in lower case, the value without a comment behind it.
    private static func pair(
        _ line: Substring.UnicodeScalarView, _ refused: (String, String) -> S3Error
    ) throws(S3Error) -> (String, String) {
        guard let equals = line.firstIndex(of: "=") else {
            throw refused("this is neither a section nor a property", "write [name] or name = value")
        }
        let name = String(trimmed(line[..<equals])).lowercased()
        guard !name.isEmpty else { throw refused("a property has no name", "write name = value") }
        let value = line[line.index(after: equals)...]
        var end = value.endIndex
        // A secret may have a '#' in it; a comment has white space before it.
        for index in value.indices where value[index] == "#" || value[index] == ";" {
            guard index > value.startIndex else { continue }
            let before = value[value.index(before: index)]
            if before == " " || before == "\t" {
                end = index
                break
            }
        }
        return (name, String(trimmed(value[..<end])))
    }

    /// Without white space at either end.
    private static func trimmed(_ text: Substring.UnicodeScalarView) -> Substring.UnicodeScalarView {
        func isSpace(_ scalar: UnicodeScalar) -> Bool { scalar == " " || scalar == "\t" || scalar == "\r" }
        let start = text.firstIndex { !isSpace($0) } ?? text.endIndex
        let last = text.lastIndex { !isSpace($0) }
        return last.map { text[start...$0] } ?? text[start..<start]
    }
}
