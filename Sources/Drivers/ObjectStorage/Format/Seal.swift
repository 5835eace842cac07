import CairnSchema

/// The last member of commit records and manifests: a checksum of all that stands before it.
///
/// Each record has the hash of the one before, so a changed record is found out by the next one. The newest has none behind it, and a
/// manifest has nothing that says what it was: without a checksum of its own a flipped byte that leaves JSON would be taken for what
/// was committed. It is against decay and damaged answers, not against somebody who means it.
package enum Seal {
    private static let start = Array(#","sum":""#.utf8)
    private static let end = Array(#""}"#.utf8)
    private static let digits = 16

    /// Puts a checksum behind the members of an object.
    /// - Parameter bytes: A JSON object that has members, without white space behind it.
    static func put(on bytes: consuming [UInt8]) -> [UInt8] {
        bytes.removeLast()
        let sum = XXHash64.hash(bytes)
        bytes += start
        for shift in stride(from: 60, through: 0, by: -4) {
            bytes.append(Hex.lowerDigits[Int(truncatingIfNeeded: sum >> UInt64(shift)) & 15])
        }
        bytes += end
        return bytes
    }

    /// Puts another checksum on an object that has one and was changed: for tests of what other programs may do.
    package static func renew(on bytes: [UInt8]) -> [UInt8] {
        put(on: bytes.dropLast(start.count + digits + end.count) + end.suffix(1))
    }

    /// Checks the checksum of an object, if it has one.
    /// - Throws: ``Damage`` when the object is not what it was put on.
    static func check(_ bytes: [UInt8]) throws {
        let length = start.count + digits + end.count
        guard bytes.count > length, bytes.suffix(end.count).elementsEqual(end) else { return }
        let tail = bytes.count - length
        guard bytes[tail..<tail + start.count].elementsEqual(start) else { return }
        let sum = bytes[(tail + start.count)..<(bytes.count - end.count)]
        let expected = XXHash64.hash(bytes[..<tail])
        var found: UInt64 = 0
        for byte in sum {
            guard let digit = Hex.digit(byte) else { throw Damage("'sum' must be hexadecimal") }
            found = found << 4 | UInt64(digit)
        }
        guard found == expected else { throw Damage("it is not what was written: its checksum is another") }
    }
}
