public import CairnSchema

/// A change of a store from one schema to another, that was found to be possible.
///
/// Making one reads nothing and changes nothing: it compares the two schemas. What needs a look at the records (a bound that is
/// tighter now, a unique index) is checked while it is applied, by ``Storage/apply(_:)``, which does all of it or nothing.
public struct Migration: Sendable {
    /// The schema the store must hold.
    public let from: Schema
    /// The schema it holds afterwards.
    public let to: Schema
    /// Whether tables and columns with their data may be dropped.
    public let allowsDestructive: Bool
    /// Whether all of it is done and then taken back, to find out what stands in its way.
    public let isRehearsal: Bool
    /// Hears how far it is where that takes long: on object stores.
    public var progress: (@Sendable (MigrationProgress) -> Void)?
    /// The command that makes it, which a store says that it was closed for.
    package var command: MigrationCommand
    /// What differs.
    package let diff: SchemaDiff
    /// The code that makes what records get; nil for a migration that needs none.
    package internal(set) var maker: RecordMaker?

    /// Plans the change of one schema into another.
    ///
    /// Tables and columns are the same when they have the same name, or when the new one says `renamed_from`. Schemas that a
    /// program carries say nothing of old names: those of schema files do.
    /// - Parameters:
    ///   - allowsDestructive: Whether what only the old schema has may go, with its data.
    ///   - isRehearsal: Whether all of it is to be done and then taken back.
    /// - Throws: `migration.ambiguous` when an add and a drop could be a rename; `migration.destructive` when data would go and may
    ///   not; `migration.unsupported` for a change this version does not make. Each names what is meant and what to do instead.
    public init(from: Schema, to: Schema, allowsDestructive: Bool = false, isRehearsal: Bool = false) throws {
        self.from = from
        self.to = to
        self.allowsDestructive = allowsDestructive
        self.isRehearsal = isRehearsal
        command = MigrationCommand(from: from, to: to)
        diff = SchemaDiff(from: from, to: to)
        try check()
    }

    /// What it does, in words, a line each.
    public var steps: [String] { diff.operations.map(\.description) }

    /// Whether it only adds: nothing is lost, no name goes, and no record can stand in its way.
    public var isAdditive: Bool { diff.effect == .additive && maker == nil }

    /// The first thing it does that is more than adding, in words.
    package var firstBeyondAdding: String {
        diff.operations.first { $0.kind.effect > .additive }.map { "it would \($0)" } ?? ""
    }

    private func check() throws {
        // Files say nothing of names that the store has for a time: taken by them, a column could be made of the wrong one.
        if let window = from.window, !to.notes.namesAreSettled, to.id != from.id { throw Migration.isOpen(window) }
        if let ambiguity = diff.ambiguities.first { throw Migration.ambiguous(ambiguity) }
        if let operation = diff.operations.first(where: { $0.kind.effect == .refused }) {
            throw StorageError(
                .migrationUnsupported, "this version cannot \(operation)", remedy: MigrationAdvice.recipe(operation),
                details: Migration.details(operation.table, operation.name))
        }
        if !allowsDestructive, let operation = diff.operations.first(where: { $0.kind.effect == .destructive }) {
            throw StorageError(
                .migrationDestructive, "this would \(operation), with its data",
                remedy: MigrationAdvice.recipe(operation), details: Migration.details(operation.table, operation.name))
        }
    }

    /// What must be said first.
    package static func ambiguous(_ ambiguity: SchemaAmbiguity) -> StorageError {
        StorageError(
            .migrationAmbiguous, ambiguity.message, remedy: ambiguity.fixes.joined(separator: "; "),
            details: details(ambiguity.table, ambiguity.new))
    }

    private static func details(_ table: String?, _ column: String?) -> StorageError.Details {
        var details = StorageError.Details()
        details.table = table
        details.column = column
        return details
    }

    /// The tables of the new schema, each with the one it was.
    package var pairs: [TablePair] { diff.pairs }

    /// What a driver says that changes no schema.
    package static func unsupported(by driver: String, at location: String) -> StorageError {
        StorageError(
            .unsupported, "the driver '\(driver)' does not change the schema of a store in this version: \(location)",
            remedy:
                "make a new store with the new schema and copy the records, as the chapter Migration of the README shows"
        )
    }

    /// Checks that a store holds what the migration starts from.
    /// - Throws: `storage.schema_mismatch`.
    package func checkStart(_ held: Schema?, at location: String) throws {
        guard let held else {
            throw StorageError(
                .schemaMismatch, "\(location) holds no tables yet",
                remedy: "open it with the new schema, which makes them")
        }
        guard held.id == from.id else {
            throw StorageError(
                .schemaMismatch,
                "\(location) holds schema \(held.id.short), and the migration goes from \(from.id.short) to \(to.id.short)",
                remedy: held.id == to.id
                    ? "somebody has done it already: there is nothing to do" : "plan again from the schema it holds")
        }
    }
}

/// What a migration costs, roughly, before it is made.
public struct MigrationCost: Sendable, Hashable {
    /// Records that are read.
    public var recordsRead: Int
    /// Records that are written.
    public var recordsWritten: Int
    /// Requests to an object store.
    public var requests: Int
    /// Their price in dollars; 0 where nobody is paid.
    public var dollars: Double
    /// Seconds it takes, to an order of magnitude: from rates that are usual, not from those of this machine; nil where nobody says.
    public var seconds: Double?
    /// What the driver does for each of ``Migration/steps``, in words; empty where nobody says.
    public var work: [String]

    /// A cost.
    public init(
        recordsRead: Int, recordsWritten: Int, requests: Int, dollars: Double, seconds: Double? = nil,
        work: [String] = []
    ) {
        self.recordsRead = recordsRead
        self.recordsWritten = recordsWritten
        self.requests = requests
        self.dollars = dollars
        self.seconds = seconds
        self.work = work
    }
}

/// What to do where an operation is refused or can fail.
package enum MigrationAdvice {
    /// What to do about a new column that records have no value for.
    package static let required =
        "give it a default, or say with \"convert\" what it is made from, or let it be null, fill it, and require it in a later migration"

    /// The safe way to get what an operation is for.
    package static func recipe(_ operation: SchemaOperation) -> String? {
        let name = operation.name ?? ""
        let copy = "make a new store and copy the records, as the chapter Migration of the README shows"
        return switch operation.kind {
        case .dropTable, .dropColumn:
            "allow it ('--allow-destructive') once no program uses it any more; SQLite files, folders and buckets keep the data aside for 30 days"
        case .changeType:
            "add a column of the new type with \"convert\": {\"from\": \"\(name)\"} where that can be made of it, and drop '\(name)' in a later migration; or \(copy)"
        case .changeKey: "every record would move: \(copy)"
        case .changeOption: copy
        case .addRequiredColumn: "\(required); a table without records takes it as it is"
        case .makeRequired: "fill the records that have null first"
        case .addUniqueIndex: "change the records that have the same values first"
        case .removeValues: "give the records that have such a value another one first"
        case .tightenRules: "change the records that break the rule first"
        case .addReference: "insert the records that are referred to, or clear the references to nothing, first"
        case .widenType: "change the records whose numbers the new type cannot hold exactly first"
        case .convertType:
            "change the records whose values the new type cannot hold exactly first; or add a column of that type with \"convert\": {\"from\": \"\(name)\"}, which takes what is close, and drop '\(name)', which is kept aside"
        case .addConvertedColumn:
            "change the records it cannot be made from first, or say what they get with \"otherwise\""
        case .renameTable, .renameColumn:
            "no program of the old schema can go on: stop them first, and start the new ones after; or let both run for a time, with 'cairn migrate start'"
        default: nil
        }
    }
}

extension StorageError.Code {
    /// An add and a drop could be a rename, and what was meant decides whether data lives.
    public static let migrationAmbiguous = Self(rawValue: "migration.ambiguous")
    /// A migration would drop data and may not.
    public static let migrationDestructive = Self(rawValue: "migration.destructive")
    /// A change of the schema that this version does not make.
    public static let migrationUnsupported = Self(rawValue: "migration.unsupported")
}
