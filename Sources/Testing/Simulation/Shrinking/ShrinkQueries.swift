import CairnCore

/// Makes queries simpler: fewer parts of conditions, fewer terms of orders, no limits.
enum ShrinkQueries {
    static func simplifications(_ program: Program) -> [Shrinker.Edit] {
        program.paths.flatMap { path -> [Shrinker.Edit] in
            guard let spec = program.step(at: path)?.query else { return [] }
            return simpler(spec).map { spec in
                { program in
                    program.replacing(path) { step in
                        var step = step
                        guard step.query != nil else { return nil }
                        step.query = spec
                        return [step]
                    }
                }
            }
        }
    }

    /// Aggregates with less to compute, to choose and to sort.
    static func fewerAggregates(_ program: Program) -> [Shrinker.Edit] {
        program.paths.flatMap { path -> [Shrinker.Edit] in
            guard case .read(.aggregate(let spec), let from) = program.step(at: path) else { return [] }
            return simpler(spec).map { spec in
                { program in program.replacing(path) { _ in [.read(.aggregate(spec), from: from)] } }
            }
        }
    }

    private static func simpler(_ spec: AggregateSpec) -> [AggregateSpec] {
        var found: [AggregateSpec] = []
        func add(_ change: (inout AggregateSpec) -> Void) {
            var copy = spec
            change(&copy)
            found.append(copy)
        }
        if spec.limit != nil { add { $0.limit = nil } }
        for place in spec.order.indices { add { $0.order.remove(at: place) } }
        if let condition = spec.having {
            add { $0.having = nil }
            for simpler in ShrinkQueries.simpler(condition) { add { $0.having = simpler } }
        }
        // Conditions and orders name results by their places, so results go only when there are none.
        guard spec.having == nil, spec.order.isEmpty else { return found }
        for place in spec.aggregates.indices { add { $0.aggregates.remove(at: place) } }
        for place in spec.groups.indices { add { $0.groups.remove(at: place) } }
        return found
    }

    static func simpler(_ spec: QuerySpec) -> [QuerySpec] {
        var found: [QuerySpec] = []
        func add(_ change: (inout QuerySpec) -> Void) {
            var copy = spec
            change(&copy)
            found.append(copy)
        }
        if let condition = spec.condition {
            add { $0.condition = nil }
            for simpler in ShrinkQueries.simpler(condition) { add { $0.condition = simpler } }
        }
        if spec.limit != nil { add { $0.limit = nil } }
        for place in spec.order.indices {
            add { $0.order.remove(at: place) }
            if spec.order[place].isDescending { add { $0.order[place] = spec.order[place].ascending } }
            if let first = spec.order[place].path.first { add { $0.order[place] = OrderTerm(column: first.column) } }
        }
        return found
    }

    /// A part in the place of the whole, a part less, or a simpler part.
    private static func simpler(_ condition: Condition) -> [Condition] {
        switch condition {
        case .and(let parts): parts + fewer(parts).map(Condition.and)
        case .or(let parts): parts + fewer(parts).map(Condition.or)
        case .not(let part): [part] + simpler(part).map(Condition.not)
        case .isIn(let column, let values):
            values.indices.map { place in
                var values = values
                values.remove(at: place)
                return .isIn(column: column, values)
            }
        case .text(let column, let match, let operand, let ignoringCase):
            (ignoringCase ? [Condition.text(column: column, match, operand, ignoringCase: false)] : [])
                + ShrinkValues.simpler(operand).map {
                    .text(column: column, match, $0, ignoringCase: ignoringCase)
                }
        case .computed(let left, let comparison, let right):
            simpler(left).map { .computed($0, comparison, right) }
                + simpler(right).map { .computed(left, comparison, $0) }
        case .reference(let column, let table, let part):
            simpler(part).map { .reference(column: column, table, $0) }
        case .isInRows(let column, let rows): simpler(rows).map { .isInRows(column: column, $0) }
        case .hasPath(let column, let path): shorter(path).map { .hasPath(column: column, $0) }
        case .isPathNull(let column, let path): shorter(path).map { .isPathNull(column: column, $0) }
        case .pathText(let column, let path, let match, let operand, let ignoringCase):
            (ignoringCase ? [Condition.pathText(column: column, path, match, operand, ignoringCase: false)] : [])
                + shorter(path).map { .pathText(column: column, $0, match, operand, ignoringCase: ignoringCase) }
                + ShrinkValues.simpler(operand).map {
                    .pathText(column: column, path, match, $0, ignoringCase: ignoringCase)
                }
        default: []
        }
    }

    private static func simpler(_ rows: RelatedRows) -> [RelatedRows] {
        var found: [RelatedRows] = []
        func add(_ change: (inout RelatedRows) -> Void) {
            var copy = rows
            change(&copy)
            found.append(copy)
        }
        if let condition = rows.condition {
            add { $0.condition = nil }
            for simpler in ShrinkQueries.simpler(condition) { add { $0.condition = simpler } }
        }
        if rows.limit != nil { add { $0.limit = nil } }
        for place in rows.order.indices { add { $0.order.remove(at: place) } }
        return found
    }

    /// A part in the place of the whole, or a shorter path.
    private static func simpler(_ expression: RowExpression) -> [RowExpression] {
        switch expression {
        case .column, .value, .count: []
        case .path(let column, let path): shorter(path).map { .path(column: column, $0) }
        case .arithmetic(let left, let operation, let right):
            [left, right] + simpler(left).map { .arithmetic($0, operation, right) }
                + simpler(right).map { .arithmetic(left, operation, $0) }
        }
    }

    private static func shorter(_ path: [JSONStep]) -> [[JSONStep]] {
        path.isEmpty ? [] : [Array(path.dropLast()), Array(path.dropFirst())]
    }

    private static func fewer(_ parts: [Condition]) -> [[Condition]] {
        parts.indices.flatMap { place in
            var rest = parts
            rest.remove(at: place)
            return [rest]
                + simpler(parts[place]).map { simpler in
                    var changed = parts
                    changed[place] = simpler
                    return changed
                }
        }
    }
}

extension Step {
    /// The query of the step, if it has one.
    var query: QuerySpec? {
        get {
            switch self {
            case .read(.aggregate(let spec), _): spec.rows
            case .read(.select(let spec, _), _), .read(.rows(let spec), _), .read(.count(let spec), _),
                .read(.explain(let spec), _), .read(.including(let spec, _, _), _),
                .pages(let spec, _, _, _), .cursor(let spec, _, _, _), .update(let spec, _), .delete(let spec):
                spec
            default: nil
            }
        }
        set {
            guard let newValue else { return }
            switch self {
            case .read(.rows, let from): self = .read(.rows(newValue), from: from)
            case .read(.count, let from): self = .read(.count(newValue), from: from)
            case .read(.explain, let from): self = .read(.explain(newValue), from: from)
            case .read(.including(_, let inclusions, let size), let from):
                self = .read(.including(newValue, inclusions, pageSize: size), from: from)
            case .read(.select(_, let columns), let from): self = .read(.select(newValue, columns), from: from)
            case .read(.aggregate(var spec), let from):
                spec.rows = newValue
                self = .read(.aggregate(spec), from: from)
            case .pages(_, let size, let from, let steps): self = .pages(newValue, size: size, from: from, steps)
            case .cursor(_, let first, let from, let steps): self = .cursor(newValue, first: first, from: from, steps)
            case .update(_, let assignments): self = .update(newValue, assignments)
            case .delete: self = .delete(newValue)
            default: break
            }
        }
    }
}
