import CairnSchema

/// The names of files for keys, and keys for names.
///
/// The problem: a key is any text of up to 1,024 bytes; a file name is not. The idea: the parts of a key between `/` are folders
/// and a file of just these names, so that `tables/cities/objects/1.json` is what it seems to be, and only a part that is
/// no good name is written in another form, which begins with `=`.
///
/// - `=` and the part, where these are written as `%XX`: control characters, `%`, `=`, a `.` at the beginning; in the
///   portable style everything but `a-z 0-9 - _ .`. So `` is `=`, `.` is `=%2E`, `..` is `=%2E.`, `=x` is `=%3Dx`.
/// - A part too long for one name goes on in folders: `=…=` is a piece of it, in which the next stands.
/// - `==` in a folder `a` is the object of the key `a`, beside those of keys `a/…`.
///
/// Invariants, tested with random keys: each key has one path and no two keys have the same; the path gives the key back; any
/// other name is foreign, and said to be.
struct FolderNames: Sendable, Equatable {
    /// Which names a file system keeps apart.
    enum Style: String, Sendable, CaseIterable {
        /// All.
        case exact
        /// Not those that differ in case, in the form of accents, or in a dot at the end.
        case portable
    }

    let style: Style

    /// The folder that the store keeps for itself, in the folder it is in.
    static let control = ".cairn"
    /// The object of the key of the folder it stands in.
    static let own = "=="
    /// Bytes of a name.
    static let limit = 255

    private static let mark = UInt8(ascii: "=")

    /// The names of all folders on the way to the object of a key, and of its file.
    func path(of key: String) -> [String] {
        Array(key.utf8).split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).flatMap {
            names(of: Array($0))
        }
    }

    /// The names of one part of a key, each in the folder of the one before.
    func names(of part: [UInt8]) -> [String] {
        if isPlain(part) { return [String(decoding: part, as: UTF8.self)] }
        var names: [String] = []
        var name: [UInt8] = [Self.mark]
        for (index, byte) in part.enumerated() {
            let written = escaped(byte, isFirst: index == 0, isLast: index == part.count - 1)
            // A character of several bytes is not cut: some file systems take nothing but UTF-8.
            let isWhole = byte & 0xC0 != 0x80
            // Up to four bytes that belong together, and a mark at the end.
            if isWhole, name.count + 12 + 1 > Self.limit {
                name.append(Self.mark)
                names.append(String(decoding: name, as: UTF8.self))
                name = [Self.mark]
            }
            name += written
        }
        names.append(String(decoding: name, as: UTF8.self))
        return names
    }

    /// What a name, or the pieces of a long one, stand for; nil when the store would never use them.
    func part(of names: [String]) -> [UInt8]? {
        guard let last = names.last else { return nil }
        var part: [UInt8] = []
        if names.count == 1, last.utf8.first != Self.mark {
            part = Array(last.utf8)
        } else {
            for (index, name) in names.enumerated() {
                guard let piece = Self.piece(name, isLast: index == names.count - 1) else { return nil }
                part += piece
            }
        }
        // One part, one path: what would be written in another way is not ours.
        return part.count <= ObjectLimits.keyBytes && self.names(of: part) == names ? part : nil
    }

    /// Whether a folder holds the rest of a long part.
    static func isContinued(_ name: String) -> Bool {
        name.utf8.count > 2 && name.utf8.first == mark && name.utf8.last == mark
    }

    private func isPlain(_ part: [UInt8]) -> Bool {
        guard let first = part.first, part.count <= Self.limit else { return false }
        if first == Self.mark || part == [0x2E] || part == [0x2E, 0x2E] || part == Array(Self.control.utf8) {
            return false
        }
        switch style {
        case .exact: return part.allSatisfy { !Self.isControl($0) }
        case .portable: return part.allSatisfy(Self.isPortable) && part.last != 0x2E
        }
    }

    private func escaped(_ byte: UInt8, isFirst: Bool, isLast: Bool) -> [UInt8] {
        let isDot = byte == 0x2E && (isFirst || isLast && style == .portable)
        let isSpecial = Self.isControl(byte) || byte == UInt8(ascii: "%") || byte == Self.mark
        guard isDot || isSpecial || style == .portable && !Self.isPortable(byte) else { return [byte] }
        return [UInt8(ascii: "%"), Hex.upperDigits[Int(byte >> 4)], Hex.upperDigits[Int(byte & 15)]]
    }

    private static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7F }

    private static func isPortable(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x61...0x7A, 0x30...0x39, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
    }

    /// The bytes that one name in the other form stands for.
    private static func piece(_ name: String, isLast: Bool) -> [UInt8]? {
        var rest = name.utf8[...]
        guard rest.popFirst() == mark, isLast || isContinued(name) else { return nil }
        if !isLast { rest.removeLast() }
        return Hex.unescape(rest)
    }
}
