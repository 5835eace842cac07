package import CairnCore
package import CairnSchema

/// The names of all objects of a store, relative to its prefix.
///
/// The layout is part of the format: other programs read record files by it, and `rebuild` needs nothing else. Numbers have
/// 20 digits, so that the order of names is the order of numbers.
package enum ObjectNames {
    /// What the store is; written last when it is created.
    package static let store = "_store.json"
    /// A courtesy copy of the current schema, for people and other tools.
    package static let schema = "_schema.json"
    /// Where every schema ever used stands.
    package static let schemas = "_schemas/"
    /// Where the commit records stand.
    package static let log = "_log/main/"
    /// Where the bodies of large commit records stand.
    package static let parts = "_parts/main/"
    /// Where the manifests stand.
    package static let checkpoints = "_checkpoints/main/m"
    /// Where the index files stand.
    package static let indexes = "_index/main/"
    /// Where it stands what each migration made of the tables.
    package static let migrations = "_migrations/"
    /// Where what migrations dropped is kept for a while.
    package static let trash = "_trash/"
    /// Where named snapshots stand.
    package static let pins = "_pins/"
    /// Where the tables stand.
    package static let tables = "tables/"

    /// Digits of a number in a name.
    private static let digits = 20

    /// A schema by its id.
    package static func schema(_ id: SchemaID) -> String {
        "\(schemas)\(id.description.dropFirst("sha256:".count)).json"
    }

    /// A commit record by its number.
    package static func record(_ number: Int) -> String { "\(log)\(padded(number)).json" }

    /// The number of a commit record; nil for a name that is none.
    package static func number(ofRecord name: String) -> Int? {
        guard name.hasPrefix(log), name.hasSuffix(".json") else { return nil }
        return number(name.dropFirst(log.utf8.count).dropLast(".json".utf8.count))
    }

    /// A part of a large commit record.
    package static func part(_ index: Int, ofCommit commit: String) -> String { "\(parts)\(commit)/\(index).json" }

    /// A manifest by its version: the later the version, the earlier the name, so that a listing of one entry finds the newest.
    package static func manifest(_ version: Int) -> String {
        "\(checkpoints)\(String(newest - UInt64(version)).leftPadded(digits)).json"
    }

    /// The version of a manifest; nil for a name that is none.
    package static func version(ofManifest name: String) -> Int? {
        guard name.hasPrefix(checkpoints), name.hasSuffix(".json") else { return nil }
        let text = name.dropFirst(checkpoints.utf8.count).dropLast(".json".utf8.count)
        guard isNumber(text), let complement = UInt64(text), complement < newest else { return nil }
        return Int(exactly: newest - complement)
    }

    /// What a version is subtracted from: the largest number of 19 digits, so that every version has a complement.
    private static let newest: UInt64 = 9_999_999_999_999_999_999

    /// An index file by its id.
    package static func index(_ id: String) -> String { "\(indexes)\(id).idx" }

    /// What the migration of a number made of the tables.
    package static func migration(_ number: Int) -> String { "\(migrations)\(padded(number)).json" }

    /// The number of a migration; nil for a name that is that of none.
    package static func number(ofMigration name: String) -> Int? {
        guard name.hasPrefix(migrations), name.hasSuffix(".json") else { return nil }
        return number(name.dropFirst(migrations.utf8.count).dropLast(".json".utf8.count))
    }

    /// What says that a migration is at work.
    package static let lease = "\(migrations)running.json"

    /// Where values are kept that records got in migrations.
    package static let keptValues = "\(migrations)values/"

    /// Where the values of a table are kept, by the run of a migration that made them.
    package static func keptValues(_ run: String, of table: String) -> String { "\(keptValues)\(run)/\(table)/" }

    /// A part of the values of a table.
    package static func keptValues(_ run: String, of table: String, _ place: Int) -> String {
        "\(keptValues(run, of: table))\(place).json"
    }

    /// What says which records each part has.
    package static func directory(ofValues run: String, of table: String) -> String {
        "\(keptValues(run, of: table))directory.json"
    }

    /// The run of a migration that kept values; nil for a name of something else: what the collector does not know it leaves.
    package static func run(ofValues name: String) -> String? {
        guard name.hasPrefix(keptValues), name.hasSuffix(".json") else { return nil }
        let rest = name.dropFirst(keptValues.utf8.count).dropLast(".json".utf8.count)
        let names = rest.split(separator: "/", omittingEmptySubsequences: false)
        guard names.count == 3, !names[1].isEmpty, names[2] == "directory" || isDecimal(names[2]) else { return nil }
        // The tag of its code, and an id.
        let parts = names[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == "once" || parts[0].utf8.count == 32 && parts[0].utf8.allSatisfy(isHex),
            !parts[1].isEmpty, parts[1].utf8.allSatisfy({ isHex($0) || $0 == UInt8(ascii: "-") })
        else { return nil }
        return String(names[0])
    }

    /// Whether a text is a number from 0, without zeros before it.
    private static func isDecimal(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) } && (text == "0" || text.first != "0")
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
    }

    /// Where what a migration dropped is kept: by the number of the commit before its own, on which it worked.
    package static func trash(ofMigration number: Int) -> String { "\(trash)\(padded(number - 1))/" }

    /// Records, or columns of them, that a migration dropped from a table.
    package static func trash(_ window: Int, _ table: String, _ place: Int) -> String {
        "\(trash)\(padded(window))/\(table)/\(place).json"
    }

    /// A named snapshot.
    package static func pin(_ name: String) -> String { "\(pins)\(name).json" }

    /// Where the records of a table stand.
    package static func records(of table: String) -> String { "\(tables)\(table)/objects/" }

    /// Whether a record may have a key. A longer one makes a name that no store takes.
    static func isKey(_ key: Key) -> Bool { KeyText.encode(key).utf8.count <= Limits.keyBytes }

    /// The file of a record.
    package static func file(_ table: Table, _ key: Key) -> String {
        "\(records(of: table.name))\(KeyText.encode(key)).json"
    }

    /// The text of the key of a record file; nil for a name that is none of the table.
    package static func keyText(ofFile name: String, of table: String) -> String? {
        let folder = records(of: table)
        guard name.hasPrefix(folder), name.hasSuffix(".json") else { return nil }
        return String(name.dropFirst(folder.utf8.count).dropLast(".json".utf8.count))
    }

    /// Metadata of a table, for people and other tools.
    package static func metadata(of table: String) -> String { "\(tables)\(table)/_metadata.json" }

    private static func padded(_ number: Int) -> String { String(number).leftPadded(digits) }

    private static func number(_ text: Substring) -> Int? {
        guard isNumber(text), let number = Int(text), number > 0 else { return nil }
        return number
    }

    /// Whether a text is a number as it stands in names.
    static func isNumber(_ text: Substring) -> Bool {
        text.utf8.count == digits && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}

extension String {
    /// The text behind as many zeros as make it so long.
    fileprivate func leftPadded(_ length: Int) -> String {
        String(repeating: "0", count: Swift.max(0, length - utf8.count)) + self
    }
}
