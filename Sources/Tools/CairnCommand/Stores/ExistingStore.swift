import Cairn
import CairnCore

/// Opens stores for looking into them.
enum ExistingStore {
    /// The operand of every command that reads a store.
    static let operand = Operand(
        name: "STORE",
        help:
            "the address of the store, such as sqlite:atlas.db, file:folder/ or s3://bucket/prefix; it is opened for reading"
    )

    /// The operand of every command that works on a store.
    static let workedOn = Operand(
        name: "STORE", help: "the address of the store, such as file:folder/ or s3://bucket/prefix")

    /// What help pages say of addresses.
    static let note =
        "A store in a bucket may say where: 's3://bucket/prefix?region=eu-west-1', or endpoint=http://127.0.0.1:9000, or profile=NAME; verbose=true tells each request and what it costs. Credentials come from the environment and the shared files of AWS's tools, never from the address."

    /// Lends the store at an address to `body`, opened by the schema it holds itself.
    /// - Throws: `storage.not_a_store` when there is none, or one that ends with its program.
    static func with<Result>(_ address: String, _ body: (Store) async throws -> Result) async throws -> Result {
        try await with(address, writes: false) { store, _ in try await body(store) }
    }

    /// Lends the store at an address, and its driver.
    /// - Parameter writes: Whether it is opened for writing, too; it is never made.
    /// - Throws: as ``with(_:_:)``.
    static func with<Result>(
        _ address: String, writes: Bool, _ body: (Store, any Storage) async throws -> Result
    ) async throws -> Result {
        let url = try StoreURL(address)
        guard url.isPersistent else {
            throw StorageError(
                .notAStore, "\(url) holds nothing: it lives in the memory of the program that opens it",
                remedy: "name a store that outlives its program, such as sqlite:atlas.db or file:folder/")
        }
        let storage = try await writes ? Stores.storage(forWorkingOn: url) : Stores.storage(forReading: url)
        do {
            let store = try await Store.open(existing: storage, options: try url.storeOptions(StoreOptions()))
            let result = try await body(store, storage)
            try await storage.close()
            return result
        } catch {
            // The first error is the one to tell.
            try? await storage.close()
            throw error
        }
    }

    /// What a message says to do, with the address that a person gave: `cairn doctor s3://photos/atlas --undo-edits`.
    static func remedy(_ text: String, for address: String) -> String {
        var text = text
        for command in [
            "doctor", "rebuild", "maintain", "adopt", "migrate apply", "migrate rollback", "migrate history",
            "migrate baseline", "migrate start", "migrate backfill", "migrate complete", "migrate abort",
        ] {
            text = text.replacing("cairn \(command)", with: "cairn \(command) \(ShellText.quoted(address))")
        }
        return text
    }
}

extension Store {
    /// The table of a name.
    /// - Throws: `storage.invalid`, which names the nearest table.
    func table(named name: String) throws -> Table { try records(name).table }
}
