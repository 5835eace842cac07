import Foundation
import ObjectStores
import Testing

/// A folder that goes with the test.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "cairn-tables-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path(percentEncoded: false) }

    /// Objects in a folder below. They do not wait for the disk: these tests kill processes, and cut no power.
    func objects(
        _ name: String, _ change: (inout FolderObjectStore.Options) -> Void = { _ in }
    ) throws -> FolderObjectStore {
        var options = FolderObjectStore.Options()
        options.isDurable = false
        change(&options)
        return try FolderObjectStore(path(name), options)
    }
}
