import CairnCore

/// The moment of a store that a command reads: the present, unless its options name one that is over.
enum PastMoment {
    case now
    case commit(Int)
    case pin(String)

    /// The options that name a moment.
    static let options = [
        Option(name: "as-of", value: "COMMIT", help: "read the store as the commit of this number left it"),
        Option(name: "pinned", value: "NAME", help: "read the store as this pin keeps it"),
    ]

    /// What help pages say of them.
    static let note =
        "A store in a folder or a bucket keeps moments that are over for a day, and longer while a pin is older: --as-of names one by the number of its newest commit, --pinned by a pin. 'cairn pins' shows the pins and the number of now; each record file has the number of its commit. A moment of before a migration is refused."

    /// - Throws: `command.usage` for a number that is none, and for two moments at once.
    init(_ arguments: ParsedArguments) throws {
        switch (arguments.value("as-of"), arguments.value("pinned")) {
        case (nil, nil): self = .now
        case (nil, let name?): self = .pin(name)
        case (let text?, nil):
            guard let commit = Int(text), commit >= 0 else {
                throw CommandError(
                    .usage, "'--as-of \(text)' is no number of a commit",
                    remedy: "write one such as 'cairn pins' shows, or name a pin with --pinned")
            }
            self = .commit(commit)
        case (_?, _?):
            throw CommandError(.usage, "'--as-of' and '--pinned' name two moments", remedy: "keep one of them")
        }
    }

    /// Lends what reads the store of the moment.
    /// - Throws: `storage.snapshot_expired`, `storage.not_found`, `storage.invalid` and `storage.schema_mismatch` for a moment that cannot
    ///   be read; `storage.unsupported` where the driver keeps none.
    func read<Result>(_ store: Store, _ body: (Session) async throws -> Result) async throws -> Result {
        switch self {
        case .now: try await body(store.session)
        case .commit(let commit): try await store.snapshot(asOf: commit, body)
        case .pin(let name): try await store.snapshot(pinned: name, body)
        }
    }
}
