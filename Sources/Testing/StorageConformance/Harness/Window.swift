import CairnCore

/// A store that programs of two schemas use at once, and one program of each.
struct Window {
    let old: Store
    let new: Store

    /// Opens a store of an old schema for programs of a new one; nil when the driver makes no migrations.
    /// - Parameter before: What programs of the old schema do before; only where stores outlive their handles.
    static func open(
        _ store: ConformanceStore, from old: String = Schemas.before, to new: String = Schemas.after,
        before: ((Store) async throws -> Void)? = nil
    ) async throws -> Window? {
        let (from, to) = (try Schema(parsing: old), try Schema(parsing: new))
        let storage = try await store.storage(name: name)
        do {
            if let before {
                let first = try await Store.open(storage, schema: from)
                try await before(first)
                try await first.close()
                let fresh = try await store.storage(name: name)
                try await fresh.apply(.migrate(Migration.start(from: from, to: to)))
                try await fresh.close()
            } else {
                try await storage.apply(.create(from))
                try await storage.apply(.migrate(Migration.start(from: from, to: to)))
                if store.isPersistent { try await storage.close() }
            }
        } catch let error as StorageError where error.code == .unsupported {
            try? await storage.close()
            return nil
        }
        // Where a store ends with its handle both programs have that one.
        var handles = [storage, storage]
        if store.isPersistent {
            handles = [try await store.storage(name: name), try await store.storage(name: name)]
        }
        let window = Window(
            old: try await Store.open(handles[0], schema: from), new: try await Store.open(handles[1], schema: to))
        store.keep([window.old, window.new])
        return window
    }

    /// Ends the programs, and changes the store once more.
    func close(_ store: ConformanceStore, _ migration: (Schema) throws -> Migration) async throws {
        try await old.close()
        try await new.close()
        let storage = try await store.storage(name: Window.name)
        let held = try require(try await storage.schema(), "the schema")
        try await storage.apply(.migrate(migration(held)))
        try await storage.close()
    }

    /// The name of the store.
    static let name = "window"
}

extension Schemas {
    /// What programs know that were there before.
    static let before = """
        { "database": "d", "tables": {
          "people": { "columns": {
              "id": "int", "full": "string", "size": "int", "number": "string", "nick": "string?",
              "code": { "enum": ["o", "c"], "default": "o" }, "seen": "timestamp?", "memo": "string?",
              "town": { "references": "towns", "nullable": true } },
            "key": "id",
            "indexes": { "by_size": { "on": ["size"] }, "by_nick": { "on": ["nick"], "unique": true } } },
          "towns": { "columns": { "id": "int", "title": "string" }, "key": "id" } } }
        """

    /// What programs know that come after: of `people` everything is another but `id`, `memo` and `town`.
    static let after = """
        { "database": "d", "tables": {
          "people": { "columns": {
              "alias": { "type": "string?", "renamed_from": "nick" },
              "first": { "type": "string", "renamed_from": "first", "convert": { "split": "full", "at": " ", "part": 1 } },
              "last": { "type": "string?", "renamed_from": "last",
                        "convert": { "split": "full", "at": " ", "part": 2, "parts": 2, "otherwise": null } },
              "id": "int", "size": "decimal", "number": "int",
              "state": { "enum": ["open", "closed", "gone"], "renamed_from": "state",
                         "convert": { "from": "code", "values": { "o": "open", "c": "closed" } } },
              "day": { "type": "date?", "convert": { "from": "seen" } },
              "memo": "string?", "note": { "type": "string", "default": "none", "renamed_from": "note" },
              "town": { "references": "cities", "nullable": true } },
            "key": "id",
            "indexes": { "by_size": { "on": ["size"] }, "by_alias": { "on": ["alias"], "unique": true },
                         "by_state": { "on": ["state", "last"] } } },
          "cities": { "renamed_from": "towns", "columns": { "id": "int", "title": "string" }, "key": "id" },
          "notes": { "columns": {
              "id": "int", "person": { "references": "people", "on_delete": "cascade" }, "text": "string" },
            "key": "id" } } }
        """

    /// A reference that is let go when its target is deleted.
    static let owned = """
        { "database": "d", "tables": {
          "people": { "columns": {
              "id": "int", "town": { "references": "towns", "nullable": true, "on_delete": "set_null" } },
            "key": "id" },
          "towns": { "columns": { "id": "int" }, "key": "id" } } }
        """

    /// The same people, with a text that is made from it.
    static let owners = """
        { "database": "d", "tables": {
          "people": { "columns": {
              "id": "int", "place": { "type": "string?", "renamed_from": "place", "convert": { "from": "town" } } },
            "key": "id" },
          "towns": { "columns": { "id": "int" }, "key": "id" } } }
        """

    /// Tables whose changes are kept, one of which goes.
    static let followedBefore = """
        { "database": "d", "tables": {
          "t": { "columns": { "id": "int" }, "key": "id", "changes": true },
          "gone": { "columns": { "id": "int" }, "key": "id", "changes": true } } }
        """

    /// The other one of them, and one that comes.
    static let followedAfter = """
        { "database": "d", "tables": {
          "t": { "columns": { "id": "int" }, "key": "id", "changes": true },
          "added": { "renamed_from": "added", "columns": { "id": "int" }, "key": "id", "changes": true } } }
        """
}
