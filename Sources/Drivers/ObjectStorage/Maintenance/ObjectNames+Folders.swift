/// Names by where they stand, to tell what is Cairn's and what is not.
extension ObjectNames {
    /// Objects at the top of a store.
    static let topObjects: Set<String> = [store, schema]
    /// Folders at the top of a store, also those that only later versions or rare work fill.
    static let topFolders = Set(
        [schemas, log, parts, checkpoints, indexes, migrations, pins, tables, trash, "blobs/"].map(folder))

    /// The first folder of a name.
    static func folder(_ name: String) -> String {
        name.firstIndex(of: "/").map { String(name[...$0]) } ?? name
    }

    /// The id of an index file; nil for a name that is none.
    static func id(ofIndex name: String) -> String? { middle(of: name, between: indexes, and: ".idx") }

    /// The name of a pin; nil for a name that is that of none.
    static func name(ofPin name: String) -> String? { middle(of: name, between: pins, and: ".json") }

    /// Whether it is the name of a part of a large commit record.
    static func isPart(_ name: String) -> Bool {
        guard name.hasPrefix(parts), name.hasSuffix(".json") else { return false }
        let places = name.dropFirst(parts.utf8.count).dropLast(".json".utf8.count).split(
            separator: "/", omittingEmptySubsequences: false)
        return places.count == 2 && !places[0].isEmpty && Int(places[1]) != nil
    }

    /// Whether it is the name of what a migration dropped. What was put aside when records were adopted stands beside it, and stays.
    static func isDropped(_ name: String) -> Bool {
        guard name.hasPrefix(trash) else { return false }
        return isNumber(name.dropFirst(trash.utf8.count).prefix { $0 != "/" })
    }

    private static func middle(of name: String, between start: String, and end: String) -> String? {
        guard name.hasPrefix(start), name.hasSuffix(end) else { return nil }
        let text = name.dropFirst(start.utf8.count).dropLast(end.utf8.count)
        return text.isEmpty || text.utf8.contains(UInt8(ascii: "/")) ? nil : String(text)
    }
}
