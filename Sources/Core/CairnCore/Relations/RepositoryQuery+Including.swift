import CairnSchema

extension RepositoryQuery {
    /// Each record with the one it refers to: `.including(\.country)`.
    public func including<ID: ColumnIdentifier>(
        _ reference: KeyPath<Base.Item.Columns, TypedColumn<ID>>
    ) -> IncludingQuery<Base, ID._Record> {
        including(reference) { $0 }
    }

    /// Each record with the one it refers to; nil where the reference is null.
    public func including<ID: ColumnIdentifier>(
        _ reference: KeyPath<Base.Item.Columns, TypedColumn<ID?>>
    ) -> IncludingQuery<Base, ID._Record?> {
        including(reference) { $0 }
    }

    /// Each record with the one it refers to and what is related to that: `.including(\.country) { $0.including(\.continent) }`.
    public func including<ID: ColumnIdentifier, Inner: RelatedQuery>(
        _ reference: KeyPath<Base.Item.Columns, TypedColumn<ID>>,
        _ inner: (RepositoryQuery<SnapshotRepository<ID._Record>>) -> Inner
    ) -> IncludingQuery<Base, Inner.Output> where Inner.Base == SnapshotRepository<ID._Record> {
        IncludingQuery(self, Inclusion.one(Base.Item.columns[keyPath: reference].position, inner(related())))
    }

    /// Each record with the one it refers to and what is related to that; nil where the reference is null.
    public func including<ID: ColumnIdentifier, Inner: RelatedQuery>(
        _ reference: KeyPath<Base.Item.Columns, TypedColumn<ID?>>,
        _ inner: (RepositoryQuery<SnapshotRepository<ID._Record>>) -> Inner
    ) -> IncludingQuery<Base, Inner.Output?> where Inner.Base == SnapshotRepository<ID._Record> {
        IncludingQuery(self, Inclusion.optional(Base.Item.columns[keyPath: reference].position, inner(related())))
    }

    /// Each record with all that refer to it, by key: `.including(City.self, by: \.country)`.
    public func including<Other: Entity>(
        _ type: Other.Type, by reference: KeyPath<Other.Columns, TypedColumn<Base.Item.ID>>
    ) -> IncludingQuery<Base, [Other]> {
        including(type, by: reference) { $0 }
    }

    /// Each record with all that refer to it by a column that may be null.
    public func including<Other: Entity>(
        _ type: Other.Type, by reference: KeyPath<Other.Columns, TypedColumn<Base.Item.ID?>>
    ) -> IncludingQuery<Base, [Other]> {
        including(type, by: reference) { $0 }
    }

    /// Each record with those that refer to it: which, in what order, how many for each record, and what is related to them:
    /// `.including(City.self, by: \.country) { $0.order { $0.population.descending }.limit(3) }`.
    public func including<Other: Entity, Inner: RelatedQuery>(
        _ type: Other.Type, by reference: KeyPath<Other.Columns, TypedColumn<Base.Item.ID>>,
        _ inner: (RepositoryQuery<SnapshotRepository<Other>>) -> Inner
    ) -> IncludingQuery<Base, [Inner.Output]> where Inner.Base == SnapshotRepository<Other> {
        IncludingQuery(self, Inclusion.many(key, inner(related()), by: Other.columns[keyPath: reference].position))
    }

    /// Each record with those that refer to it by a column that may be null: which, in what order, how many for each record,
    /// and what is related to them.
    public func including<Other: Entity, Inner: RelatedQuery>(
        _ type: Other.Type, by reference: KeyPath<Other.Columns, TypedColumn<Base.Item.ID?>>,
        _ inner: (RepositoryQuery<SnapshotRepository<Other>>) -> Inner
    ) -> IncludingQuery<Base, [Inner.Output]> where Inner.Base == SnapshotRepository<Other> {
        IncludingQuery(self, Inclusion.many(key, inner(related()), by: Other.columns[keyPath: reference].position))
    }
}

extension RepositoryQuery {
    /// All records of a table, to be read with those of this one.
    func related<Other: Entity>() -> RepositoryQuery<SnapshotRepository<Other>> {
        RepositoryQuery<SnapshotRepository<Other>>(SnapshotRepository(base.session))
    }

    /// The column of the key, which references name: they are only to tables whose key is one column.
    var key: Int { query.table.key[0] }
}

extension ReadableRepository {
    /// Each record with the one it refers to: `atlas.cities.including(\.country)`.
    public func including<ID: ColumnIdentifier>(
        _ reference: KeyPath<Item.Columns, TypedColumn<ID>>
    ) -> IncludingQuery<Self, ID._Record> {
        query.including(reference)
    }

    /// Each record with the one it refers to; nil where the reference is null.
    public func including<ID: ColumnIdentifier>(
        _ reference: KeyPath<Item.Columns, TypedColumn<ID?>>
    ) -> IncludingQuery<Self, ID._Record?> {
        query.including(reference)
    }
}
