import CairnSchema
import Testing

@testable import S3Client

/// A document as a test compares it.
private indirect enum Node: Equatable {
    case text(String)
    case element(XMLTag, [Node])
}

extension XMLReader {
    /// Reads the innermost element as text when it has no elements in it.
    fileprivate mutating func node(_ tag: XMLTag) throws(XMLError) -> Node {
        var copy = self
        do {
            let text = try copy.text()
            self = copy
            return .element(tag, text.isEmpty ? [] : [.text(text)])
        } catch {
            var children: [Node] = []
            while let tag = try child() { children.append(try node(tag)) }
            return .element(tag, children)
        }
    }

    fileprivate static func tree(_ bytes: [UInt8]) throws(XMLError) -> Node {
        var reader = try XMLReader(bytes)
        let node = try reader.node(try reader.root())
        try reader.end()
        return node
    }

    fileprivate static func text(of document: String) throws(XMLError) -> String {
        var reader = try XMLReader(Array(document.utf8))
        _ = try reader.root()
        let text = try reader.text()
        try reader.end()
        return text
    }
}

@Suite("Reading XML")
struct XMLReaderTests {
    @Test(
        "Text comes out as it was meant",
        arguments: [
            ("<Key>plain</Key>", "plain"), ("<Key></Key>", ""), ("<Key/>", ""), ("<Key />", ""),
            ("<Key> a\n b </Key>", " a\n b "), ("<Key>&lt;&gt;&amp;&quot;&apos;</Key>", "<>&\"'"),
            ("<Key>&#65;&#x42;&#x1F986;</Key>", "AB🦆"), ("<Key>a&#10;b&#13;c&#x0;d&#1;</Key>", "a\nb\rc\0d\u{1}"),
            ("<Key>a<![CDATA[<b>&amp;]]>c</Key>", "a<b>&amp;c"), ("<Key><![CDATA[]]></Key>", ""),
            ("<Key>a<!-- <b>&nothing; -->c</Key>", "ac"), ("<Key>a<?php <b> ?>c</Key>", "ac"),
            ("\u{FEFF}<?xml version='1.0' encoding='utf-8'?>\n<!-- hello --><Key>é🦆</Key>\n<!-- bye -->", "é🦆"),
            ("<Key xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\" a = '\"' >x</Key\n>", "x"),
            ("<ns:Key>x</ns:Key>", "x"),
        ])
    func text(_ document: String, _ wanted: String) throws {
        #expect(try XMLReader.text(of: document) == wanted)
    }

    @Test("Elements are known by their local names, in any order, with anything between them")
    func elements() throws {
        let document = """
            <?xml version="1.0" encoding="UTF-8"?>
            <a:Tagging xmlns:a="x"><!-- one -->
              <TagSet><Tag><Value>2</Value><Key>1</Key></Tag><?pi?><Tag/></TagSet>
              <Unheard><Key>x</Key><!-- two --></Unheard>
            </a:Tagging>
            """
        #expect(
            try XMLReader.tree(Array(document.utf8))
                == .element(
                    .tagging,
                    [
                        .element(
                            .tagSet,
                            [
                                .element(.tag, [.element(.value, [.text("2")]), .element(.key, [.text("1")])]),
                                .element(.tag, []),
                            ]),
                        .element(.other, [.element(.key, [.text("x")])]),
                    ]))
    }

    @Test("Every element that is read is found by its name, and nothing else is", arguments: XMLTag.allCases)
    func names(_ tag: XMLTag) throws {
        guard tag != .other else { return }
        for (name, wanted) in [
            (tag.rawValue, tag), (tag.rawValue + "x", .other), (tag.rawValue.lowercased(), .other),
            ("s3:\(tag.rawValue)", tag),
        ] {
            var reader = try XMLReader(Array("<\(name)/>".utf8))
            #expect(try reader.root() == wanted, "\(name)")
        }
    }

    @Test("Skipping passes over all that is in an element and nothing behind it")
    func skipping() throws {
        let inside = ["", "text &amp; &#10;", "<a/>", "<a><b/><a>x</a></a>", "<![CDATA[</Key>]]>", "<!-- </Key> -->"]
        for inside in inside {
            var reader = try XMLReader(Array("<Tagging><Key>\(inside)</Key><Value>v</Value></Tagging>".utf8))
            _ = try reader.root()
            #expect(try reader.child() == .key)
            try reader.skip()
            #expect(try reader.child() == .value, "\(inside)")
            #expect(try reader.text() == "v")
            #expect(try reader.child() == nil)
            try reader.end()
        }
        var reader = try XMLReader(Array("<Tagging><Key/><Value/></Tagging>".utf8))
        _ = try reader.root()
        #expect(try reader.child() == .key)
        try reader.skip()
        #expect(try reader.child() == .value)
    }

    @Test(
        "What is not well-formed is an error that says where",
        arguments: [
            ("", "the document has no element", 0), ("   ", "the document has no element", 3),
            ("text", "expected an element, found text", 0), ("<Key>", "the document ends inside <Key>", 5),
            ("<Key>x</Kex>", "expected </Key>", 8), ("<Key>x</Key", "expected </Key>", 11),
            ("<Key>x</Key>x", "expected the end of the document", 12),
            ("<Key>x</Key><Key/>", "expected the end of the document", 12),
            ("<Key><Value/></Key>", "expected text, found an element", 5),
            ("<Key>&nbsp;</Key>", "an entity is one of &amp; &lt; &gt; &quot; &apos;", 5),
            ("<Key>&amp</Key>", "an entity is one of &amp; &lt; &gt; &quot; &apos;", 5),
            ("<Key>&#xD800;</Key>", "a numeric reference names no character", 5),
            ("<Key>&#x110000;</Key>", "a numeric reference names no character", 5),
            ("<Key>&#99999999999999999999;</Key>", "a numeric reference names no character", 5),
            ("<Key>&#;</Key>", "a numeric reference names no character", 5),
            ("<Key>a\u{1}</Key>", "a control character stands in the text", 6),
            ("<Key>x<!-- </Key>", "a comment is never closed", 10),
            ("<Key>x<![CDATA[ </Key>", "a CDATA section is never closed", 15),
            ("<Key>x<?p </Key>", "a processing instruction is never closed", 8),
            ("<!DOCTYPE Key><Key/>", "a document type, or any other declaration, is refused", 0),
            ("<Key a='<'/>", "a '<' stands in the value of an attribute", 8),
            ("<Key a>x</Key>", "expected '=' behind the name of an attribute", 6),
            ("<Key a=b>x</Key>", "expected the value of an attribute in quotes", 7),
            ("<Key 'a'/>", "expected a name", 5), ("<1Key/>", "expected a name", 1), ("< Key/>", "expected a name", 1),
            ("<Key a=\"b", "the document ends inside <Key>", 9),
            ("<Key a='b'c='d'/>", "expected '>' or an attribute", 10),
            ("</Key>", "expected a name", 1),
            (
                "<?xml version='1.0' encoding='UTF-16'?><Key/>",
                "the document says it is in another encoding than UTF-8", 5
            ),
        ])
    func malformed(_ document: String, _ message: String, _ offset: Int) throws {
        let error = #expect(throws: XMLError.self, "\(document)") { try XMLReader.text(of: document) }
        #expect(error == XMLError(message, at: offset), "\(document)")
    }

    @Test("Bytes that are not UTF-8 are refused")
    func encoding() throws {
        let error = #expect(throws: XMLError.self) { try XMLReader(Array("<Key>".utf8) + [0xC3, 0x28]) }
        #expect(error?.offset == 5)
    }

    @Test("Depth and length have limits")
    func limits() throws {
        func nested(_ depth: Int) -> [UInt8] {
            Array((String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)).utf8)
        }
        #expect(throws: Never.self) { try XMLReader.tree(nested(XMLLimits.depth)) }
        for skips in [true, false] {
            #expect(throws: XMLError("elements nest more than 32 deep", at: 96)) {
                var reader = try XMLReader(nested(XMLLimits.depth + 1))
                _ = try reader.root()
                if skips { try reader.skip() } else { while try reader.child() != nil {} }
            }
        }
        let error = #expect(throws: XMLError.self) {
            try XMLReader([UInt8](repeating: 0x20, count: XMLLimits.bytes + 1))
        }
        #expect(error?.offset == XMLLimits.bytes)
    }

    @Test("Entities that would expand are refused before anything expands")
    func expansion() throws {
        let document = """
            <?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol1 "&lol;&lol;&lol;">]>
            <Key>&lol1;</Key>
            """
        #expect(throws: XMLError.self) { try XMLReader.text(of: document) }
    }

    @Test("Values are read without the white space around them, and refused when they are none")
    func values() throws {
        func reader(_ text: String) throws -> XMLReader {
            var reader = try XMLReader(Array("<Size>\(text)</Size>".utf8))
            _ = try reader.root()
            return reader
        }
        for (text, wanted) in [("0", 0), (" 12\n", 12), ("999999999999999999", 999_999_999_999_999_999)] {
            var reader = try reader(text)
            #expect(try reader.integer() == wanted)
        }
        for text in ["", "-1", "+1", "1.0", "1000000000000000000", "0x1"] {
            #expect(throws: XMLError("expected a whole number", at: 6), "'\(text)'") {
                var reader = try reader(text)
                _ = try reader.integer()
            }
        }
        for (text, wanted) in [("true", true), ("false", false), (" True ", true), ("False", false)] {
            var reader = try reader(text)
            #expect(try reader.boolean() == wanted)
        }
        #expect(throws: XMLError("expected true or false", at: 6)) {
            var reader = try reader("yes")
            _ = try reader.boolean()
        }
        var time = try reader("2026-11-20T15:06:01.000Z")
        #expect(try time.timestamp().description == "2026-11-20T15:06:01.000000Z")
        #expect(throws: XMLError.self) {
            var reader = try reader("yesterday")
            _ = try reader.timestamp()
        }
    }

    @Test("Whatever bytes come, reading ends with a tree or an error", arguments: 0..<20 as Range<UInt64>)
    func fuzz(_ seed: UInt64) {
        var random = SeededRandom(seed)
        for _ in 0..<200 {
            let sample = Array(random.one(of: SampleDocument.all).utf8)
            let bytes = random.number(0..<8) == 0 ? random.bytes(random.number(0..<60)) : random.mutation(of: sample)
            // Must return; what was read must not reach past the document.
            do throws(XMLError) {
                _ = try XMLReader.tree(bytes)
            } catch {
                #expect((0...bytes.count).contains(error.offset), "seed \(seed): \(error)")
            }
            _ = try? ObjectPage(bytes)
            _ = try? VersionPage(bytes)
            _ = try? DeleteResult(bytes)
            _ = try? PartPage(bytes)
            _ = try? ErrorDocument(bytes)
        }
    }
}
