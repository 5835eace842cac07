import CairnSchema

// Conditions on related records, and orders by them. None of them reads anything by itself: they are part of the query, and answered with it, of one
// moment.

extension TypedColumn where Value: ColumnIdentifier {
    /// The record the column refers to satisfies a condition: `$0.country.where { $0.name == "France" }`.
    ///
    /// The columns of that record count like columns of this row. So a comparison with one of its nulls is neither true nor
    /// false, and `!` finds the records whose comparison is false.
    ///
    /// Cost: one more read, of the records that satisfy the condition, or of those that are referred to, whichever is less.
    public func `where`(_ condition: (Value._Record.Columns) -> Condition) -> Condition {
        .reference(
            column: position, RelatedTable(Value._Record.tablePosition), condition(Value._Record.columns))
    }

    /// Ordered by columns of the record the column refers to: `.order { $0.country.order { $0.name }; $0.name }`.
    ///
    /// No index serves it: all records of the query are read, and those they refer to, each once or as a whole table, whichever is
    /// less. With a limit only the best are held. Such a query is not read in pages.
    public func order(@OrderBuilder _ order: (Value._Record.Columns) -> [OrderTerm]) -> [OrderTerm] {
        let reference = FollowedReference(column: position, RelatedTable(Value._Record.tablePosition))
        return order(Value._Record.columns).map { $0.behind(reference) }
    }

    /// Some record refers to this one: `$0.iso.exists(City.self, by: \.country)`.
    ///
    /// Cost: one more read, of the records that refer to any, or to those in question, whichever is less; an index that begins with
    /// the reference, which references have, answers it.
    public func exists<Other: Entity>(
        _ type: Other.Type, by reference: KeyPath<Other.Columns, TypedColumn<Value>>
    ) -> Condition {
        related(Other.tablePosition, Other.columns[keyPath: reference].position, nil)
    }

    /// Some record refers to this one by a column that may be null.
    public func exists<Other: Entity>(
        _ type: Other.Type, by reference: KeyPath<Other.Columns, TypedColumn<Value?>>
    ) -> Condition {
        related(Other.tablePosition, Other.columns[keyPath: reference].position, nil)
    }

    /// Some record that satisfies a condition refers to this one:
    /// `$0.iso.exists(City.self, by: \.country) { $0.population > 1_000_000 }`.
    ///
    /// Cost: as ``exists(_:by:)``; an index on the columns of the condition helps as well.
    public func exists<Other: Entity>(
        _ type: Other.Type, by reference: KeyPath<Other.Columns, TypedColumn<Value>>,
        _ condition: (Other.Columns) -> Condition
    ) -> Condition {
        related(Other.tablePosition, Other.columns[keyPath: reference].position, condition(Other.columns))
    }

    /// Some record that satisfies a condition refers to this one by a column that may be null.
    public func exists<Other: Entity>(
        _ type: Other.Type, by reference: KeyPath<Other.Columns, TypedColumn<Value?>>,
        _ condition: (Other.Columns) -> Condition
    ) -> Condition {
        related(Other.tablePosition, Other.columns[keyPath: reference].position, condition(Other.columns))
    }

    private func related(_ table: Int, _ column: Int, _ condition: Condition?) -> Condition {
        .isInRows(column: position, RelatedRows(RelatedTable(table), column: column, where: condition))
    }

    /// The column names one of the records of a query, which may have an order and a limit:
    /// `$0.country.in(atlas.countries.order { $0.population.descending }.limit(10))`.
    ///
    /// The query is not run when this is called: it becomes part of this one, and is answered in the same transaction or snapshot. It has
    /// no budget and no `unindexed()` of its own then: those of this one count.
    public func `in`<Base: ReadableRepository>(_ query: RepositoryQuery<Base>) -> Condition
    where Base.Item.ID == Value {
        .isInRows(column: position, RelatedRows(query.query, column: query.key))
    }
}

extension TypedColumn {
    /// The record the column refers to satisfies a condition. Where the column is null, all columns of that record are null:
    /// `$0.boss.where { $0.boss == nil }` also finds those who have no boss.
    ///
    /// Cost: one more read, of the records that satisfy the condition, or of those that are referred to, whichever is less.
    public func `where`<ID: ColumnIdentifier>(_ condition: (ID._Record.Columns) -> Condition) -> Condition
    where Value == ID? {
        .reference(column: position, RelatedTable(ID._Record.tablePosition), condition(ID._Record.columns))
    }

    /// Ordered by columns of the record the column refers to. Where the column is null they are null, which sorts before all values,
    /// and after all when descending.
    ///
    /// Cost: as of a column that is never null.
    public func order<ID: ColumnIdentifier>(@OrderBuilder _ order: (ID._Record.Columns) -> [OrderTerm]) -> [OrderTerm]
    where Value == ID? {
        let reference = FollowedReference(column: position, RelatedTable(ID._Record.tablePosition))
        return order(ID._Record.columns).map { $0.behind(reference) }
    }

    /// The column names one of the records of a query. Where it is null: neither true nor false.
    public func `in`<Base: ReadableRepository>(_ query: RepositoryQuery<Base>) -> Condition
    where Base.Item.ID: ColumnIdentifier, Value == Base.Item.ID? {
        .isInRows(column: position, RelatedRows(query.query, column: query.key))
    }
}

extension TypedColumn where Value: OrderedColumnValue {
    /// The column has a value that a column has in one of the records of a query:
    /// `$0.name.in(atlas.countries.where { $0.population > 0 }) { $0.capital }`.
    ///
    /// Nulls there match nothing; where this column is null it is neither true nor false. The query is not run when this is
    /// called: it becomes part of this one.
    public func `in`<Base: ReadableRepository>(
        _ query: RepositoryQuery<Base>, _ column: (Base.Item.Columns) -> TypedColumn<Value>
    ) -> Condition {
        .isInRows(column: position, RelatedRows(query.query, column: column(Base.Item.columns).position))
    }

    /// The column has a value that a column, null at times, has in one of the records of a query.
    public func `in`<Base: ReadableRepository>(
        _ query: RepositoryQuery<Base>, _ column: (Base.Item.Columns) -> TypedColumn<Value?>
    ) -> Condition {
        .isInRows(column: position, RelatedRows(query.query, column: column(Base.Item.columns).position))
    }
}
