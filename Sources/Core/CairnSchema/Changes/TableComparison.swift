/// Compares what two schemas declare of one table.
struct TableComparison {
    private let pair: TablePair
    private let names: TableNames
    private(set) var operations: [SchemaOperation] = []

    init(_ pair: TablePair, names: TableNames) {
        self.pair = pair
        self.names = names
        for (column, source) in zip(pair.new.columns, pair.sources) {
            if let source {
                compare(pair.old.columns[source], column)
            } else {
                add(column)
            }
        }
        for column in pair.dropped { note(.dropColumn, pair.old.columns[column].name) }
        compareKeys()
        operations += IndexComparison(pair).operations
        compareOptions()
    }

    private mutating func note(
        _ kind: SchemaOperation.Kind, _ name: String, before: String? = nil, after: String? = nil
    ) {
        operations.append(SchemaOperation(kind, table: pair.new.name, name: name, before: before, after: after))
    }

    private mutating func add(_ column: Column) {
        let isRequired = column.defaultValue == nil && !column.isNullable && !column.valueType.isArray
        let text = CanonicalForm.text(of: column, in: pair.new)
        if let made = pair.conversions[column.position] {
            note(.addConvertedColumn, column.name, before: made.conversion.value.description, after: text)
        } else {
            note(isRequired ? .addRequiredColumn : .addColumn, column.name, after: text)
        }
        // Null refers to nothing, so no record can stand in the way of a column that is null in all of them.
        if let target = column.referencedTable, !pair.isNullWhenAdded(column.position) {
            note(.addReference, column.name, after: target)
        }
    }

    // MARK: Columns

    private mutating func compare(_ old: Column, _ new: Column) {
        if old.name != new.name { note(.renameColumn, new.name, before: old.name) }
        if old.isNullable != new.isNullable { note(new.isNullable ? .makeNullable : .makeRequired, new.name) }
        compareTypes(old, new)
        compareEnums(old, new)
        compareReferences(old, new)
        compareRules(old, new)
        compareDefaults(old, new)
        if old.isSensitive != new.isSensitive {
            note(.changeSecrecy, new.name, before: "\(old.isSensitive)", after: "\(new.isSensitive)")
        }
    }

    private mutating func compareTypes(_ old: Column, _ new: Column) {
        guard old.valueType != new.valueType else { return }
        let (before, after) = (old.valueType, new.valueType)
        let kind: SchemaOperation.Kind =
            if isPartOfKey(old, new) || !ValueConversion.exists(from: before, to: after) {
                .changeType
            } else if before.widens(to: after) || ValueConversion.isTotal(from: before, to: after) {
                .widenType
            } else {
                .convertType
            }
        note(kind, new.name, before: "\(before)", after: "\(after)")
    }

    /// Whether a column identifies records, here or in a table it refers to.
    private func isPartOfKey(_ old: Column, _ new: Column) -> Bool {
        pair.old.isKey(old.position) || pair.new.isKey(new.position) || old.referencedTable != nil
            || new.referencedTable != nil
    }

    private mutating func compareEnums(_ old: Column, _ new: Column) {
        if old.valueType != new.valueType {
            // Whether a value becomes one of these is only seen when it is made.
            guard case .enumeration(let after) = new.type else { return }
            return note(.tightenRules, new.name, before: "\(old.valueType)", after: "an enum of \(after.count) values")
        }
        switch (old.type, new.type) {
        case (.enumeration(let before), .enumeration(let after)):
            let added = after.filter { !before.contains($0) }
            let removed = before.filter { !after.contains($0) }
            if !added.isEmpty { note(.addValues, new.name, after: added.joined(separator: ", ")) }
            if !removed.isEmpty { note(.removeValues, new.name, before: removed.joined(separator: ", ")) }
        case (.enumeration(let before), _):
            note(.relaxRules, new.name, before: "an enum of \(before.count) values", after: "\(new.valueType)")
        case (_, .enumeration(let after)):
            note(.tightenRules, new.name, before: "\(old.valueType)", after: "an enum of \(after.count) values")
        default: break
        }
    }

    private mutating func compareReferences(_ old: Column, _ new: Column) {
        let before = old.referencedTable
        let after = new.referencedTable
        let isSame = before.flatMap(names.new) == after && (before == nil) == (after == nil)
        if !isSame {
            if let before { note(.dropReference, new.name, before: before) }
            if let after { note(.addReference, new.name, after: after) }
        } else if let action = new.onDelete, let oldAction = old.onDelete, action != oldAction {
            operations.append(
                SchemaOperation(
                    .changeAction, table: pair.new.name, name: new.name, before: oldAction.rawValue,
                    after: action.rawValue))
        }
    }

    private mutating func compareRules(_ old: Column, _ new: Column) {
        let change = RulesChange(old.rules, new.rules)
        if change.tightens || change.relaxes {
            note(
                change.tightens ? .tightenRules : .relaxRules, new.name, before: RulesChange.text(old.rules),
                after: RulesChange.text(new.rules))
        }
    }

    private mutating func compareDefaults(_ old: Column, _ new: Column) {
        func text(_ column: Column, _ table: Table) -> String? {
            CanonicalForm.defaultValue(of: column, in: table)?.description
        }
        let before = text(old, pair.old)
        let after = text(new, pair.new)
        if before != after { note(.changeDefault, new.name, before: before ?? "none", after: after ?? "none") }
    }

    // MARK: The table

    private mutating func compareKeys() {
        let before = pair.old.key.map { pair.position(ofOld: $0) }
        guard before != pair.new.key.map(Optional.some) else { return }
        func text(_ table: Table) -> String { table.key.map { table.columns[$0].name }.joined(separator: ", ") }
        operations.append(
            SchemaOperation(.changeKey, table: pair.new.name, before: text(pair.old), after: text(pair.new)))
    }

    private mutating func compareOptions() {
        guard pair.old.options != pair.new.options else { return }
        if pair.old.options.changes != pair.new.options.changes {
            let kind: SchemaOperation.Kind = pair.new.options.changes ? .keepChanges : .forgetChanges
            operations.append(SchemaOperation(kind, table: pair.new.name))
        }
        let before = Dictionary(CanonicalForm.options(pair.old.options), uniquingKeysWith: { first, _ in first })
        let after = Dictionary(CanonicalForm.options(pair.new.options), uniquingKeysWith: { first, _ in first })
        for name in Set(before.keys).union(after.keys).sorted(by: Utf8.isLess)
        where name != "changes" && before[name] != after[name] {
            operations.append(
                SchemaOperation(
                    .changeOption, table: pair.new.name, name: name,
                    before: before[name]?.description ?? "not declared",
                    after: after[name]?.description))
        }
    }
}

/// How the rules of a column changed.
private struct RulesChange {
    private(set) var tightens = false
    private(set) var relaxes = false

    init(_ old: ColumnRules, _ new: ColumnRules) {
        compare(old.minimum, new.minimum, Value.compare)
        compare(new.maximum, old.maximum, isUpper: true, Value.compare)
        compare(old.minimumLength, new.minimumLength) { $0 - $1 }
        compare(new.maximumLength, old.maximumLength, isUpper: true) { $0 - $1 }
        switch (old.pattern, new.pattern) {
        case (nil, nil): break
        case (_?, nil): relaxes = true
        case (nil, _?): tightens = true
        // Nobody can say which of two patterns allows more: the records are looked at.
        case (let old?, let new?): if !Utf8.equal(old, new) { tightens = true }
        }
    }

    /// Compares a bound that excludes more the larger it is. For an upper bound the two come exchanged.
    private mutating func compare<Bound: Equatable>(
        _ first: Bound?, _ second: Bound?, isUpper: Bool = false, _ order: (Bound, Bound) -> Int?
    ) {
        switch (first, second) {
        case (nil, nil): return
        case (nil, _?): if isUpper { relaxes = true } else { tightens = true }
        case (_?, nil): if isUpper { tightens = true } else { relaxes = true }
        case (let first?, let second?):
            // Bounds of two types have no order: their records are looked at.
            guard let order = order(first, second) else { return tightens = true }
            if order < 0 { tightens = true }
            if order > 0 { relaxes = true }
        }
    }

    /// The rules as a schema file has them.
    static func text(_ rules: ColumnRules) -> String {
        var parts: [String] = []
        if let minimum = rules.minimum { parts.append("min \(ValueJSON.value(minimum))") }
        if let maximum = rules.maximum { parts.append("max \(ValueJSON.value(maximum))") }
        if let minimum = rules.minimumLength { parts.append("min_length \(minimum)") }
        if let maximum = rules.maximumLength { parts.append("max_length \(maximum)") }
        if let pattern = rules.pattern { parts.append("pattern \(JSONValue.string(pattern))") }
        return parts.isEmpty ? "none" : parts.joined(separator: ", ")
    }
}

extension Column {
    /// Whether every record there is has null in it when it is added.
    package var isNullWhenAdded: Bool {
        isNullable && (defaultValue == nil || defaultValue == .literal(.null))
    }
}

extension ValueType {
    /// Whether every value, or each of those that can be looked at one by one, is the same value of another type.
    package func widens(to other: ValueType) -> Bool {
        switch (self, other) {
        case (.int, .double), (.int, .decimal): true
        default: false
        }
    }

    fileprivate var isArray: Bool {
        if case .array = self { return true }
        return false
    }
}
