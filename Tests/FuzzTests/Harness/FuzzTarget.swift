import Simulation

/// Something that reads bytes from outside, and what must hold of it whatever they are.
protocol FuzzTarget: Sendable {
    /// Pieces of inputs worth putting into others: words, marks, values that have caught others out.
    var words: [String] { get }

    /// An input made whole, so that more of them are accepted than chance would have it; nil to change one of the corpus.
    func make(_ random: inout SeededRandom) -> [UInt8]?

    /// Reads an input and checks what must hold.
    /// - Throws: ``FuzzFailure`` when something does not. Any other error is a failure too: it was not expected.
    func check(_ input: [UInt8]) async throws
}

extension FuzzTarget {
    func make(_ random: inout SeededRandom) -> [UInt8]? { nil }
}

/// Something that must hold and does not.
struct FuzzFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Fails unless a condition holds.
func hold(_ condition: Bool, _ message: @autoclosure () -> String) throws {
    if !condition { throw FuzzFailure(message()) }
}

/// The targets, each with a folder of its name in the corpus.
enum FuzzTargets: String, CaseIterable, Sendable {
    case schema, json, record, store, key, cursor, url, config, arguments, comparison, query, text
    case sqlite
    case sqliteFile = "sqlite_file"

    /// The target, ready to be run.
    func make() async throws -> any FuzzTarget {
        switch self {
        case .schema: SchemaTarget()
        case .json: JSONTarget()
        case .record: try RecordTarget()
        case .store: StoreTarget()
        case .key: try KeyTarget()
        case .cursor: try await CursorTarget()
        case .url: URLTarget()
        case .config: ConfigurationTarget()
        case .arguments: try ArgumentsTarget()
        case .comparison: try await ComparisonTarget()
        case .query: try await QueryTarget()
        case .text: TextTarget()
        case .sqlite: try await SQLiteTarget()
        case .sqliteFile: try await SQLiteFileTarget()
        }
    }

    /// How many times fewer inputs an ordinary test run takes of what needs files.
    var cost: Int {
        switch self {
        case .sqlite, .sqliteFile: 20
        default: 1
        }
    }
}
