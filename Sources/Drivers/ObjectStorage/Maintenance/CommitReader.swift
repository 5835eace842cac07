import CairnCore
import ObjectStores

/// Reads commits of the log in their order, side by side where they are small: what is read at once is about as many bytes as are wanted,
/// or one commit.
///
/// A commit may have 64 MiB, so it must be known how large it is before it is read. This process remembers those that it has followed. Of
/// others a listing says how large their records are, and the record how large its parts: where it turns out to have some, it is put off,
/// and so are those behind it.
struct CommitReader: Sendable {
    /// A record of the log that was looked for.
    struct Reading: Sendable {
        let number: Int
        let found: Result<PastViews.Found?, any Error>
    }

    private let parts: EngineParts
    private let end: Int
    /// Bytes of commits, by number, as far as they are known.
    private var sizes: [Int: Int] = [:]
    /// The number up to which they were asked for.
    private var asked = 0

    /// Commits of unknown size from which on they are listed: so many are read one after the other.
    private static let fewest = 3

    /// - Parameter end: The number of the last commit that is wanted.
    init(_ parts: EngineParts, through end: Int) {
        self.parts = parts
        self.end = end
    }

    /// Looks for the next commits: where one cannot be read, those before it are there all the same. A GET for each that this process has
    /// not followed, and one for each part of it; a LIST for each thousand of them; one more GET for each that is put off.
    /// - Parameters:
    ///   - last: The number before the first of them, less than that of the last one that is wanted.
    ///   - bytes: About how many are wanted.
    /// - Returns: At least one.
    mutating func next(after last: Int, bytes: Int = KeptChanges.pageBytes) async throws -> [Reading] {
        if last >= asked { try await askSizes(after: last) }
        var readings = try await read(pick(after: last, bytes))
        let tooLarge = readings.map { reading -> CommitTooLarge? in
            if case .failure(let error) = reading.found { error as? CommitTooLarge } else { nil }
        }
        for (reading, error) in zip(readings, tooLarge) {
            if let error { sizes[reading.number] = error.bytes }
        }
        if let place = tooLarge.firstIndex(where: { $0 != nil }) { readings.removeSubrange(place...) }
        return readings
    }

    /// The next numbers, as many as make up the bytes. Of unknown size is what is gone, or what came to be just now: it is read alone.
    private func pick(after last: Int, _ bytes: Int) -> [Int] {
        var rest = bytes
        return Array(
            (last + 1...min(end, last + LogReader.width)).prefix { number in
                rest -= sizes[number] ?? bytes
                return rest >= 0 || number == last + 1
            })
    }

    private func read(_ numbers: [Int]) async throws -> [Reading] {
        let (parts, sizes, first) = (parts, sizes, numbers.first)
        return try await numbers.concurrently(LogReader.width) { number in
            do {
                let most = number == first ? Int.max : sizes[number] ?? 0
                return Reading(
                    number: number, found: .success(try await PastViews.record(number, parts, most: most)))
            } catch {
                try Task.checkCancellation()
                return Reading(number: number, found: .failure(error))
            }
        }
    }

    /// Finds out how large the next commits are.
    private mutating func askSizes(after last: Int) async throws {
        let numbers = last + 1...min(end, last + ObjectLimits.pageEntries)
        sizes = try parts.tip.whileOpen { state in
            Dictionary(
                uniqueKeysWithValues: numbers.compactMap { number in state.history[number].map { (number, $0.size) } })
        }
        asked = numbers.upperBound
        let unknown = numbers.filter { sizes[$0] == nil }
        guard unknown.count >= CommitReader.fewest, let first = unknown.first, let newest = unknown.last else { return }
        var listed: [Int: Int] = [:]
        try await parts.access.eachPage(
            ObjectNames.log, after: first == 1 ? nil : ObjectNames.record(first - 1), pageSize: newest - first + 1
        ) { page in
            for case .object(let object) in page.entries {
                if let number = ObjectNames.number(ofRecord: object.key) { listed[number] = object.size }
            }
            return listed[newest] == nil
        }
        for number in unknown { sizes[number] = listed[number] }
    }
}

/// A commit has parts that make it larger than it was taken for. None of them was read.
struct CommitTooLarge: Error {
    /// How many bytes it is with its parts.
    let bytes: Int
}
