import Foundation

/// The stores of one test. Those that are on a disk are in a folder which goes when the test has ended.
final class TestStores: Sendable {
    /// One address for each kind of store that needs no server: what a program means is the same on all of them.
    static let kinds = ["memory:", "sqlite::memory:", "file:"]

    private let folder = FileManager.default.temporaryDirectory.appending(path: "cairn-test-\(UUID().uuidString)")

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// The address of a new store of a kind.
    func url(_ kind: String) -> String {
        guard kind == "file:" else { return kind }
        let place = folder.appending(path: UUID().uuidString).path(percentEncoded: false)
        // Nothing here has to survive a loss of power.
        return "file:\(place)?durable=false"
    }
}
