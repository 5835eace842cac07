import CairnCore
import CairnSchema
import ObjectStores

/// The keys that requests of one day, region and service are signed with.
///
/// A key is four HMACs away from the secret and good for a day, so it is kept. Bounded: of more pairs of credentials and regions
/// than fit, those used least recently are derived again.
final class SigningKeyCache: Sendable {
    /// How many keys are kept.
    static let limit = 16

    private struct Entry {
        let secretKey: String
        let day: Int
        let region: String
        let service: String
        let key: [UInt8]
    }

    private let entries = Lock<[Entry]>([])

    /// The signing key of a secret, for a day.
    func key(secretKey: String, date: SigningDate, region: String, service: String) -> [UInt8] {
        entries.withLock { entries in
            let day = date.day
            let place = entries.firstIndex { entry in
                entry.day == day && Utf8.equal(entry.region, region) && Utf8.equal(entry.service, service)
                    && Utf8.equal(entry.secretKey, secretKey)
            }
            if let place {
                if place > 0 { entries.insert(entries.remove(at: place), at: 0) }
                return entries[0].key
            }
            let key = SigningKeyCache.derive(secretKey: secretKey, date: date, region: region, service: service)
            if entries.count == SigningKeyCache.limit { entries.removeLast() }
            entries.insert(
                Entry(secretKey: secretKey, day: day, region: region, service: service, key: key), at: 0)
            return key
        }
    }

    /// How many keys are kept now.
    var count: Int { entries.withLock { $0.count } }

    /// "Derive a signing key" of the S3 API reference.
    private static func derive(secretKey: String, date: SigningDate, region: String, service: String) -> [UInt8] {
        var day: [UInt8] = []
        date.appendDay(to: &day)
        let dateKey = MessageDigest.hmac(key: Array("AWS4".utf8) + Array(secretKey.utf8), day)
        let regionKey = MessageDigest.hmac(key: dateKey, Array(region.utf8))
        let serviceKey = MessageDigest.hmac(key: regionKey, Array(service.utf8))
        return MessageDigest.hmac(key: serviceKey, Array("aws4_request".utf8))
    }
}
