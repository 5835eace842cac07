/// Makes values of one type from those of another.
package enum ValueConversion {
    /// Whether values of a type can be those of another, each or some of them.
    ///
    /// | from | to |
    /// |---|---|
    /// | `int`, `double`, `decimal` | one another |
    /// | `string` | `int`, `double`, `decimal`, `bool`, `uuid`, `timestamp`, `date`, and each of these `string` |
    /// | `bool`, `int` | one another, as 0 and 1 |
    /// | `date`, `timestamp` | one another, as midnight UTC |
    /// | `T`, `[T]` | one another, as a list of one element |
    package static func exists(from old: ValueType, to new: ValueType) -> Bool {
        func isNumber(_ type: ValueType) -> Bool { type == .int || type == .double || type == .decimal }
        func hasText(_ type: ValueType) -> Bool {
            isNumber(type) || type == .bool || type == .uuid || type == .timestamp || type == .date
        }
        return switch (old, new) {
        case (.string, let other) where hasText(other): true
        case (let other, .string) where hasText(other): true
        case (.bool, .int), (.int, .bool), (.date, .timestamp), (.timestamp, .date): true
        // Of JSON a list is a value, too.
        case (.array(let element), let other) where element == other: other != .json
        case (let other, .array(let element)) where element == other: other != .json
        default: old != new && isNumber(old) && isNumber(new)
        }
    }

    /// Whether each value of a type is one of another: none can stand in the way.
    package static func isTotal(from old: ValueType, to new: ValueType) -> Bool {
        switch (old, new) {
        case (.int, .decimal), (.bool, .int), (.date, .timestamp): true
        case (.int, .string), (.decimal, .string), (.bool, .string), (.uuid, .string), (.timestamp, .string),
            (.date, .string):
            true
        case (let other, .array(let element)): other == element && other != .json
        default: false
        }
    }

    /// The same value in another type; nil when that has none from which the value could be made again.
    ///
    /// A text is a number when it is written as one is: zeros at the end of a fraction are notation (`3.50`), those in front are not
    /// (`007`), nor is an exponent. A time is in UTC, a UUID may have capital letters. All else is the text that its value has here.
    package static func exact(_ value: Value, as type: ValueType) -> Value? {
        if type.holds(value) { return value }
        switch (value, type) {
        case (.null, _): return .null
        case (.int(let int), .double): return Double(exactly: int).map(Value.double)
        case (.int(let int), .decimal): return .decimal(DecimalNumber(int))
        case (.int(let int), .bool): return int == 0 ? .bool(false) : int == 1 ? .bool(true) : nil
        case (.bool(let bool), .int): return .int(bool ? 1 : 0)
        case (.double(let double), .int): return Int(exactly: double).map(Value.int)
        case (.double(let double), .decimal): return DecimalNumber(double.description).map(Value.decimal)
        case (.decimal(let decimal), .int):
            return decimal.scale == 0 ? Int(exactly: decimal.coefficient).map(Value.int) : nil
        case (.decimal(let decimal), .double):
            let double = Double(decimal)
            return DecimalNumber(double.description) == decimal ? .double(double) : nil
        case (.date(let date), .timestamp): return .timestamp(Timestamp(startOf: date))
        case (.timestamp(let time), .date):
            return Timestamp(startOf: time.date) == time ? .date(time.date) : nil
        case (_, .array(let element)): return element != .json && element.holds(value) ? .array([value]) : nil
        case (.array(let elements), _):
            guard type != .json, elements.count == 1, let element = elements.first, type.holds(element) else {
                return nil
            }
            return element
        case (.string(let text), _): return read(text, as: type)
        case (_, .string): return text(of: value).map(Value.string)
        default: return nil
        }
    }

    /// The value that a person would take for the same: as ``exact(_:as:)``, and besides a text that can be read at all, the day of a
    /// time, the nearest double, and JSON. Lists become no elements. What it was made from may not come back from it.
    package static func closest(_ value: Value, as type: ValueType) -> Value? {
        switch (value, type) {
        case (.string(let text), .json): return ValueJSON.parse(text, as: .json)
        case (_, .json) where !type.holds(value): return value.isNull ? .null : .json(ValueJSON.value(value))
        case (.array, .string), (.bytes, .string), (.json, .string), (.double, .string):
            if let exact = exact(value, as: type), case .double = value { return exact }
            if case .string(let text) = ValueJSON.value(value) { return .string(text) }
            return .string(ValueJSON.value(value).description)
        case (.array, _): return type.holds(value) ? value : nil
        case (.json(let json), _) where !type.holds(value): return ValueJSON.value(json, as: type)
        default: break
        }
        if let exact = exact(value, as: type) { return exact }
        switch (value, type) {
        case (.string(let text), .double):
            // `Double` reads more than numbers are written with.
            let text = trimmed(text)
            let isPlain = text.utf8.allSatisfy { "+-.eE0123456789".utf8.contains($0) }
            return isPlain ? ValueJSON.parse(text, as: .double) : nil
        case (.string(let text), _): return ValueJSON.parse(trimmed(text), as: type)
        case (.timestamp(let time), .date): return .date(time.date)
        case (.decimal(let decimal), .double): return .double(Double(decimal))
        default: return nil
        }
    }

    // MARK: Texts

    /// What a person would write for a value.
    package static func closestText(_ value: Value) -> String {
        if case .string(let text)? = closest(value, as: .string) { return text }
        return ""
    }

    /// A value for messages: the beginning of its text.
    package static func shown(_ value: Value) -> String {
        let text = closestText(value).unicodeScalars
        let end = text.count > shownScalars ? "…" : ""
        return "'\(String(String.UnicodeScalarView(text.prefix(shownScalars))))\(end)'"
    }

    private static let shownScalars = 80

    private static func text(of value: Value) -> String? {
        switch value {
        case .int(let int): String(int)
        case .double(let double): DecimalNumber(double.description)?.description
        case .decimal(let decimal): decimal.description
        case .bool(let bool): bool ? "true" : "false"
        case .uuid(let uuid): uuid.text
        case .timestamp(let time): time.description
        case .date(let date): date.description
        default: nil
        }
    }

    private static func read(_ text: String, as type: ValueType) -> Value? {
        switch type {
        case .int, .double, .decimal:
            guard let number = DecimalNumber(text), isSame(number.description, text) else { return nil }
            return exact(.decimal(number), as: type)
        case .timestamp:
            guard let time = Timestamp(text), isSame(time.description, text, before: "Z") else { return nil }
            return .timestamp(time)
        case .date: return CalendarDate(text).map(Value.date)
        case .bool: return text == "true" ? .bool(true) : text == "false" ? .bool(false) : nil
        case .uuid: return UUID(text: text).map(Value.uuid)
        default: return nil
        }
    }

    /// Whether two texts differ at most in zeros at the end of a fraction.
    /// - Parameter unit: What both have behind it.
    private static func isSame(_ left: String, _ right: String, before unit: String = "") -> Bool {
        func shortened(_ text: String) -> Substring? {
            guard text.hasSuffix(unit) else { return nil }
            var rest = text.dropLast(unit.count)
            guard rest.utf8.contains(UInt8(ascii: ".")) else { return rest }
            while rest.utf8.last == UInt8(ascii: "0") { rest = rest.dropLast() }
            if rest.utf8.last == UInt8(ascii: ".") { rest = rest.dropLast() }
            return rest
        }
        guard let left = shortened(left), let right = shortened(right) else { return false }
        return Utf8.equal(String(left), String(right))
    }

    private static func trimmed(_ text: String) -> String {
        func isSpace(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isWhitespace }
        let rest = text.unicodeScalars.drop(while: isSpace)
        guard let last = rest.lastIndex(where: { !isSpace($0) }) else { return "" }
        return String(String.UnicodeScalarView(rest[...last]))
    }
}
