/// Reads single values of an encoded key. Every read can fail: the bytes may come from a damaged file.
struct KeyBytesReader {
    private let bytes: [UInt8]
    /// How many bytes were read.
    private(set) var offset = 0
    /// Whether the part being read is descending.
    var isInverted = false

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { offset == bytes.count }

    mutating func next() -> UInt8? {
        guard offset < bytes.count else { return nil }
        offset += 1
        return isInverted ? ~bytes[offset - 1] : bytes[offset - 1]
    }

    mutating func value(of type: ValueType, isNullable: Bool) -> Value? {
        if isNullable {
            switch next() {
            case 0: return .null
            case 1: break
            default: return nil
            }
        }
        switch type {
        case .bool: return next().flatMap { $0 < 2 ? .bool($0 == 1) : nil }
        case .int: return word().map { .int(Int(Int64(bitPattern: $0 ^ KeyBytes.signBit))) }
        case .timestamp:
            return word().flatMap { Timestamp(microseconds: Int64(bitPattern: $0 ^ KeyBytes.signBit)) }.map(
                Value.timestamp)
        case .date:
            return word().flatMap { CalendarDate(daysSinceEpoch: Int(Int64(bitPattern: $0 ^ KeyBytes.signBit))) }
                .map(Value.date)
        case .double: return word().flatMap(double)
        case .decimal: return DecimalEncoding.read(&self).map(Value.decimal)
        case .uuid: return fixed(16).flatMap { UUID(bytes: $0) }.map(Value.uuid)
        case .string: return escaped().flatMap { String(validating: $0, as: UTF8.self) }.map(Value.string)
        case .bytes: return escaped().map(Value.bytes)
        case .json, .array: return nil
        }
    }

    private mutating func word() -> UInt64? {
        fixed(8)?.reduce(0) { $0 << 8 | UInt64($1) }
    }

    private mutating func fixed(_ count: Int) -> [UInt8]? {
        var result: [UInt8] = []
        for _ in 0..<count {
            guard let byte = next() else { return nil }
            result.append(byte)
        }
        return result
    }

    private func double(_ ordered: UInt64) -> Value? {
        let bits = ordered & KeyBytes.signBit == 0 ? ~ordered : ordered ^ KeyBytes.signBit
        let double = Double(bitPattern: bits)
        // -0.0 and NaN are never written.
        return double.isFinite && bits != KeyBytes.signBit ? .double(double) : nil
    }

    private mutating func escaped() -> [UInt8]? {
        var result: [UInt8] = []
        while let byte = next() {
            guard byte == 0 else {
                result.append(byte)
                continue
            }
            switch next() {
            case 0: return result
            case 0xFF: result.append(0)
            default: return nil
            }
        }
        return nil
    }
}

/// Decimals in byte order: the count of digit pairs before the point, the pairs, an end mark.
///
/// Positive: `80 + n`, where n is how many pairs stand before the point, then each pair as 1 to 100, then `00`. More pairs
/// before the point is a larger number; with as many, the pairs decide. Negative: the bytes of the positive number,
/// inverted. Zero is `80 00`.
enum DecimalEncoding {
    static func append(_ decimal: DecimalNumber, to bytes: inout [UInt8]) {
        let start = bytes.count
        let (whole, fraction) = digits(of: decimal)
        let left = pairs(whole, padLeft: true)
        bytes.append(0x80 + UInt8(left.count))
        for pair in left + pairs(fraction, padLeft: false) { bytes.append(pair + 1) }
        bytes.append(0)
        if decimal.coefficient < 0 { KeyBytes.invert(&bytes, from: start) }
    }

    /// The digits before the point, without leading zeros, and after it.
    private static func digits(of decimal: DecimalNumber) -> (whole: [UInt8], fraction: [UInt8]) {
        var digits = String(decimal.coefficient.magnitude).utf8.map { $0 - 0x30 }
        let missing = decimal.scale - digits.count
        if missing > 0 { digits.insert(contentsOf: repeatElement(0, count: missing), at: 0) }
        let whole = digits.dropLast(decimal.scale).drop { $0 == 0 }
        return (Array(whole), Array(digits.suffix(decimal.scale)))
    }

    private static func pairs(_ digits: [UInt8], padLeft: Bool) -> [UInt8] {
        let even = digits.count.isMultiple(of: 2) ? digits : (padLeft ? [0] + digits : digits + [0])
        return stride(from: 0, to: even.count, by: 2).map { even[$0] * 10 + even[$0 + 1] }
    }

    static func read(_ reader: inout KeyBytesReader) -> DecimalNumber? {
        guard let first = reader.next() else { return nil }
        let isNegative = first < 0x80
        if isNegative { reader.isInverted.toggle() }
        defer { if isNegative { reader.isInverted.toggle() } }
        let wholePairs = Int(isNegative ? ~first : first) - 0x80
        // 38 digits make at most 19 pairs before the point and, unaligned, 20 in all.
        var pairs: [UInt8] = []
        while true {
            guard let byte = reader.next(), byte <= 100, pairs.count < 40 else { return nil }
            if byte == 0 { break }
            pairs.append(byte - 1)
        }
        // A pair of zeros at either end would be a second form of the same number.
        let isCanonical =
            !(isNegative && pairs.isEmpty) && pairs.count >= wholePairs && (wholePairs == 0 || pairs[0] > 0)
            && (pairs.count == wholePairs || pairs[pairs.count - 1] > 0)
        guard isCanonical else { return nil }
        let whole = pairs[..<wholePairs].map(digits(of:)).joined()
        let fraction = pairs[wholePairs...].map(digits(of:)).joined()
        let number = DecimalNumber((whole.isEmpty ? "0" : whole) + (fraction.isEmpty ? "" : "." + fraction))
        return isNegative ? number.map { -$0 } : number
    }

    private static func digits(of pair: UInt8) -> String { String(pair / 10) + String(pair % 10) }
}
