import CairnSchema

/// Why the body of an answer is not what was asked for.
enum AnswerError: Error, Sendable {
    /// It is not the document it should be.
    case malformed(XMLError)
    /// It is an error, which some operations send with status 200.
    case refused(ErrorDocument)
    /// Its header fields or its bytes cannot be what was asked for.
    case failed(S3Error)

    /// Looks at what is not the document of an answer.
    static func looking<Result>(_ body: () throws(S3Error) -> Result) throws(AnswerError) -> Result {
        do throws(S3Error) { return try body() } catch { throw .failed(error) }
    }
}

/// What the documents of answers have in common.
enum AnswerDocument {
    /// Reads a document: `body` is called for each element in its root and must use it up.
    /// - Throws: `AnswerError.refused` when the document is an error, whatever the status of the answer was.
    static func read(
        _ bytes: [UInt8], _ root: XMLTag, _ body: (XMLTag, inout XMLReader) throws(XMLError) -> Void
    ) throws(AnswerError) {
        do throws(XMLError) {
            var reader = try XMLReader(bytes)
            let found = try reader.root()
            if found == root {
                while let tag = try reader.child() { try body(tag, &reader) }
                try reader.end()
                return
            }
            guard found == .error || found == .errorResponse else {
                throw XMLError("expected <\(root.rawValue)>, found another element", at: 0)
            }
        } catch {
            throw .malformed(error)
        }
        throw .refused(try ErrorDocument(bytes))
    }

    /// What must be there, or an error that names it.
    static func require<Value>(_ value: Value?, _ tag: XMLTag, in root: XMLTag) throws(AnswerError) -> Value {
        guard let value else {
            throw .malformed(XMLError("<\(root.rawValue)> has no <\(tag.rawValue)>", at: 0))
        }
        return value
    }
}

extension XMLReader {
    /// Reads the elements in the innermost one; `body` must use each up.
    mutating func children(_ body: (XMLTag, inout XMLReader) throws(XMLError) -> Void) throws(XMLError) {
        while let tag = try child() { try body(tag, &self) }
    }

    /// The text of the innermost element; nil when it is empty.
    mutating func optionalText() throws(XMLError) -> String? {
        let text = try text()
        return text.isEmpty ? nil : text
    }

    mutating func integer() throws(XMLError) -> Int {
        try value("a whole number") { bytes in
            guard (1...18).contains(bytes.count) else { return nil }
            var value = 0
            for byte in bytes {
                guard (0x30...0x39).contains(byte) else { return nil }
                value = value * 10 + Int(byte - 0x30)
            }
            return value
        }
    }

    mutating func boolean() throws(XMLError) -> Bool {
        try value("true or false") { bytes in
            switch bytes.count {
            case 4 where bytes.elementsEqual("true".utf8) || bytes.elementsEqual("True".utf8): true
            case 5 where bytes.elementsEqual("false".utf8) || bytes.elementsEqual("False".utf8): false
            default: nil
            }
        }
    }

    mutating func timestamp() throws(XMLError) -> Timestamp {
        try value("a time like 2026-11-20T15:06:01.000Z") { Timestamp(utf8: $0) }
    }

    /// What every list item must have.
    func require<Value>(_ value: Value?, _ tag: XMLTag) throws(XMLError) -> Value {
        guard let value else { throw XMLError("an element before here has no <\(tag.rawValue)>", at: offset) }
        return value
    }
}
