import CairnCore

/// Leaves out tables, columns and indexes, and simplifies what is left. A schema that makes no sense then fails to open, which
/// is no difference, so nothing here need be careful.
enum ShrinkSchema {
    static func removals(_ program: Program) -> [Shrinker.Edit] {
        var edits: [Shrinker.Edit] = []
        for (place, table) in program.schema.tables.enumerated().reversed() {
            edits.append { $0.removingTable(place) }
            edits += table.indexes.indices.reversed().map { index in
                { program in
                    program.changing(place) { table in
                        if table.indexes.indices.contains(index) { table.indexes.remove(at: index) }
                    }
                }
            }
            edits += table.columns.indices.reversed().map { column in { $0.removingColumn(column, of: place) } }
        }
        return edits
    }

    static func simplifications(_ program: Program) -> [Shrinker.Edit] {
        var edits: [Shrinker.Edit] = []
        for (place, table) in program.schema.tables.enumerated() {
            if table.keepsChanges { edits.append { $0.changing(place) { $0.keepsChanges = false } } }
            for (number, column) in table.columns.enumerated() {
                func edit(_ change: @escaping (inout ColumnPlan) -> Void) {
                    edits.append { $0.changing(place) { change(&$0.columns[number]) } }
                }
                if !column.options.isEmpty { edit { $0.options = [] } }
                if column.isUnique { edit { $0.isUnique = false } }
                if column.isNullable { edit { $0.isNullable = false } }
                for option in column.options.indices { edit { $0.options.remove(at: option) } }
            }
            for (number, index) in table.indexes.enumerated() {
                func edit(_ change: @escaping (inout IndexPlan) -> Void) {
                    edits.append { $0.changing(place) { change(&$0.indexes[number]) } }
                }
                if index.isUnique { edit { $0.isUnique = false } }
                if index.filter != nil { edit { $0.filter = nil } }
                if !index.included.isEmpty { edit { $0.included = [] } }
                if index.parts.count > 1 { edit { $0.parts.removeLast() } }
                for part in index.parts.indices where index.parts[part].isDescending {
                    edit { $0.parts[part].isDescending = false }
                }
            }
        }
        return edits
    }
}

extension Program {
    fileprivate func changing(_ table: Int, _ change: (inout TablePlan) -> Void) -> Program? {
        guard schema.tables.indices.contains(table) else { return nil }
        var copy = self
        change(&copy.schema.tables[table])
        return copy
    }

    // MARK: Tables

    /// The program without a table, and without what refers to it or uses it; nil for the only one.
    fileprivate func removingTable(_ removed: Int) -> Program? {
        guard schema.tables.count > 1, schema.tables.indices.contains(removed) else { return nil }
        for (place, table) in schema.tables.enumerated() where place != removed {
            for column in table.columns where column.kind == .reference(removed) { return nil }
        }
        func moved(_ table: Int) -> Int? { table == removed ? nil : table > removed ? table - 1 : table }
        var program = mapSteps { $0.mapTables(moved) }
        program.schema.tables.remove(at: removed)
        for table in program.schema.tables.indices {
            for column in program.schema.tables[table].columns.indices {
                guard case .reference(let target) = program.schema.tables[table].columns[column].kind,
                    let place = moved(target)
                else { continue }
                program.schema.tables[table].columns[column].kind = .reference(place)
            }
        }
        return program
    }

    // MARK: Columns

    /// The program without a column that is not part of the key.
    fileprivate func removingColumn(_ removed: Int, of table: Int) -> Program? {
        guard schema.tables.indices.contains(table), schema.tables[table].columns.indices.contains(removed),
            !schema.tables[table].key.contains(removed)
        else { return nil }
        func moved(_ column: Int) -> Int? { column == removed ? nil : column > removed ? column - 1 : column }
        var program = mapSteps { step in
            var step = step.table == table ? step.mapColumns(moved, without: removed, of: table) : step
            guard var spec = step.query else { return step }
            spec.condition = spec.condition?.mapRelatedColumns(moved, of: table)
            spec.order = spec.order.compactMap { $0.mapColumns(moved, of: table, in: spec.table) }
            step.query = spec
            if case .read(.including(let spec, let inclusions, let size), let from) = step {
                let mapped = inclusions.compactMap { $0.mapColumns(moved, of: table, in: spec.table, schema) }
                step = .read(.including(spec, mapped, pageSize: size), from: from)
            }
            return step
        }
        // A batch writes to several tables.
        program = program.mapSteps { step in
            guard case .write(let writes, let key) = step else { return step }
            return .write(
                writes.map { $0.table == table ? $0.removingValue(removed) : $0 }, idempotencyKey: key)
        }
        var plan = program.schema.tables[table]
        plan.columns.remove(at: removed)
        plan.key = plan.key.compactMap(moved)
        for place in plan.indexes.indices {
            plan.indexes[place].parts = plan.indexes[place].parts.compactMap { part in
                moved(part.column).map { .init(column: $0, isDescending: part.isDescending) }
            }
            plan.indexes[place].included = plan.indexes[place].included.compactMap(moved)
            plan.indexes[place].filter = plan.indexes[place].filter.flatMap { filter in
                moved(filter.column).map { .init(column: $0, test: filter.test) }
            }
        }
        plan.indexes.removeAll { $0.parts.isEmpty }
        program.schema.tables[table] = plan
        return program
    }
}

extension Step {
    /// The table of the query of the step.
    fileprivate var table: Int? { query?.table }

    fileprivate func mapTables(_ moved: (Int) -> Int?) -> Step? {
        switch self {
        case .write(let writes, let key):
            return .write(writes.compactMap { $0.mapTable(moved) }, idempotencyKey: key)
        case .read(.get(let table, let key), let from):
            return moved(table).map { .read(.get(table: $0, key), from: from) }
        case .read(.find(let table, let keys), let from):
            return moved(table).map { .read(.find(table: $0, keys), from: from) }
        case .changes(let place, let table?, let most):
            return moved(table).map { .changes(since: place, table: $0, most: most) }
        default:
            guard let spec = query else { return self }
            guard let mapped = spec.mapTables(moved) else { return nil }
            var step = self
            step.query = mapped
            if case .read(.including(let spec, let inclusions, let size), let from) = step {
                step = .read(
                    .including(spec, inclusions.compactMap { $0.mapTables(moved) }, pageSize: size), from: from)
            }
            return step
        }
    }

    fileprivate func mapColumns(_ moved: (Int) -> Int?, without removed: Int, of table: Int) -> Step {
        var step = self
        if var spec = query {
            spec.condition = spec.condition?.mapLeaves { $0.mapColumn(moved) }
            step.query = spec
        }
        if case .read(.aggregate(var spec), let from) = step {
            // Results that are gone move the places of the others; then the shrinker takes conditions and orders away first.
            spec.groups = spec.groups.compactMap(moved)
            spec.aggregates = spec.aggregates.compactMap { $0.mapColumn(moved) }
            step = .read(.aggregate(spec), from: from)
        }
        if case .read(.select(let spec, let columns), let from) = step {
            step = .read(.select(spec, columns.compactMap(moved)), from: from)
        }
        if case .update(let spec, let assignments) = step {
            step = .update(
                spec,
                assignments.compactMap { assignment in
                    moved(assignment.column).map { Assignment(column: $0, value: assignment.value) }
                })
        }
        return step
    }
}

extension Condition {
    /// A comparison with its column moved; one with the column that is gone is true.
    func mapColumn(_ moved: (Int) -> Int?) -> Condition {
        switch self {
        case .compare(let column, let comparison, let value):
            moved(column).map { .compare(column: $0, comparison, value) } ?? .constant(true)
        case .isNull(let column): moved(column).map { .isNull(column: $0) } ?? .constant(true)
        case .isIn(let column, let values): moved(column).map { .isIn(column: $0, values) } ?? .constant(true)
        case .text(let column, let match, let operand, let ignoringCase):
            moved(column).map { .text(column: $0, match, operand, ignoringCase: ignoringCase) } ?? .constant(true)
        case .computed(let left, let comparison, let right):
            if let left = left.mapColumn(moved), let right = right.mapColumn(moved) {
                .computed(left, comparison, right)
            } else {
                .constant(true)
            }
        case .hasElement(let column, let element):
            moved(column).map { .hasElement(column: $0, element) } ?? .constant(true)
        case .reference(let column, let table, let part):
            moved(column).map { .reference(column: $0, table, part) } ?? .constant(true)
        case .isInRows(let column, let rows):
            moved(column).map { .isInRows(column: $0, rows) } ?? .constant(true)
        case .hasPath(let column, let path): moved(column).map { .hasPath(column: $0, path) } ?? .constant(true)
        case .isPathNull(let column, let path): moved(column).map { .isPathNull(column: $0, path) } ?? .constant(true)
        case .pathText(let column, let path, let match, let operand, let ignoringCase):
            moved(column).map { .pathText(column: $0, path, match, operand, ignoringCase: ignoringCase) }
                ?? .constant(true)
        default: self
        }
    }
}

extension Aggregate {
    fileprivate func mapColumn(_ moved: (Int) -> Int?) -> Aggregate? {
        guard let column = column.flatMap(moved) else { return column == nil ? self : nil }
        return switch self {
        case .rows: .rows
        case .count: .count(column: column)
        case .distinctCount: .distinctCount(column: column)
        case .sum: .sum(column: column)
        case .average: .average(column: column)
        case .minimum: .minimum(column: column)
        case .maximum: .maximum(column: column)
        }
    }
}

extension RowExpression {
    /// The expression with its columns moved; nil when one of them is gone.
    fileprivate func mapColumn(_ moved: (Int) -> Int?) -> RowExpression? {
        switch self {
        case .column(let column): return moved(column).map { .column($0) }
        case .value: return self
        case .count(let column): return moved(column).map { .count(column: $0) }
        case .path(let column, let path): return moved(column).map { .path(column: $0, path) }
        case .arithmetic(let left, let operation, let right):
            guard let left = left.mapColumn(moved), let right = right.mapColumn(moved) else { return nil }
            return .arithmetic(left, operation, right)
        }
    }
}

extension Write {
    fileprivate func mapTable(_ moved: (Int) -> Int?) -> Write? {
        guard let table = moved(table) else { return nil }
        return switch self {
        case .insert(_, let values): .insert(table: table, values)
        case .update(_, let values, let revision): .update(table: table, values, expecting: revision)
        case .upsert(_, let values): .upsert(table: table, values)
        case .delete(_, let key, let revision): .delete(table: table, key, expecting: revision)
        }
    }

    fileprivate func removingValue(_ removed: Int) -> Write {
        func rest(_ values: [Value?]) -> [Value?] {
            var values = values
            if values.indices.contains(removed) { values.remove(at: removed) }
            return values
        }
        return switch self {
        case .insert(let table, let values): .insert(table: table, rest(values))
        case .update(let table, let values, let revision):
            .update(table: table, rest(values), expecting: revision)
        case .upsert(let table, let values): .upsert(table: table, rest(values))
        case .delete: self
        }
    }
}
