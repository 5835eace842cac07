/// The schemas the cases work with.
enum Schemas {
    /// A table with a column of each type, all of which may be null; the key is text.
    static let things = """
        {
          "database": "conformance",
          "tables": {
            "things": {
              "columns": {
                "id": "string",
                "text": "string?", "number": "int?", "real": "double?", "flag": "bool?", "token": "uuid?", "raw": "bytes?",
                "instant": "timestamp?", "day": "date?", "amount": "decimal?", "document": "json?",
                "texts": "[string]?", "numbers": "[int]?", "reals": "[double]?", "flags": "[bool]?", "tokens": "[uuid]?",
                "raws": "[bytes]?", "instants": "[timestamp]?", "days": "[date]?", "amounts": "[decimal]?",
                "documents": "[json]?",
              },
              "key": "id",
            },
          },
        }
        """

    /// The same columns, each with an ascending and a descending index.
    static let indexedThings = things.replacing(
        "\"key\": \"id\",",
        with: "\"key\": \"id\", \"indexes\": {\n"
            + orderedColumns.map { "\"up_\($0)\": [\"\($0)\"], \"down_\($0)\": [\"\($0) desc\"]" }.joined(
                separator: ",\n")
            + "}")

    /// The columns that have an order.
    static let orderedColumns = [
        "text", "number", "real", "flag", "token", "raw", "instant", "day", "amount",
    ]

    /// People with a unique address and a unique pair of columns.
    static let people = """
        {
          "database": "conformance",
          "tables": {
            "people": {
              "columns": {
                "id": "int", "name": "string", "email": { "type": "string?", "unique": true },
                "country": "string", "number": "int?", "age": { "type": "int", "default": 0, "min": 0, "max": 150 },
              },
              "key": "id",
              "indexes": {
                "by_number": { "on": ["country", "number"], "unique": true },
                "by_age": ["age desc"],
                "by_name": { "on": ["name"], "include": ["age"] },
              },
            },
          },
        }
        """

    /// Authors, their books, and notes that hang on one another.
    static let library = """
        {
          "database": "conformance",
          "tables": {
            "books": {
              "columns": {
                "isbn": "string", "title": "string", "author": { "references": "authors" },
                "editor": { "references": "authors", "nullable": true },
              },
              "key": "isbn",
            },
            "authors": { "columns": { "id": "int", "name": "string" }, "key": "id" },
            "notes": {
              "columns": { "id": "int", "parent": { "references": "notes", "nullable": true }, "text": "string" },
              "key": "id",
            },
            "shelves": {
              "columns": { "book": { "references": "books" }, "place": "string" },
              "key": "book",
            },
          },
        }
        """

    /// Records that go, or lose a reference, when another goes; and locks, which hold their task.
    static let actions = """
        {
          "database": "conformance",
          "tables": {
            "people": {
              "columns": { "id": "int", "boss": { "references": "people?", "on_delete": "set_null" } }, "key": "id",
            },
            "teams": {
              "columns": {
                "id": "int", "lead": { "references": "people?", "on_delete": "set_null", "unique": true },
                "deputy": { "references": "people?", "on_delete": "set_null" },
              },
              "key": "id",
            },
            "members": {
              "columns": {
                "team": { "references": "teams", "on_delete": "cascade" },
                "person": { "references": "people", "on_delete": "cascade" },
              },
              "key": ["team", "person"],
            },
            "tasks": {
              "columns": {
                "id": "int", "team": { "references": "teams?", "on_delete": "cascade" },
                "parent": { "references": "tasks?", "on_delete": "cascade" },
                "reviewer": { "references": "people?", "on_delete": "set_null" },
              },
              "key": "id",
            },
            "locks": { "columns": { "id": "int", "task": { "references": "tasks" } }, "key": "id" },
          },
        }
        """

    /// Keys of several columns.
    static let composite = """
        {
          "database": "conformance",
          "tables": {
            "measures": {
              "columns": { "station": "string", "day": "date", "hour": "int", "value": "double" },
              "key": ["station", "day", "hour"],
            },
          },
        }
        """

    /// Columns with rules.
    static let rules = """
        {
          "database": "conformance",
          "tables": {
            "ruled": {
              "columns": {
                "id": "int",
                "small": { "type": "int", "min": -5, "max": 5, "default": 0 },
                "share": { "type": "double", "min": 0, "max": 1, "default": 0.5 },
                "price": { "type": "decimal", "min": 0, "max": 9.99, "default": 1 },
                "born": { "type": "date", "min": "1900-01-01", "max": "2100-12-31", "default": "2000-01-01" },
                "seen": { "type": "timestamp", "min": "2000-01-01T00:00:00Z", "default": "2020-01-01T00:00:00Z" },
                "name": { "type": "string", "min_length": 2, "max_length": 4, "default": "abc" },
                "raw": { "type": "bytes", "max_length": 3, "default": "" },
                "list": { "type": "[int]", "min_length": 1, "max_length": 2, "default": [1] },
                "state": { "enum": ["draft", "live"], "default": "draft" },
              },
              "key": "id",
            },
          },
        }
        """
}
