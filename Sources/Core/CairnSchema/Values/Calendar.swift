/// The proleptic Gregorian calendar as arithmetic on days, for years 1 to 9999.
///
/// The algorithms count days from 0000-03-01, so that a leap day is the last of its year: 400 years have 146,097 days.
package enum GregorianCalendar {
    /// Days from 1970-01-01 to the first day Cairn can hold, 0001-01-01.
    package static let firstDay = days(year: 1, month: 1, day: 1)
    /// Days from 1970-01-01 to the last day Cairn can hold, 9999-12-31.
    package static let lastDay = days(year: 9999, month: 12, day: 31)

    /// Days from 1970-01-01 to a date that exists.
    package static func days(year: Int, month: Int, day: Int) -> Int {
        let marchYear = month > 2 ? year : year - 1
        let era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The date `days` after 1970-01-01.
    package static func date(days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    /// How many days a month has.
    package static func length(ofMonth month: Int, year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

/// Reads fixed decimal fields from the text of a date or a time.
struct FieldParser {
    /// Valid while the closures of `parse` run, and a parser does not leave them.
    private let text: UnsafeBufferPointer<UInt8>
    private var offset = 0

    /// Reads a text; nil unless `body` gives something and reads all of it.
    static func parse<Result>(_ text: String, _ body: (inout FieldParser) -> Result?) -> Result? {
        var text = text
        return text.withUTF8 { parse($0, body) }
    }

    /// Reads the bytes of a text; nil unless `body` gives something and reads all of them.
    static func parse<Result>(
        _ text: UnsafeBufferPointer<UInt8>, _ body: (inout FieldParser) -> Result?
    ) -> Result? {
        var parser = FieldParser(text: text)
        guard let result = body(&parser), parser.offset == text.count else { return nil }
        return result
    }

    /// A number of exactly `width` digits.
    mutating func number(width: Int) -> Int? {
        guard offset + width <= text.count else { return nil }
        var value = 0
        for index in offset..<offset + width {
            guard (0x30...0x39).contains(text[index]) else { return nil }
            value = value * 10 + Int(text[index] - 0x30)
        }
        offset += width
        return value
    }

    /// The digits that come next as a number of a fixed count of places: those that are missing are zeros, those beyond must
    /// be. nil when there is none, more than `most`, or one that would be lost.
    mutating func fraction(places: Int, most: Int) -> Int? {
        let start = offset
        var value = 0
        while offset < text.count, (0x30...0x39).contains(text[offset]), offset - start <= most {
            let digit = Int(text[offset] - 0x30)
            if offset - start < places { value = value * 10 + digit } else if digit != 0 { return nil }
            offset += 1
        }
        guard (1...most).contains(offset - start) else { return nil }
        for _ in 0..<max(0, places - (offset - start)) { value *= 10 }
        return value
    }

    /// Consumes one of `characters`, if it comes next.
    mutating func take(_ characters: StaticString) -> UInt8? {
        guard offset < text.count, characters.withUTF8Buffer({ $0.contains(text[offset]) }) else { return nil }
        offset += 1
        return text[offset - 1]
    }

    /// A date as `YYYY-MM-DD`, in days from 1970-01-01; nil when it does not exist.
    mutating func days() -> Int? {
        guard let year = number(width: 4), take("-") != nil, let month = number(width: 2), take("-") != nil,
            let day = number(width: 2), (1...9999).contains(year), (1...12).contains(month),
            (1...GregorianCalendar.length(ofMonth: month, year: year)).contains(day)
        else { return nil }
        return GregorianCalendar.days(year: year, month: month, day: day)
    }
}

/// Writes fixed decimal fields: the text of a date or a time.
struct FieldWriter {
    /// Valid while the closure of ``write(to:_:)`` runs, and a writer does not leave it. The fields of every text fill it
    /// exactly, whatever their values are.
    private let bytes: UnsafeMutableBufferPointer<UInt8>
    private var offset = 0

    /// Writes the fields of `body` into `bytes`, which has room for them.
    /// - Returns: How many bytes they have.
    static func write(to bytes: UnsafeMutableBufferPointer<UInt8>, _ body: (inout FieldWriter) -> Void) -> Int {
        var writer = FieldWriter(bytes: bytes)
        body(&writer)
        return writer.offset
    }

    /// Writes the last `width` digits of a number that is not negative, zeros in front.
    mutating func number(_ value: Int, width: Int) {
        var rest = UInt32(truncatingIfNeeded: value)
        var place = offset + width
        while place > offset {
            place -= 1
            bytes[place] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        offset += width
    }

    mutating func mark(_ character: Unicode.Scalar) {
        bytes[offset] = UInt8(ascii: character)
        offset += 1
    }

    /// Writes a day as `YYYY-MM-DD`.
    mutating func days(_ days: Int) {
        let date = GregorianCalendar.date(days: days)
        number(date.year, width: 4)
        mark("-")
        number(date.month, width: 2)
        mark("-")
        number(date.day, width: 2)
    }
}
