import ObjectStores

#if canImport(FoundationEssentials)
    import struct FoundationEssentials.Date
#else
    import struct Foundation.Date
#endif

/// A mark that no version has.
let strangeMark = ETag(rawValue: "00000000000000000000000000000000")

/// What a case works with.
struct Trial: Sendable {
    let store: any ObjectStore
    let quirks: ObjectStoreQuirks

    var capabilities: ObjectStoreCapabilities { store.capabilities }

    /// The store's time, and some seconds.
    func now(adding seconds: Double) async throws -> Date {
        let answer = try await store.put("clock", .text("tick")).answer
        try await store.delete("clock")
        return try require(answer.serverDate, "the date of an answer").addingTimeInterval(seconds)
    }

    /// Checks that a mode the store says it cannot keep is refused, and nothing is written.
    func expectRefusal(of mode: PutMode) async throws {
        try await expectError(.unsupported) { try await store.put("refused", [1], mode: mode) }
        try await expectNothing("refused")
    }

    /// Checks that a store that says it cannot copy refuses to.
    func expectRefusalOfCopies() async throws {
        try await store.put("source", .text("text"))
        try await expectError(.unsupported) { try await store.copy("source", to: "target") }
        try await expectNothing("target")
    }

    /// Checks that a store that says it cannot take parts refuses to.
    func expectRefusalOfUploads() async throws {
        try await expectError(.unsupported) { _ = try await store.beginUpload("key", ObjectAttributes()) }
        try await expectError(.unsupported) { _ = try await store.uploads(prefix: "") }
    }

    /// Stores the text of each key under it.
    func put(_ keys: [String]) async throws {
        for key in keys { try await store.put(key, .text(key)) }
    }

    func text(_ key: String, range: ByteRange? = nil) async throws -> String {
        String(decoding: try await store.bytes(key, range: range), as: UTF8.self)
    }

    /// Fails the case unless a key has a text, also in what the store says of it.
    func expect(_ key: String, is text: String, file: StaticString = #fileID, line: UInt = #line) async throws {
        let result = try await store.get(key)
        try expectEqual(try await String(decoding: result.bytes(), as: UTF8.self), text, key, file: file, line: line)
        try expectEqual(result.info.size, text.utf8.count, "size of \(key)", file: file, line: line)
    }

    /// Fails the case unless there is no object.
    func expectNothing(_ key: String, file: StaticString = #fileID, line: UInt = #line) async throws {
        try await expectError(.notFound, file: file, line: line) { _ = try await store.head(key) }
        try await expectError(.notFound, file: file, line: line) { _ = try await store.get(key) }
    }

    /// The entries of a listing, by name; a shared prefix as it is, with its delimiter.
    func names(_ options: ListOptions) async throws -> [String] {
        var names: [String] = []
        for try await entry in store.list(options) { names.append(entry.name) }
        return names
    }

    /// Runs tasks at once.
    func run(tasks: Int, _ body: @escaping @Sendable (Int) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<tasks { group.addTask { try await body(number) } }
            try await group.waitForAll()
        }
    }
}

/// How far two dates are from one another.
func secondsBetween(_ one: Date, _ other: Date) -> Double { abs(one.timeIntervalSince(other)) }

/// Fails the case unless a condition holds.
func expect(
    _ condition: Bool, _ message: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) throws {
    if !condition { throw ObjectStoreCaseFailure(message(), file, line) }
}

/// Fails the case unless two values are equal.
func expectEqual<T: Equatable>(
    _ found: T, _ wanted: T, _ what: String = "", file: StaticString = #fileID, line: UInt = #line
) throws {
    try expect(
        found == wanted, "\(what.isEmpty ? "" : what + ": ")expected \(wanted), found \(found)", file: file, line: line)
}

/// Fails the case unless `body` throws an error of one of some codes; gives it back to look at.
@discardableResult
func expectError(
    _ codes: ObjectStoreError.Code..., file: StaticString = #fileID, line: UInt = #line, _ body: () async throws -> Void
) async throws -> ObjectStoreError {
    try await expectError(of: Set(codes), file: file, line: line, body)
}

/// Fails the case unless `body` throws an error of one of some codes; gives it back to look at.
@discardableResult
func expectError(
    of codes: Set<ObjectStoreError.Code>, file: StaticString = #fileID, line: UInt = #line,
    _ body: () async throws -> Void
) async throws -> ObjectStoreError {
    do {
        try await body()
    } catch let error as ObjectStoreError {
        try expect(codes.contains(error.code), "expected \(codes), found \(error)", file: file, line: line)
        return error
    }
    throw ObjectStoreCaseFailure("expected \(codes), nothing was thrown", file, line)
}

/// A value or a failure: cases do not unwrap by force.
func require<T>(_ value: T?, _ what: String, file: StaticString = #fileID, line: UInt = #line) throws -> T {
    guard let value else { throw ObjectStoreCaseFailure("\(what) is missing", file, line) }
    return value
}
