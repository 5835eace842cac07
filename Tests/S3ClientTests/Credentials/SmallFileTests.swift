import Foundation
import Testing

@testable import S3Client

@Suite("Small files")
struct SmallFileTests {
    private func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "cairn-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    @Test("A file is read whole; one that is not there is none")
    func reading() throws {
        try withFolder { folder in
            let file = folder.appending(path: "keys")
            let bytes = [UInt8]((0..<100_000).map { UInt8(truncatingIfNeeded: $0 / 3) })
            try Data(bytes).write(to: file)
            #expect(try SmallFile.read(file.path(percentEncoded: false)) == bytes)
            #expect(try SmallFile.read(folder.appending(path: "none").path(percentEncoded: false)) == nil)
            #expect(try SmallFile.read(file.appending(path: "below").path(percentEncoded: false)) == nil)
        }
    }

    @Test("A folder, and a file larger than any of settings, are errors that name them")
    func refused() throws {
        try withFolder { folder in
            let path = folder.path(percentEncoded: false)
            let error = #expect(throws: S3Error.self) { try SmallFile.read(path) }
            #expect(error?.code == .credentials)
            #expect(error?.message.contains(path) == true)
            let large = folder.appending(path: "large")
            try Data(count: SmallFile.limit + 1).write(to: large)
            #expect(throws: S3Error.self) { try SmallFile.read(large.path(percentEncoded: false)) }
        }
    }

    @Test("The surroundings of this process have its environment and its files")
    func process() async throws {
        let surroundings = Surroundings.ofProcess { _ in throw StandIn.Unreachable() }
        #expect(surroundings.variable("PATH") == ProcessInfo.processInfo.environment["PATH"])
        #expect(try surroundings.readFile(#filePath)?.isEmpty == false)
    }
}
