import CairnSchema

/// What tells that a cache gave an answer without asking the store.
///
/// HTTP's own sign is `Age` (RFC 9111, section 5.1), and RFC 9211 has `Cache-Status` beside it. Many caches send neither: nginx tells
/// what it did only in a field that its administrator chose, mostly `X-Cache-Status`; CDNs have fields of their own. What a cache fetched
/// for this request, or found to be current by asking, is as good as an answer of the store: `MISS`, `BYPASS`, `EXPIRED`,
/// `REVALIDATED`, `RefreshHit` are no marks.
enum CacheMark {
    /// The fields in which caches say by a word what they did.
    private static let fields = ["x-cache", "x-cache-status", "cf-cache-status"]

    /// Words for an answer that was kept: those of nginx and Cloudflare for one that is out of date too, and those of Akamai and Azure.
    private static let words: Set = [
        "stale", "updating", "tcp_hit", "tcp_mem_hit", "tcp_remote_hit", "tcp_ims_hit", "tcp_negative_hit",
        "tcp_refresh_fail_hit",
    ]

    /// Whether a field says that the answer is one a cache kept.
    static func isMark(_ field: HeaderField) -> Bool {
        if Utf8.equal(field.name, "age") { return true }
        if Utf8.equal(field.name, "cache-status") { return isHit(structured: field.value) }
        guard fields.contains(where: { Utf8.equal($0, field.name) }) else { return false }
        // One after the other, where caches stand in a row; one that kept it is enough.
        return field.value.split(separator: ",").contains { isHit(item: $0) }
    }

    /// `HIT`, `Hit from cloudfront`, `HitStale from child`, `TCP_HIT`.
    private static func isHit(item: Substring) -> Bool {
        let start = item.drop { $0 == " " || $0 == "\t" }
        let word = start.prefix { $0.isLetter || $0 == "_" || $0 == "-" }.lowercased()
        // Varnish remembers of some objects that it keeps none of them: it asks the store then.
        if word.hasPrefix("hit") { return !word.hasSuffix("pass") && !word.hasSuffix("miss") }
        return words.contains(word)
    }

    /// `nginx; hit; ttl=30`: a list of caches with what each did, in which `hit` is a parameter that is there or true.
    private static func isHit(structured list: String) -> Bool {
        let marks = ["hit", "hit=?1"].map { Array($0.utf8) }
        var part: [UInt8] = []
        var isText = false
        var isEscaped = false
        for byte in list.utf8 {
            if isEscaped {
                isEscaped = false
                continue
            }
            switch byte {
            case UInt8(ascii: "\\") where isText: isEscaped = true
            case UInt8(ascii: "\""): isText.toggle()
            case _ where isText: continue
            case UInt8(ascii: ","), UInt8(ascii: ";"):
                if marks.contains(part) { return true }
                part = []
            case 0x20, 0x09: continue
            default: part.append(byte)
            }
        }
        return marks.contains(part)
    }
}

extension [HeaderField] {
    /// The field by which a cache says that the answer is one it kept; nil for an answer of the store.
    var cacheMark: HeaderField? { first(where: CacheMark.isMark) }
}
