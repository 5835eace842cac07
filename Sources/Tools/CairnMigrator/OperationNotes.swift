package import CairnSchema

/// What is looked at before and after an operation, and how it is taken back: in words, for whoever reads a plan. What is done is done by
/// the drivers, from both schemas.
extension SchemaOperation {
    private var tableText: String { "'\(table ?? "")'" }
    private var columnText: String { "'\(name ?? "")' of \(tableText)" }

    /// What must hold of the store, beside its schema; nil when nothing can stand in the way.
    package var preCheck: String? {
        switch kind {
        case .addRequiredColumn: "\(tableText) has no record"
        case .makeRequired: "no record has null in \(columnText)"
        case .addConvertedColumn: "each record of \(tableText) has what '\(name ?? "")' can be made from"
        case .widenType, .convertType: "each value in \(columnText) is a \(after ?? "value of the new type") exactly"
        case .removeValues: "no record has one of the values \(before ?? "") in \(columnText)"
        case .tightenRules: "each value in \(columnText) keeps the rules: \(after ?? "")"
        case .addReference: "each value in \(columnText) is the key of a record of '\(after ?? "")'"
        case .addUniqueIndex: "no two records have the same values under \(columnText)"
        case .dropColumn, .dropTable: "dropping data is allowed"
        case .changeType, .changeKey, .changeOption: "this version makes the change"
        case .openWindow, .closeWindow, .renameTable, .createTable, .renameColumn, .addColumn, .makeNullable,
            .addValues,
            .relaxRules, .changeDefault, .changeSecrecy, .dropReference, .changeAction, .dropIndex, .dropUniqueIndex,
            .addIndex,
            .keepChanges, .forgetChanges:
            nil
        }
    }

    /// What holds of the store afterwards.
    package var postCheck: String {
        switch kind {
        case .openWindow: "programs of \(before ?? "") and of \(after ?? "") open the store"
        case .closeWindow: "programs of one schema open the store"
        case .createTable: "\(tableText) is there, without records"
        case .renameTable: "\(tableText) has as many records as '\(before ?? "")' had"
        case .renameColumn: "each record of \(tableText) has in '\(name ?? "")' what it had in '\(before ?? "")'"
        case .addColumn, .addRequiredColumn, .addConvertedColumn:
            "each record of \(tableText) has a value or null in '\(name ?? "")'"
        case .dropColumn: "\(tableText) has as many records as before, without '\(name ?? "")'"
        case .dropTable: "there is no \(tableText)"
        case .addIndex, .addUniqueIndex: "\(columnText) has an entry for each record"
        case .dropIndex, .dropUniqueIndex: "there is no index \(columnText)"
        case .keepChanges: "commits that write \(tableText) keep what they changed"
        case .forgetChanges: "no changes of \(tableText) are kept"
        case .changeKey, .changeOption, .dropReference: "\(tableText) has as many records as before"
        case .makeNullable, .makeRequired, .widenType, .convertType, .changeType, .addValues, .removeValues,
            .relaxRules,
            .tightenRules, .changeDefault, .changeSecrecy, .addReference, .changeAction:
            "\(tableText) has as many records as before, and each fits the new declaration of '\(name ?? "")'"
        }
    }

    /// How it is taken back, or why it is not.
    package var reverse: Reverse {
        switch kind {
        case .openWindow: .by("close the window: 'cairn migrate abort' does it, or 'cairn migrate complete'")
        case .closeWindow:
            .by(
                "open the window again; what programs wrote since does not reach what came back, so begin anew: 'cairn migrate start'"
            )
        case .createTable: .by("drop table \(tableText), with what was written to it since")
        case .renameTable: .by("rename table \(tableText) to '\(before ?? "")'")
        case .renameColumn: .by("rename column \(columnText) to '\(before ?? "")'")
        case .addColumn, .addRequiredColumn, .addConvertedColumn:
            .by("drop column \(columnText), with what was written to it since")
        case .makeNullable: .by("forbid null in \(columnText), if no record has it by then")
        case .makeRequired: .by("let \(columnText) be null")
        case .addValues: .by("remove the values \(after ?? ""), if no record has them by then")
        case .removeValues: .by("add the values \(before ?? "")")
        case .relaxRules: .by("tighten the rules of \(columnText), if each record keeps them by then")
        case .tightenRules: .by("give \(columnText) the old rules, if each record keeps the old ones by then")
        case .changeDefault, .changeSecrecy, .changeAction: .by("change it back to \(before ?? "")")
        case .dropReference: .by("let \(columnText) refer to '\(before ?? "")', if each record refers to one by then")
        case .addReference: .by("let \(columnText) refer to '\(after ?? "")' no more")
        case .dropIndex: .by("add index \(columnText)")
        case .dropUniqueIndex: .by("add unique index \(columnText), if no two records have the same values by then")
        case .addIndex, .addUniqueIndex: .by("drop index \(columnText)")
        case .convertType where losesNotation:
            .by(
                "make each \(after ?? "") a \(before ?? "") again, in the notation of the \(after ?? ""): as a text was written otherwise is not kept"
            )
        case .widenType, .convertType:
            .by("make each \(after ?? "") a \(before ?? "") again, where that is exact by then")
        case .keepChanges: .by("keep the changes of \(tableText) no more")
        case .forgetChanges: .by("keep the changes of \(tableText) from then on")
        case .changeType: .not("this version makes no \(before ?? "") of a \(after ?? "")")
        case .changeKey, .changeOption: .not("this version does not make the change")
        case .dropColumn:
            .by("add column \(columnText); 'cairn migrate rollback' puts back what it had, as long as that is kept")
        case .dropTable:
            .by("create table \(tableText); 'cairn migrate rollback' puts back what it had, as long as that is kept")
        }
    }

    /// Whether it makes values of texts that may be written in more than one way: taken back, each has the one of its value.
    package var losesNotation: Bool {
        kind == .convertType && before == "\(ValueType.string)"
            && [ValueType.double, .decimal, .uuid].contains { after == "\($0)" }
    }

    /// How an operation is taken back.
    package enum Reverse: Sendable, Hashable {
        /// By another operation.
        case by(String)
        /// Not at all, for a reason.
        case not(String)
    }
}
