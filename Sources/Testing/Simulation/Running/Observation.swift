import CairnCore

/// What was seen when a step ran.
struct Observation: Sendable {
    /// The place of the step: its number, the number of the step inside it, and so on.
    let path: [Int]
    let content: Content

    /// What a caller of a store can see.
    enum Content: Sendable {
        /// Rows in the order in which they came.
        case rows([ModelState.Row])
        /// What a write says the records have now.
        case written([RecordMetadata], at: Timestamp?)
        /// Results of aggregates.
        case results([[Value]])
        /// A number: of rows counted, changed, forgotten.
        case count(Int)
        case failure(Failure)
        /// The step ran, and there is no more to say.
        case done(String)
    }

    /// An error, without what drivers may word differently.
    struct Failure: Sendable, Hashable {
        let code: String
        let isRetryable: Bool
        let details: StorageError.Details

        init(_ error: any Error) {
            guard let error = error as? StorageError else {
                code = "\(error)"
                isRetryable = false
                details = StorageError.Details()
                return
            }
            code = error.code.rawValue
            isRetryable = error.isRetryable
            var details = error.details
            details.token = nil
            // Of several records that refer to one, any may be named.
            if error.code == .reference { details.otherID = nil }
            self.details = details
        }
    }
}

extension Observation {
    /// Whether both saw the same, to the last bit: `1` and `1.0` in JSON, `0.0` and `-0.0` are told apart.
    static func isSame(_ left: Observation, _ right: Observation) -> Bool {
        guard left.path == right.path else { return false }
        switch (left.content, right.content) {
        case (.rows(let left), .rows(let right)):
            return left.count == right.count && zip(left, right).allSatisfy(isSame)
        case (.results(let left), .results(let right)):
            return left.count == right.count
                && zip(left, right).allSatisfy { left, right in
                    left.count == right.count && zip(left, right).allSatisfy(isSame)
                }
        case (.written(let left, let leftTime), .written(let right, let rightTime)):
            return left == right && leftTime == rightTime
        case (.count(let left), .count(let right)): return left == right
        case (.failure(let left), .failure(let right)): return left == right
        case (.done(let left), .done(let right)): return Utf8.equal(left, right)
        default: return false
        }
    }

    private static func isSame(_ left: ModelState.Row, _ right: ModelState.Row) -> Bool {
        left.metadata == right.metadata && left.values.count == right.values.count
            && zip(left.values, right.values).allSatisfy(isSame)
    }

    private static func isSame(_ left: Value, _ right: Value) -> Bool {
        switch (left, right) {
        case (.double(let left), .double(let right)): left.bitPattern == right.bitPattern
        case (.json(let left), .json(let right)): Utf8.equal(left.description, right.description)
        case (.array(let left), .array(let right)):
            left.count == right.count && zip(left, right).allSatisfy(isSame)
        default: left == right
        }
    }
}

extension Observation: CustomStringConvertible {
    var description: String {
        switch content {
        case .rows(let rows) where rows.isEmpty: return "no rows"
        case .rows(let rows): return rows.map(Observation.text).joined(separator: "\n")
        case .written(let results, let time):
            return "written" + results.map { " r\($0.revision)" }.joined() + (time.map { " at \($0)" } ?? "")
        case .results(let results) where results.isEmpty: return "no results"
        case .results(let results):
            return results.map { SwiftText.list($0.map(SwiftText.value)) }.joined(separator: "\n")
        case .count(let count): return "\(count)"
        case .done(let text): return text
        case .failure(let failure):
            let details = failure.details
            let named: [(String, String?)] = [
                ("table", details.table), ("id", details.id), ("index", details.index), ("other", details.otherID),
                ("column", details.column), ("expected", details.expectedRevision.map(String.init)),
                ("actual", details.actualRevision.map(String.init)),
            ]
            return failure.code + named.compactMap { name, value in value.map { " \(name)=\($0)" } }.joined()
        }
    }

    private static func text(_ row: ModelState.Row) -> String {
        let values = row.values.map(SwiftText.value).joined(separator: ", ")
        return "[\(values)] r\(row.metadata.revision) \(row.metadata.createdAt) \(row.metadata.updatedAt)"
    }
}
