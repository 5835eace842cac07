import CairnCore

/// Fails the case unless a condition holds.
func expect(
    _ condition: Bool, _ message: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) throws {
    if !condition { throw ConformanceFailure(message(), file, line) }
}

/// Fails the case unless two values are equal.
func expectEqual<T: Equatable>(
    _ found: T, _ wanted: T, _ what: String = "", file: StaticString = #fileID, line: UInt = #line
) throws {
    try expect(
        found == wanted, "\(what.isEmpty ? "" : what + ": ")expected \(wanted), found \(found)", file: file, line: line)
}

/// Fails the case unless `body` throws a storage error of a code; gives it back to look at.
@discardableResult
func expectError(
    _ code: StorageError.Code, file: StaticString = #fileID, line: UInt = #line, _ body: () async throws -> Void
) async throws -> StorageError {
    do {
        try await body()
    } catch let error as StorageError {
        try expect(error.code == code, "expected \(code), found \(error)", file: file, line: line)
        return error
    }
    throw ConformanceFailure("expected \(code), nothing was thrown", file, line)
}

/// A value or a failure: cases do not unwrap by force.
func require<T>(_ value: T?, _ what: String, file: StaticString = #fileID, line: UInt = #line) throws -> T {
    guard let value else { throw ConformanceFailure("\(what) is missing", file, line) }
    return value
}
