import CairnCore

/// Makes values simpler, each everywhere it stands, so that keys still meet their records.
enum ShrinkValues {
    static func simplifications(_ program: Program) -> [Shrinker.Edit] {
        var seen: Set<Value> = []
        var values: [Value] = []
        _ = program.mapValues { value in
            if seen.insert(value).inserted { values.append(value) }
            return value
        }
        return values.flatMap { value in
            simpler(value).map { simpler in { program in program.mapValues { $0 == value ? simpler : $0 } } }
        }
    }

    /// Simpler values, the simplest first. Each is smaller than the value by one measure, so that shrinking ends.
    private static func simpler(_ value: Value) -> [Value] {
        switch value {
        case .null: []
        case .bool(let bool): bool ? [.null, .bool(false)] : [.null]
        case .int(let int): [.null] + [0, 1, 2, int / 2].filter { $0.magnitude < int.magnitude }.map(Value.int)
        // Not equal to itself, so no change of it would be seen to be none.
        case .double(let double) where double.isNaN: []
        case .double(let double): [.null] + [0, 1, 1.5].filter { $0 < double.magnitude }.map(Value.double)
        case .string(let text): [.null] + simpler(text).map(Value.string)
        case .bytes(let bytes): [.null] + (bytes.isEmpty ? [] : [.bytes([]), .bytes(Array(bytes.dropLast()))])
        case .decimal(let decimal): decimal == .zero ? [.null] : [.null, .decimal(.zero)]
        case .timestamp(let time): time == .epoch ? [.null] : [.null, .timestamp(.epoch)]
        case .json(let json): json == .int(0) ? [.null] : [.null, .json(.int(0))]
        case .array(let elements):
            [.null]
                + elements.indices.map { place in
                    var elements = elements
                    elements.remove(at: place)
                    return .array(elements)
                }
        case .uuid, .date: [.null]
        }
    }

    /// Shorter texts: none, halves, one scalar less.
    static func simpler(_ text: String) -> [String] {
        let scalars = Array(text.unicodeScalars)
        guard !scalars.isEmpty else { return [] }
        func joined(_ scalars: some Sequence<Unicode.Scalar>) -> String {
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars)
            return String(view)
        }
        var found = [""]
        if scalars.count > 3 {
            found.append(joined(scalars.prefix(scalars.count / 2)))
            found.append(joined(scalars.suffix(scalars.count / 2)))
        }
        guard scalars.count <= 12 else { return found }
        return found
            + scalars.indices.map { place in
                var scalars = scalars
                scalars.remove(at: place)
                return joined(scalars)
            }
    }
}

extension Program {
    /// The program with each value changed that it writes, finds by or compares with.
    func mapValues(_ change: (Value) -> Value) -> Program {
        mapSteps { step in
            var step = step
            if var spec = step.query {
                spec.condition = spec.condition?.mapLeaves { leaf in
                    switch leaf {
                    case .compare(let column, let comparison, let value):
                        .compare(column: column, comparison, change(value))
                    case .isIn(let column, let values): .isIn(column: column, values.map(change))
                    case .hasElement(let column, let element): .hasElement(column: column, change(element))
                    case .computed(let left, let comparison, let right):
                        .computed(left.mapValues(change), comparison, right.mapValues(change))
                    default: leaf
                    }
                }
                step.query = spec
            }
            switch step {
            case .write(let writes, let key): return .write(writes.map { $0.mapValues(change) }, idempotencyKey: key)
            case .read(.get(let table, let key), let from):
                return .read(.get(table: table, key.map(change)), from: from)
            case .read(.find(let table, let keys), let from):
                return .read(.find(table: table, keys.map { $0.map(change) }), from: from)
            case .update(let spec, let assignments):
                return .update(
                    spec, assignments.map { Assignment(column: $0.column, value: change($0.value)) })
            default: return step
            }
        }
    }
}

extension RowExpression {
    fileprivate func mapValues(_ change: (Value) -> Value) -> RowExpression {
        switch self {
        case .column, .count, .path: self
        case .value(let value): .value(change(value))
        case .arithmetic(let left, let operation, let right):
            .arithmetic(left.mapValues(change), operation, right.mapValues(change))
        }
    }
}

extension Write {
    fileprivate func mapValues(_ change: (Value) -> Value) -> Write {
        switch self {
        case .insert(let table, let values): .insert(table: table, values.map { $0.map(change) })
        case .update(let table, let values, let revision):
            .update(table: table, values.map { $0.map(change) }, expecting: revision)
        case .upsert(let table, let values): .upsert(table: table, values.map { $0.map(change) })
        case .delete(let table, let key, let revision): .delete(table: table, key.map(change), expecting: revision)
        }
    }
}
