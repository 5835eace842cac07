import SQLiteStorage

extension StoreURL {
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
        return options
    }
}
