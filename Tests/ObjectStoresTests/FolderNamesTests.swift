import Testing

@testable import ObjectStores

@Suite("Names of files for keys")
struct FolderNamesTests {
    private let exact = FolderNames(style: .exact)
    private let portable = FolderNames(style: .portable)

    @Test(
        "A key is a path, and only what is no name is written in another way",
        arguments: [
            ("tables/cities/objects/1.json", "tables|cities|objects|1.json"),
            ("tables/t/objects/a%2Fb.json", "tables|t|objects|a%2Fb.json"), ("a b", "a b"), ("é", "é"), ("A", "A"),
            ("", "="), ("/", "=|="), ("a/", "a|="), ("a//b", "a|=|b"), (".", "=%2E"), ("..", "=%2E."), ("...", "..."),
            (".hidden", ".hidden"), (".cairn", "=%2Ecairn"), ("x/.cairn", "x|=%2Ecairn"), ("=", "=%3D"),
            ("==", "=%3D%3D"),
            ("=a", "=%3Da"), ("a=", "a="), ("%", "%"), ("=%", "=%3D%25"), ("a\u{0}b", "=a%00b"), ("a\nb", "=a%0Ab"),
            ("\u{7F}", "=%7F"),
        ])
    func exactNames(_ key: String, _ path: String) {
        #expect(exact.path(of: key).joined(separator: "|") == path)
    }

    @Test(
        "Portable names differ in more than case, accents or a dot at the end",
        arguments: [
            ("tables/cities/objects/1.json", "tables|cities|objects|1.json"), ("A", "=%41"), ("a B", "=a%20%42"),
            ("é", "=%C3%A9"), ("a.", "=a%2E"), (".hidden", ".hidden"), ("a:b", "=a%3Ab"), ("..", "=%2E%2E"),
        ])
    func portableNames(_ key: String, _ path: String) {
        #expect(portable.path(of: key).joined(separator: "|") == path)
    }

    @Test("A part too long for a name goes on in the folder of its piece, cut between characters")
    func longNames() throws {
        #expect(exact.names(of: [UInt8](repeating: 0x6E, count: 255)) == [String(repeating: "n", count: 255)])
        let names = exact.names(of: Array(String(repeating: "é", count: 512).utf8))
        #expect(names.count == 5)
        #expect(names.allSatisfy { $0.utf8.count <= 255 && $0.hasPrefix("=") })
        #expect(names.dropLast().allSatisfy { $0.hasSuffix("=") && FolderNames.isContinued($0) })
        #expect(!FolderNames.isContinued(try #require(names.last)))
    }

    @Test("Every part has names of its own that give it back, and are names on any file system", arguments: 1...20)
    func roundTrip(_ seed: UInt64) {
        var random = SeededRandom(seed)
        for style in FolderNames.Style.allCases {
            let names = FolderNames(style: style)
            var seen: [[String]: [UInt8]] = [:]
            for _ in 0..<300 {
                let part = random.part()
                let path = names.names(of: part)
                #expect(names.part(of: path) == part, "seed \(seed): \(part)")
                #expect(
                    seen.updateValue(part, forKey: path.map { Array($0.utf8).description }) ?? part == part,
                    "seed \(seed)")
                for name in path {
                    #expect((1...255).contains(name.utf8.count), "seed \(seed): \(part)")
                    #expect(!name.contains("/") && !name.contains("\0") && name != "." && name != ".." && name != "==")
                    #expect(
                        style == .exact
                            || name.utf8.allSatisfy { $0 < 0x80 && !(0x41...0x5A).contains($0) || $0 < 0x47 })
                }
            }
        }
    }

    @Test(
        "What the store would not write is foreign",
        arguments: [
            "==", "=a", "=%2e", "=%2", "=%zz", "=a%", "a\nb", ".", "..", ".cairn", "=%41", "=é", "=%2E%2E", "=a=",
            "=%FF%FE",
        ])
    func foreign(_ name: String) {
        #expect(exact.part(of: [name]) == nil)
    }

    @Test(
        "What the store would write in another way in a portable folder is foreign there", arguments: ["A", "é", "a b"])
    func foreignInPortable(_ name: String) {
        #expect(portable.part(of: [name]) == nil)
    }
}

/// Random numbers that are the same for the same seed.
struct SeededRandom {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    mutating func pick<T>(_ choices: [T]) -> T { choices[below(choices.count)] }

    private static let pieces = [
        "a", "b", "A", "0", ".", "..", "=", "%", "%2E", "=%", "-", "_", " ", "é", "e\u{301}", "😀", "\u{0}", "\n",
        "\u{7F}",
        ".cairn", "日本", String(repeating: "n", count: 250), String(repeating: "é", count: 60),
    ]

    /// A part of a key: mostly short, sometimes around the lengths of names.
    mutating func part() -> [UInt8] {
        var part: [UInt8] = []
        for _ in 0..<below(5) { part += Array(Self.pieces[below(Self.pieces.count)].utf8) }
        return Array(part.prefix(1024))
    }

    /// A key in which much collides.
    mutating func key() -> String {
        let pieces = ["a", "a", "b", "/", "/", "/", "-", ".", "0", "=", "é", "//", "..", "nnn"]
        var key = pick(["a", "b", "é"])
        for _ in 0..<below(7) { key += pick(pieces) }
        if below(20) == 0 { key += String(repeating: "n", count: 250 + below(10)) }
        return key
    }
}
