/// When two results of an observed query are the same, so that the second one is not told.
///
/// Results that are tuples have no `==`; what they are made of has one, and a sameness is put together as they are.
struct Sameness<Value: Sendable>: Sendable {
    let areSame: @Sendable (Value, Value) -> Bool

    /// The sameness of lists: the same values in the same order.
    var ofLists: Sameness<[Value]> {
        let areSame = areSame
        return Sameness<[Value]> { left, right in left.elementsEqual(right, by: areSame) }
    }

    /// The sameness of values that may be nil.
    var ofOptionals: Sameness<Value?> {
        let areSame = areSame
        return Sameness<Value?> { left, right in
            guard let left, let right else { return left == nil && right == nil }
            return areSame(left, right)
        }
    }

    /// The sameness of tuples: that of each element.
    static func tuple<each Part: Sendable>(
        _ parts: repeat Sameness<each Part>
    ) -> Self where Value == (repeat each Part) {
        let parts = (repeat each parts)
        return Self { left, right in
            for (part, left, right) in repeat (each parts, each left, each right) {
                guard part.areSame(left, right) else { return false }
            }
            return true
        }
    }
}

extension Sameness where Value: Equatable {
    /// Equal values.
    static var equal: Self { Self { $0 == $1 } }
}

extension Sameness where Value: Entity {
    /// Equal records of one revision: a new revision is a new result even when it has the same values, since an update must know it.
    static var record: Self { Self { $0.revision == $1.revision && $0 == $1 } }
}

extension Sameness where Value: ColumnValue {
    /// Values that are stored alike.
    static var stored: Self { Self { $0.columnValue == $1.columnValue } }
}
