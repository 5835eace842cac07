import CairnSchema

/// What tells that a cache gave an answer without asking the store.
///
/// HTTP's own sign is `Age` (RFC 9111, section 5.1), and RFC 9211 has `Cache-Status` beside it. Many caches send neither: nginx tells
/// what it did only in a field that its administrator chose, mostly `X-Cache-Status`; CDNs have fields of their own. What a cache fetched
/// for this request, or found to be current by asking, is as good as an answer of the store: `MISS`, `BYPASS`, `EXPIRED`,
/// `REVALIDATED`, `RefreshHit` are no marks.
///
/// `Age: 0` alone is a mark: so old is what was kept within the last second, and a second is long enough to hide a commit. Some caches put
/// it on what they fetched for this request, too. Then it is none if each of those in the way says that it asked: one that keeps quiet may
/// be the one that did not. Those in the way name themselves in `Via` (RFC 9110, section 7.6.3).
enum CacheMark {
    /// The fields in which caches say by a word what they did.
    private static let fields = ["x-cache", "x-cache-status", "cf-cache-status"]

    /// Words for an answer that was kept: those of nginx and Cloudflare for one that is out of date too, and those of Akamai and Azure.
    private static let words: Set = [
        "stale", "updating", "tcp_hit", "tcp_mem_hit", "tcp_remote_hit", "tcp_ims_hit", "tcp_negative_hit",
        "tcp_refresh_fail_hit",
    ]

    /// Words for an answer that the store was asked for: those of nginx, Cloudflare, CloudFront and Squid.
    private static let freshWords: Set = [
        "miss", "bypass", "expired", "revalidated", "dynamic", "refreshhit", "tcp_miss", "tcp_refresh_hit",
        "tcp_refresh_miss",
    ]

    /// Whether an `Age` says nothing against an answer that no other field calls a kept one.
    static func isHarmless(_ age: HeaderField, among fields: [HeaderField]) -> Bool {
        guard Utf8.equal(age.value.filter { $0 != " " && $0 != "\t" }, "0") else { return false }
        let proxies = items("via", fields).count
        // A cache that tells it in two fields is one.
        return CacheMark.fields.contains { name in
            items(name, fields).count { freshWords.contains(word(of: $0)) } >= max(1, proxies)
        }
    }

    /// The items of a list, which may stand in several fields.
    private static func items(_ name: String, _ fields: [HeaderField]) -> [Substring] {
        fields.filter { Utf8.equal($0.name, name) }.flatMap { $0.value.split(separator: ",") }
    }

    /// Whether a field, other than `Age`, says that the answer is one a cache kept.
    static func isMark(_ field: HeaderField) -> Bool {
        if Utf8.equal(field.name, "cache-status") { return isHit(structured: field.value) }
        guard fields.contains(where: { Utf8.equal($0, field.name) }) else { return false }
        // One after the other, where caches stand in a row; one that kept it is enough.
        return field.value.split(separator: ",").contains { isHit(item: $0) }
    }

    /// The word with which an item begins, in small letters.
    private static func word(of item: Substring) -> String {
        item.drop { $0 == " " || $0 == "\t" }.prefix { $0.isLetter || $0 == "_" || $0 == "-" }.lowercased()
    }

    /// `HIT`, `Hit from cloudfront`, `HitStale from child`, `TCP_HIT`.
    private static func isHit(item: Substring) -> Bool {
        let word = word(of: item)
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
    var cacheMark: HeaderField? {
        first(where: CacheMark.isMark)
            ?? first { Utf8.equal($0.name, "age") && !CacheMark.isHarmless($0, among: self) }
    }
}
