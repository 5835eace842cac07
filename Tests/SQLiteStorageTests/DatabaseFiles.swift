import Foundation
import Testing

/// Checks what SQLite itself says of a file: that tables, indexes, unique values and references agree.
func expectIntact(
    _ path: String, vfs: String? = nil, _ comment: Comment, sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let database = try RawDatabase(path, vfs: vfs)
    #expect(try database.column("PRAGMA integrity_check") == ["ok"], comment, sourceLocation: sourceLocation)
    #expect(try database.column("PRAGMA foreign_key_check").isEmpty, comment, sourceLocation: sourceLocation)
}

/// Copies a database as its processes left it.
func copyDatabase(_ path: String, to copy: String) throws {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        try? FileManager.default.removeItem(atPath: copy + suffix)
        guard FileManager.default.fileExists(atPath: path + suffix) else { continue }
        try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix)
    }
}
