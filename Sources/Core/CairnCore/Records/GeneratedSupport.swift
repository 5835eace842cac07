#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// Literals in generated code. The generator has checked the texts; a text that is none, which only an edited file can
/// have, gives the zero of its type, and `open` refuses an edited schema anyway.
public enum GeneratedLiteral {
    /// A UUID.
    public static func uuid(_ text: String) -> UUID {
        UUID(text: text) ?? UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
    }
    /// An instant.
    public static func timestamp(_ text: String) -> Timestamp { Timestamp(text) ?? .epoch }
    /// A day.
    public static func date(_ text: String) -> CalendarDate { CalendarDate(text) ?? Timestamp.epoch.date }
    /// A decimal number.
    public static func decimal(_ text: String) -> DecimalNumber { DecimalNumber(text) ?? .zero }
    /// A JSON value.
    public static func json(_ text: String) -> JSONValue { (try? JSONValue(parsing: text)) ?? .null }
}
