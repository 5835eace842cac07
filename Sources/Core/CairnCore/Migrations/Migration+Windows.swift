public import CairnSchema

/// Expand and contract: programs of two schemas use one store at once, until nobody runs an old one any more.
///
/// ``start(from:to:isRehearsal:)`` gives the store an expanded schema, which programs of either open; each sees its own, and what one
/// writes reaches the other through what the new schema declares. ``complete(_:allowsDestructive:isRehearsal:)`` ends that with the new
/// schema, ``abort(_:allowsDestructive:isRehearsal:)`` with the old one. All three are migrations like any other: all or nothing, and
/// part of the history of the store.
extension Migration {
    /// Plans the opening of a store of one schema for programs of another one, too.
    ///
    /// Programs that have the store open fail with `storage.schema_mismatch` once it is done, and go on when they open it again. What new
    /// columns are made from is made of all records, so that no program finds one half done.
    /// - Throws: as making a migration between the two schemas; `migration.unsupported` for a change of which the writes of one program
    ///   would not reach the other, naming table and column.
    public static func start(from old: Schema, to new: Schema, isRehearsal: Bool = false) throws -> Migration {
        guard old.id != new.id else {
            throw StorageError(
                .migrationUnsupported, "the store has the schema \(new.id.short) already: there is nothing to begin",
                remedy: "open it with the program")
        }
        let direct = try Migration(from: old, to: new, allowsDestructive: true)
        do {
            return try Migration(
                from: old, to: ExpandedSchema(direct.diff).schema, isRehearsal: isRehearsal)
        } catch let refusal as WindowRefusal {
            var details = StorageError.Details()
            details.table = refusal.table
            details.column = refusal.column
            let place =
                refusal.column.map { "column '\($0)' of table '\(refusal.table ?? "")': " }
                ?? refusal.table.map { "table '\($0)': " } ?? ""
            throw StorageError(
                .migrationUnsupported,
                "programs of both schemas cannot use the store at once: \(place)\(refusal.message)",
                remedy: refusal.remedy, details: details)
        }
    }

    /// Plans the end of using a store with two schemas: it has the new one then, and what only the old one had goes.
    /// - Parameter held: The schema the store holds.
    /// - Throws: `migration.unsupported` for a store that is not used with two; `migration.destructive` when something goes and may not.
    public static func complete(
        _ held: Schema, allowsDestructive: Bool = false, isRehearsal: Bool = false
    ) throws -> Migration {
        let window = try openWindow(held)
        // The names of the expanded schema are those of the new one.
        return try Migration(
            from: held, to: window.new.with(FormerNames()), allowsDestructive: allowsDestructive,
            isRehearsal: isRehearsal)
    }

    /// Plans the end of using a store with two schemas: it has the old one then, and what only the new one had goes. What new programs
    /// wrote that the old schema has stays.
    /// - Parameter held: The schema the store holds.
    /// - Throws: as ``complete(_:allowsDestructive:isRehearsal:)``.
    public static func abort(
        _ held: Schema, allowsDestructive: Bool = false, isRehearsal: Bool = false
    ) throws -> Migration {
        try Migration(
            from: held, to: openWindow(held).old, allowsDestructive: allowsDestructive, isRehearsal: isRehearsal)
    }

    private static func openWindow(_ held: Schema) throws -> SchemaWindow {
        guard let window = held.window else {
            throw StorageError(
                .migrationUnsupported,
                "the store has the schema \(held.id.short), and programs of one schema use it: there is nothing to end",
                remedy:
                    "'cairn migrate start' lets programs of two use it; 'cairn migrate status' says which schema it has"
            )
        }
        return window
    }

    /// A store that two schemas use is changed by ending that.
    package static func isOpen(_ window: SchemaWindow) -> StorageError {
        StorageError(
            .migrationUnsupported,
            "programs of the schemas \(window.old.id.short) and \(window.new.id.short) use the store at once: it is not changed otherwise meanwhile",
            remedy: "end that first: 'cairn migrate complete' for the new schema, 'cairn migrate abort' for the old one"
        )
    }
}
