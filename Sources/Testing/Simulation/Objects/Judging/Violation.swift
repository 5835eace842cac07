/// A promise that was broken.
package struct Violation: Error, Sendable, Hashable, CustomStringConvertible {
    /// Which promise: an invariant of the design, or another rule by its name.
    package let rule: String
    /// What was found.
    package let message: String

    package init(_ rule: String, _ message: String) {
        self.rule = rule
        self.message = message
    }

    package var description: String { "\(rule): \(message)" }
}
