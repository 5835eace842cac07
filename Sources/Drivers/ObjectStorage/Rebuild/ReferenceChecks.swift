import CairnCore
import CairnSchema

/// Finds references to records that are not there.
///
/// Tables come in an order in which those that are referred to come first, so that most references can be looked up at once; those
/// of cycles wait for the end. In memory: the keys of tables that are referred to, and the references that wait.
struct ReferenceChecks {
    private struct Waiting {
        let reference: Reference
        let key: Key
        let target: Value
    }

    private let schema: Schema
    private let layouts: [KeyLayout]
    private let isTarget: [Bool]
    private var liveKeys: [Int: Set<[UInt8]>] = [:]
    private var waiting: [Waiting] = []
    private var found: [RebuildProblem] = []

    init(_ schema: Schema) {
        self.schema = schema
        layouts = schema.tables.map { KeyLayout(keyOf: $0) }
        isTarget = schema.tables.map { !$0.referrers.isEmpty }
    }

    /// Takes the records of a table.
    mutating func take(_ indexes: TableIndexes) {
        if isTarget[indexes.table.position] { liveKeys[indexes.table.position] = indexes.liveKeys }
        var references: [Waiting] = []
        indexes.eachReference { references.append(Waiting(reference: $0, key: $1, target: $2)) }
        for reference in references where !isThere(reference) {
            if liveKeys[reference.reference.target] == nil { waiting.append(reference) } else { note(reference) }
        }
    }

    /// All references to nothing. Only when all tables were taken.
    mutating func problems() -> [RebuildProblem] {
        for reference in waiting where !isThere(reference) { note(reference) }
        waiting = []
        return found
    }

    private func isThere(_ reference: Waiting) -> Bool {
        let target = layouts[reference.reference.target].encode(Key(reference.target))
        return liveKeys[reference.reference.target]?.contains(target) ?? false
    }

    private mutating func note(_ reference: Waiting) {
        let table = schema.tables[reference.reference.table]
        let column = table.columns[reference.reference.column]
        let value = column.isSensitive ? "a key" : KeyText.encode(Key(reference.target))
        found.append(
            RebuildProblem(
                kind: .danglingReference, object: ObjectNames.file(table, reference.key), table: table.name,
                id: KeyText.encode(reference.key),
                message:
                    "its '\(column.name)' is \(value), which table '\(schema.tables[reference.reference.target].name)' does not have"
            ))
    }
}
