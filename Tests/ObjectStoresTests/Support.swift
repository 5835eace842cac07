import CFiles
import Foundation
import ObjectStores
import Testing

@testable import CairnCore

/// A folder that goes with the test.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "cairn-objects-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    var path: String { url.path(percentEncoded: false) }

    func path(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file by hand.
    func write(_ name: String, _ text: String) throws {
        let file = url.appending(path: name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        let descriptor = open(path(name), O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        try #require(Glibc.write(descriptor, bytes, bytes.count) == bytes.count)
    }

    func read(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: path(name))), as: UTF8.self)
    }

    /// Everything below, files and folders, without what the store keeps for itself.
    func names(in name: String = "") throws -> [String] {
        let all = FileManager.default.enumerator(atPath: path(name))?.compactMap { $0 as? String } ?? []
        return all.filter { !$0.hasPrefix(".cairn") }.sorted()
    }

    func exists(_ name: String) -> Bool {
        var status = stat()
        return lstat(path(name), &status) == 0
    }
}

/// A folder store that does not wait for the disk.
func quickStore(
    _ folder: TemporaryFolder, _ change: (inout FolderObjectStore.Options) -> Void = { _ in }
) throws -> FolderObjectStore {
    var options = FolderObjectStore.Options()
    options.isDurable = false
    change(&options)
    return try FolderObjectStore(folder.path, options)
}

/// Fails the test unless `body` throws an error of a code; gives it back.
@discardableResult
func expectError(
    _ code: ObjectStoreError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async throws -> ObjectStoreError {
    let error = await #expect(throws: ObjectStoreError.self, sourceLocation: sourceLocation) { try await body() }
    let found = try #require(error, sourceLocation: sourceLocation)
    #expect(found.code == code, "\(found)", sourceLocation: sourceLocation)
    return found
}

extension ObjectStore {
    func text(_ key: String) async throws -> String { String(decoding: try await bytes(key), as: UTF8.self) }
}

/// A clock that stands still until it is moved.
final class ManualClock: Sendable {
    private let time = Lock(Date(timeIntervalSince1970: 1_800_000_000))

    var now: Date { time.withLock { $0 } }

    func advance(seconds: Double) { time.withLock { $0 = $0.addingTimeInterval(seconds) } }
}

/// Takes the lock of a folder as another process would.
final class FolderLock {
    private let descriptor: Int32

    init(_ folder: TemporaryFolder) throws {
        descriptor = open(folder.path(".cairn/lock"), O_RDWR)
        try #require(cairn_lock(descriptor) == 0)
    }

    func release() { _ = cairn_unlock(descriptor) }

    deinit { close(descriptor) }
}

/// A process that works on a folder.
final class Worker {
    private let process = Process()
    private let output = Pipe()
    private let input = Pipe()

    init(_ arguments: [String]) throws {
        process.executableURL = try Worker.executable()
        process.arguments = arguments
        process.standardOutput = output
        process.standardInput = input
        try process.run()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    /// Built beside the tests.
    private static func executable() throws -> URL {
        let tests = URL(fileURLWithPath: CommandLine.arguments[0])
        let found = sequence(first: tests) { $0.path == "/" ? nil : $0.deletingLastPathComponent() }
            .map { $0.appending(path: "ObjectWorker") }
            .first { FileManager.default.isExecutableFile(atPath: $0.path(percentEncoded: false)) }
        return try #require(found, "ObjectWorker was not built beside \(tests.path)")
    }

    /// The next line; nil at the end.
    func line() throws -> String? {
        var bytes: [UInt8] = []
        while let byte = try output.fileHandleForReading.read(upToCount: 1)?.first {
            if byte == 0x0A { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(byte)
        }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }

    /// Every line until the end.
    func rest() throws -> [String] {
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    func closeInput() throws { try input.fileHandleForWriting.close() }

    /// Ends the process as a crash would.
    func kill9() {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    func wait() -> Int32 {
        process.waitUntilExit()
        return process.terminationStatus
    }
}
