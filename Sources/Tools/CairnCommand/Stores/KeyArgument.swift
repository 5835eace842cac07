import CairnCore
import CairnSchema

/// Reads the key of a record as people write it.
///
/// The canonical text, which messages and object stores use, comes first: one text, one key. What is none may be the plain
/// value, as it stands in the record: `Europe/Paris` for a key of one column, `FR/Île-de-France` for one of two.
enum KeyArgument {
    /// - Throws: `storage.invalid` when it is neither, saying what is wrong with it as the canonical text.
    static func key(_ text: String, of table: Table) throws -> Key {
        do {
            return try KeyText.decode(text, of: table)
        } catch {
            guard let key = plainKey(text, of: table) else { throw error }
            return key
        }
    }

    private static func plainKey(_ text: String, of table: Table) -> Key? {
        let columns = table.key.map { table.columns[$0] }
        // With one column a `/` is part of the value.
        let parts = columns.count == 1 ? [text[...]] : text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == columns.count else { return nil }
        var values: [Value] = []
        for (part, column) in zip(parts, columns) {
            guard let value = ValueJSON.parse(String(part), as: column.valueType) else { return nil }
            values.append(value)
        }
        return Key(values[0], Array(values.dropFirst()))
    }
}
