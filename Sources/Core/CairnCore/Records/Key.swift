/// The primary key of a record: one value, or several for a composite key, in the order the schema lists them.
public struct Key: Sendable, Hashable {
    /// The value of the first column of the key.
    public let first: Value
    /// The values of the other columns; empty for most tables.
    public let rest: [Value]

    /// A key of one or more values.
    @inlinable
    public init(_ first: Value, _ rest: [Value] = []) {
        self.first = first
        self.rest = rest
    }

    /// All values.
    @inlinable public var values: [Value] { [first] + rest }

    /// How many values there are.
    @inlinable public var count: Int { 1 + rest.count }

    /// The value at a place of the key.
    @inlinable
    public subscript(index: Int) -> Value { index == 0 ? first : rest[index - 1] }
}

extension Key: CustomStringConvertible {
    /// The canonical text.
    public var description: String { KeyText.encode(self) }
}

extension Table {
    /// The key of a record of this table. `values` has one value for each column.
    package func key(of values: [Value]) -> Key {
        guard key.count > 1 else { return Key(values[key[0]]) }
        return Key(values[key[0]], key.dropFirst().map { values[$0] })
    }

    /// Checks that a key has a value of the right type for each column of the key.
    /// - Throws: `storage.invalid` naming the column.
    package func check(_ key: Key) throws {
        guard key.count == self.key.count else {
            throw StorageError(
                .invalid, "the key of table '\(name)' has \(self.key.count) values, found \(key.count)",
                remedy: "give one for each of \(self.key.map { columns[$0].name }.joined(separator: ", "))")
        }
        for (place, position) in self.key.enumerated() where !columns[position].valueType.holds(key[place]) {
            throw StorageError.invalid(
                self, columns[position], "a value of type \(columns[position].valueType) is expected in a key")
        }
    }
}
