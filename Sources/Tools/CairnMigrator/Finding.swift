package import CairnSchema

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

    /// Which of the rules found it.
    package let rule: FindingCode
    /// What can go wrong.
    package let message: String
    /// What to do instead, or first.
    package let recipe: String?
    /// What is declared in the schema file that it is about; nil when that is gone, or when it is about the whole.
    package var place: Declaration?
    /// What the schema file says to it; nil when nothing. What is allowed is shown and counts no more; it does not change what
    /// `apply` asks for.
    package var allowance: Allowance?

    package init(_ rule: FindingCode, _ message: String, recipe: String?) {
        self.rule = rule
        self.message = message
        self.recipe = recipe
    }

    /// The stable code: programs look at it.
    package var code: String { rule.rawValue }
    package var level: Level { rule.level }
}

extension FindingCode {
    /// How much it matters.
    package var level: Finding.Level {
        switch self {
        case .dropTable, .dropColumn, .narrow, .addUniqueIndex, .makeIndexUnique, .addRequiredColumn, .makeRequired,
            .addReference, .changeKey, .name, .unsupported:
            .error
        case .tightenRules, .renameTable, .renameColumn, .changeDefault, .dropReference, .changeAction, .exceedBudget,
            .unservedQuery, .redundantIndex:
            .warning
        case .buildIndex: .note
        }
    }

    /// Whether it is about records that may stand in the way: a migration that was made, or tried, has shown that none does.
    package var isAboutRecords: Bool {
        switch self {
        case .narrow, .addUniqueIndex, .makeIndexUnique, .addRequiredColumn, .makeRequired, .tightenRules,
            .addReference:
            true
        case .dropTable, .dropColumn, .renameTable, .renameColumn, .changeDefault, .dropReference, .changeAction,
            .exceedBudget, .buildIndex, .changeKey, .name, .unservedQuery, .redundantIndex, .unsupported:
            false
        }
    }
}
