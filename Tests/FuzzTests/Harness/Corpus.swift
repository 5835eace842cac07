import Foundation

/// The inputs that are checked in: what a target accepts, what it refuses in each of its ways, and all that once went wrong.
struct Corpus: Sendable {
    /// The inputs with the names of their files, in the order of the names.
    let entries: [(name: String, bytes: [UInt8])]

    static let folder = URL(filePath: #filePath).appending(path: "../../Corpus").standardized

    init(_ entries: [(name: String, bytes: [UInt8])]) {
        self.entries = entries
    }

    init(of target: FuzzTargets) throws {
        let folder = Corpus.folder.appending(path: target.rawValue)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false))
        entries = try names.sorted().map { ($0, [UInt8](try Data(contentsOf: folder.appending(path: $0)))) }
    }
}
