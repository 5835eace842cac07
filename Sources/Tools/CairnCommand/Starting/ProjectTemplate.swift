/// The files of a new package.
struct ProjectTemplate {
    let name: ProjectName
    let source: CairnSource
    /// The JSON Schema of schema files, for editors; nil when the checkout has none.
    let jsonSchema: String?

    /// The name of that file, beside the schema.
    static let jsonSchemaName = "cairn.schema.json"

    /// One thing to make.
    enum Item: Equatable {
        case file(path: String, text: String)
        case link(path: String, target: String)

        var path: String {
            switch self {
            case .file(let path, _), .link(let path, _): path
            }
        }
    }

    /// Everything, by paths relative to the folder of the package, in the order it is reported.
    var items: [Item] {
        var items = [
            Item.file(path: "Package.swift", text: manifest),
            .file(path: "Schemas/\(name.database).jsonc", text: schema),
            .file(path: "Sources/\(name.target)/main.swift", text: program),
            // The build plugin sees files only in the folder of its target.
            .link(path: "Sources/\(name.target)/Schemas", target: "../../Schemas"),
            .file(path: "cairn.json", text: configuration),
            .file(path: ".gitignore", text: ignored),
        ]
        if let jsonSchema {
            items.insert(.file(path: "Schemas/\(ProjectTemplate.jsonSchemaName)", text: jsonSchema), at: 2)
        }
        return items
    }

    private var manifest: String {
        let exclude = jsonSchema == nil ? "" : "\n            exclude: [\"Schemas/\(ProjectTemplate.jsonSchemaName)\"],"
        return """
            // swift-tools-version: 6.2
            import PackageDescription

            let package = Package(
                name: "\(name.target)",
                platforms: [.macOS(.v26)],
                dependencies: [
                    \(source.dependency)
                ],
                targets: [
                    .executableTarget(
                        name: "\(name.target)",
                        dependencies: [.product(name: "Cairn", package: "\(source.packageName)")],\(exclude)
                        plugins: [.plugin(name: "CairnPlugin", package: "\(source.packageName)")])
                ],
                swiftLanguageModes: [.v6]
            )

            """
    }

    /// The example schema: a reference, an index, an enum.
    var schema: String {
        let reference = jsonSchema == nil ? "" : "  \"$schema\": \"./\(ProjectTemplate.jsonSchemaName)\",\n"
        return """
            // The tables of \(name.target). The build plugin makes Swift from this file: `struct \(name.target)`, and a struct for each table.
            // `swift run cairn check Schemas/\(name.database).jsonc` looks for mistakes.
            {
            \(reference)  "database": "\(name.database)",
              "tables": {
                "authors": {
                  "doc": "Someone who writes books.",
                  "columns": {
                    "id": "uuid",  // a key of type uuid makes its own values
                    "name": { "type": "string", "max_length": 200, "unique": true },  // unique: `find(byName:)`
                    "born": "date?",  // ? = may be null
                  },
                  "key": "id",
                },
                "books": {
                  "doc": "A book to read.",
                  "columns": {
                    "isbn": { "type": "string", "min_length": 10, "max_length": 13 },
                    "title": "string",
                    "author": { "references": "authors" },  // an author that books refer to cannot be deleted
                    "pages": { "type": "int", "min": 1 },
                    "status": { "enum": ["to_read", "reading", "read"], "default": "to_read" },
                    "tags": "[string]",
                  },
                  "key": "isbn",
                  // Indexes make queries fast; `swift run cairn explain` shows which one a query uses.
                  "indexes": { "by_status": ["status", "pages desc"] },
                },
              },
            }

            """
    }

    private var program: String {
        """
        import Cairn
        import Foundation

        func run() async throws {
            // The address of the store: CAIRN_URL, else what cairn.json says for CAIRN_ENV, else for "development".
            let environment = ProcessInfo.processInfo.environment["CAIRN_ENV"] ?? "development"
            let database = try await \(name.target).open(environment: environment)

            // All or nothing, and only once: a later run finds the author.
            try await database.transaction { tx in
                guard try await tx.authors.find(byName: "Ursula K. Le Guin") == nil else { return }
                // From text a date is an optional, nil where it is none: as it is for `born`, which may be null.
                let author = try await tx.authors.insert(Author(name: "Ursula K. Le Guin", born: CalendarDate("1929-10-21")))
                try await tx.books.insert(contentsOf: [
                    Book(isbn: "9780061054884", title: "The Dispossessed", author: author.id, pages: 387),
                    Book(isbn: "9780441478125", title: "The Left Hand of Darkness", author: author.id, pages: 304),
                    Book(isbn: "9780547773742", title: "A Wizard of Earthsea", author: author.id, pages: 183, status: .read),
                ])
            }

            let books = try await database.books.where { $0.status == .toRead }.order { $0.pages.descending }.all()
            for book in books { print("\\(book.pages) pages: \\(book.title)") }
            try await database.close()
        }

        do {
            try await run()
        } catch let error as StorageError {
            // What happened and what to do about it, in a line.
            FileHandle.standardError.write(Data("\\(error)\\n".utf8))
            exit(1)
        }

        """
    }

    private var configuration: String {
        """
        {
          // Where the data is. CAIRN_ENV chooses one of these, CAIRN_URL overrides them.
          "environments": {
            "development": "sqlite:\(name.database).db",
            "test": "memory:",
            // In a bucket, for many machines; credentials come from the environment, as AWS's tools have it.
            "production": "s3://${S3_BUCKET}/${S3_PREFIX:\(name.database)/}?region=${AWS_REGION:us-east-1}",
          },
        }

        """
    }

    private var ignored: String {
        """
        .build/
        .swiftpm/
        *.db
        *.db-shm
        *.db-wal

        """
    }
}
