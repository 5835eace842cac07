/// What can go wrong with one operation of a migration, and the safe way.
package struct Finding: Sendable, Hashable {
    /// How much it matters.
    package enum Level: String, Sendable, Hashable, Comparable {
        /// Good to know.
        case note
        /// Somebody should have thought of it.
        case warning
        /// Data goes, or records may stand in the way.
        case error

        private var rank: Int {
            switch self {
            case .note: 0
            case .warning: 1
            case .error: 2
            }
        }

        package static func < (left: Level, right: Level) -> Bool { left.rank < right.rank }
    }

    /// The stable code: programs look at it.
    package let code: String
    package let level: Level
    /// What can go wrong.
    package let message: String
    /// What to do instead, or first.
    package let recipe: String?
}
