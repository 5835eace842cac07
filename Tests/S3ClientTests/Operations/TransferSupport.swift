import CairnCore
import Foundation
import Testing

@testable import S3Client

/// A mebibyte.
let mebibyte = 1 << 20

/// Bytes in which no part is like another.
func sample(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    // The initialiser below would write to the empty array that all threads share.
    guard count > 0 else { return [] }
    var state = seed
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        for index in 0..<count {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            buffer[index] = UInt8(truncatingIfNeeded: state >> 56)
        }
        filled = count
    }
}

/// A stream of the bytes in chunks.
func stream(_ bytes: [UInt8], chunk: Int = 1_000_003) -> ByteStream {
    ByteStream {
        var offset = 0
        return {
            guard offset < bytes.count else { return nil }
            defer { offset += chunk }
            return Array(bytes[offset..<min(offset + chunk, bytes.count)])
        }
    }
}

/// The error of S3 that `body` ends with, which must be one.
func s3Failure(
    _ location: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async throws -> S3Error {
    do {
        try await body()
    } catch let error as S3Error {
        return error
    }
    Issue.record("there was no error", sourceLocation: location)
    throw NoS3Error()
}

private struct NoS3Error: Error {}

/// A folder for the files of a test.
func withFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "cairn-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(folder.path(percentEncoded: false))
}

func names(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
}

func read(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }

func write(_ path: String, _ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(filePath: path)) }

/// What was told of a transfer.
final class ProgressLog: Sendable {
    private let state = Lock<[S3TransferProgress]>([])

    var told: [S3TransferProgress] { state.withLock { $0 } }

    @Sendable func add(_ progress: S3TransferProgress) { state.withLock { $0.append(progress) } }
}
