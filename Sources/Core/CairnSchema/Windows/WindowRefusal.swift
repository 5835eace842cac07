/// Why programs of two schemas cannot use one store at once.
package struct WindowRefusal: Error, Sendable, Hashable {
    /// The table it is about, by its new name where it has one.
    package let table: String?
    /// The column.
    package let column: String?
    /// What stands in the way, in words.
    package let message: String
    /// What to do.
    package let remedy: String

    init(_ table: String?, _ column: String?, _ message: String, remedy: String) {
        self.table = table
        self.column = column
        self.message = message
        self.remedy = remedy
    }
}
