import CairnCore
import CairnSchema
import ObjectStorage
import SQLiteStorage

#if canImport(FoundationEssentials)
    import struct FoundationEssentials.UUID
#else
    import struct Foundation.UUID
#endif

/// Makes values of Cairn's of those of SQLite, exactly or not at all.
///
/// SQLite has no times, days, truth values, decimals or UUIDs: programs keep them as text, numbers or blobs, each in its own way. Which
/// way a column goes follows from all of its values.
struct ForeignConversion: Sendable {
    /// What numbers in a column of times count.
    enum TimeUnit: String, Sendable {
        case seconds = "seconds since 1970"
        case milliseconds = "milliseconds since 1970"
        case microseconds = "microseconds since 1970"
        case julianDays = "Julian days"

        /// What integers of a size count, so that they are of the years in which there are databases.
        init(largest: Int) {
            self = largest < 100_000_000_000 ? .seconds : largest < 100_000_000_000_000 ? .milliseconds : .microseconds
        }
    }

    let type: ValueType
    var integers = TimeUnit.seconds
    var reals = TimeUnit.seconds

    /// The value; nil when it is not one of the type.
    func value(_ value: ForeignValue) -> Value? {
        switch value {
        case .null: .null
        case .int(let int): self.value(int)
        case .real(let real): self.value(real)
        case .text(let text): self.value(text)
        case .blob(let bytes): self.value(bytes)
        case .brokenText: nil
        }
    }

    private func value(_ int: Int) -> Value? {
        switch type {
        case .int: .int(int)
        case .double: Double(exactly: int).map(Value.double)
        case .decimal: .decimal(DecimalNumber(int))
        case .bool: int == 0 ? .bool(false) : int == 1 ? .bool(true) : nil
        case .timestamp: microseconds(int).flatMap(Timestamp.init(microseconds:)).map(Value.timestamp)
        case .date: microseconds(int).flatMap(ForeignConversion.day).map(Value.date)
        case .json: .json(.int(int))
        default: nil
        }
    }

    private func value(_ real: Double) -> Value? {
        guard real.isFinite else { return nil }
        switch type {
        case .double: return .double(real == 0 ? 0 : real)
        case .int: return Int(exactly: real).map(Value.int)
        case .decimal: return DecimalNumber("\(real)").map(Value.decimal)
        case .timestamp: return microseconds(real).flatMap(Timestamp.init(microseconds:)).map(Value.timestamp)
        case .date: return microseconds(real).flatMap(ForeignConversion.day).map(Value.date)
        case .json: return .json(.double(real))
        default: return nil
        }
    }

    private func value(_ text: String) -> Value? {
        switch type {
        case .string: .string(text)
        case .timestamp: ForeignConversion.time(text).map(Value.timestamp)
        case .date:
            CalendarDate(text).map(Value.date)
                ?? ForeignConversion.time(text).flatMap { ForeignConversion.day($0.microseconds) }.map(Value.date)
        case .bool:
            switch text.lowercased() {
            case "true": .bool(true)
            case "false": .bool(false)
            default: nil
            }
        case .bytes, .int, .double: nil
        default: ValueJSON.parse(text, as: type)
        }
    }

    private func value(_ bytes: [UInt8]) -> Value? {
        switch type {
        case .bytes: return .bytes(bytes)
        case .uuid: return bytes.withUnsafeBytes { UUID(bytes: $0) }.map(Value.uuid)
        default: return nil
        }
    }

    // MARK: Times

    private func microseconds(_ int: Int) -> Int64? {
        let factor: Int64 =
            switch integers {
            case .seconds, .julianDays: 1_000_000
            case .milliseconds: 1_000
            case .microseconds: 1
            }
        let (product, overflow) = Int64(int).multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }

    private func microseconds(_ real: Double) -> Int64? {
        // Julian day 2440587.5 is the beginning of 1970.
        let seconds = reals == .julianDays ? (real - 2_440_587.5) * 86_400 : real
        // A double has no more than milliseconds of a day number.
        let scale = reals == .julianDays ? 1_000.0 : 1_000_000.0
        return Int64(exactly: (seconds * scale).rounded()).flatMap {
            let (product, overflow) = $0.multipliedReportingOverflow(by: reals == .julianDays ? 1_000 : 1)
            return overflow ? nil : product
        }
    }

    /// The day that begins at a time; nil when none does.
    private static func day(_ microseconds: Int64) -> CalendarDate? {
        let length: Int64 = 86_400_000_000
        guard microseconds % length == 0 else { return nil }
        return CalendarDate(daysSinceEpoch: Int(microseconds / length))
    }

    /// A time as SQLite's functions write it, or RFC 3339; without an offset it is in UTC, as SQLite's are.
    private static func time(_ text: String) -> Timestamp? {
        var text = text
        let count = text.utf8.count
        if count == 10 { text += "T00:00:00" }
        if count == 16 { text += ":00" }
        if let time = Timestamp(ForeignTime.microseconds(text)) { return time }
        return Timestamp(ForeignTime.microseconds(text + "Z"))
    }
}
