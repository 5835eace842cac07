import CairnSchema

/// A query whose records are read, with or without records related to them: what ``RepositoryQuery/including(_:_:)`` takes for the
/// related ones.
public protocol RelatedQuery<Output>: Sendable {
    /// Where the records are.
    associatedtype Base: ReadableRepository
    /// What is read of each record.
    associatedtype Row: RowReadable
    /// What each record becomes.
    associatedtype Output: Sendable
    /// The records.
    var records: RepositoryQuery<Base> { get }
    /// What is read with them.
    var loading: Loading<Row, Output> { get }
}

extension RepositoryQuery: RelatedQuery {
    /// A record alone.
    public typealias Output = Base.Item

    /// The query itself.
    public var records: RepositoryQuery<Base> { self }

    /// Nothing is read with the records.
    public var loading: Loading<Base.Item, Base.Item> {
        Loading(columns: [], tables: [], sameness: .record, item: Base.Item.init(row:)) { _, items, _ in
            items
        } explain: { _ in
            []
        }
    }
}
