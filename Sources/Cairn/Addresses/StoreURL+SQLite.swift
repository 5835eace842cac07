import SQLiteStorage

extension StoreURL {
    /// The most changes that an address can ask a file to keep.
    private static let mostKeptChanges = 1_000_000_000
    /// The longest time for it, in seconds: ten years.
    private static let longestChangeLifetime = 3650 * 86_400

    /// The options of a SQLite store.
    /// - Parameter mode: What holds when the address does not say.
    /// - Throws: `config.invalid` for a value that is none.
    func sqliteOptions(mode: SQLiteOptions.Mode = .create) throws -> SQLiteOptions {
        var options = SQLiteOptions(isPersistent ? .file(path) : .temporary, mode: mode)
        if let mode = try choice("mode", SQLiteOptions.Mode.self) { options.mode = mode }
        if let synchronous = try choice("synchronous", SQLiteOptions.Synchronous.self) {
            options.synchronous = synchronous
        }
        if let timeout = try seconds("timeout") { options.timeout = timeout }
        if let readers = try count("readers", in: 1...1000) { options.maximumReaders = readers }
        if let changes = try count("kept_changes", in: 1...StoreURL.mostKeptChanges) { options.keptChanges = changes }
        if let lifetime = try seconds("change_lifetime", from: 1, to: StoreURL.longestChangeLifetime) {
            options.changeLifetime = lifetime
        }
        return options
    }
}
