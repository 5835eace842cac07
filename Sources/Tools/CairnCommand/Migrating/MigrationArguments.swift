import Cairn
import CairnCore
import CairnMigrator
import CairnSchema
import ObjectStorage

/// What the commands that change schemas are given.
enum MigrationArguments {
    static let allowDestructive = Option(
        name: "allow-destructive", help: "tables and columns that the new schema lacks may go, with their data")

    /// Whether a change was looked at and is not made, because of a record or of what the store has; and not that it could not be
    /// looked at.
    private static func isRefusal(_ error: StorageError) -> Bool {
        [
            .invalid, .limit, .duplicate, .reference, .migrationAmbiguous, .migrationDestructive, .migrationUnsupported,
        ].contains(error.code)
    }

    /// Runs what changes a store. What stands in the way of it is told.
    /// - Returns: nil when it was refused.
    static func changing<Result>(
        _ arguments: ParsedArguments, _ console: Console, _ body: () async throws -> Result
    ) async throws -> Result? {
        defer { console.progress.end() }
        do {
            return try await body()
        } catch let error as StorageError where isRefusal(error) {
            console.progress.end()
            ErrorReport.write(error, console, isJSON: arguments.isJSON)
            return nil
        }
    }

    /// Refuses a command on a store that another one has closed and would have to go on with.
    /// - Throws: `storage.maintenance`.
    static func checkUnderWay(_ storage: any Storage, _ command: MigrationCommand) async throws {
        try await (storage as? ObjectStorage)?.checkUnderWay(for: command)
    }

    /// What a store is found in the middle of: a migration that has closed it, or that is taken back.
    static func underWay(_ storage: any Storage, _ held: Schema) async throws -> [DriftFinding] {
        var findings: [DriftFinding] = []
        if let objects = storage as? ObjectStorage, let finding = try await objects.migrationUnderWay() {
            findings.append(finding)
        }
        if Rollback.isUnderWay(held) { findings.append(Drift.rollback(held, try await storage.migrations())) }
        return findings
    }

    /// The plan of a file.
    /// - Throws: `CommandError` when it cannot be read, `StorageError` when it is none.
    static func plan(_ path: String) throws -> PlanFile {
        try PlanFile(parsing: Files.read(path), name: path)
    }

    /// The number that an option has; nil when it is not given.
    /// - Throws: `CommandError` for what is no number in a range.
    static func number(
        _ arguments: ParsedArguments, _ name: String, in range: ClosedRange<Int>
    ) throws(CommandError) -> Int? {
        guard let text = arguments.value(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw CommandError(
                .usage, "'--\(name)' is a number from \(range.lowerBound) to \(range.upperBound), found '\(text)'")
        }
        return number
    }

    /// What a migration may cost before that is said.
    /// - Throws: `CommandError` for what is no number.
    static func budget(_ arguments: ParsedArguments) throws(CommandError) -> MigrationBudget {
        var budget = MigrationBudget()
        if let text = arguments.value("budget-requests") {
            guard let requests = Int(text), requests >= 0 else {
                throw CommandError(.usage, "'--budget-requests' is a number from 0, found '\(text)'")
            }
            budget.requests = requests
        }
        if let text = arguments.value("budget-dollars") {
            guard let dollars = Double(text), dollars.isFinite, dollars >= 0 else {
                throw CommandError(.usage, "'--budget-dollars' is a number from 0, found '\(text)'")
            }
            budget.dollars = dollars
        }
        return budget
    }

    /// What a plan begins with.
    struct Beginning {
        /// The schema of a file or of a store.
        let schema: Schema
        /// The schema to end with, once it was asked what is not clear.
        let to: Schema
        /// What it costs; nil where nobody says.
        var cost: MigrationCost?
        /// Why the store does not take the change, though its schema would.
        var refusal: StorageError?
        /// What the store is found in the middle of, which comes first.
        var underWay: [DriftFinding] = []
    }

    /// The schema of a file, or the one that a store holds and what it costs to make another of it.
    /// - Parameter to: Gives the schema to end with for the one to begin with.
    /// - Throws: what reading them throws; what `apply` throws for a store that is not changed before something else is ended.
    static func beginning(_ place: String, to: (_ held: Schema) -> Schema) async throws -> Beginning {
        guard place.contains(":"), (try? StoreURL(place)) != nil else {
            let schema = try AdoptCommand.schema(place)
            return Beginning(schema: schema, to: to(schema))
        }
        return try await with(place, writes: false) { storage, held in
            let to = to(held)
            var beginning = Beginning(schema: held, to: to)
            beginning.underWay = try await underWay(storage, held)
            // What is under way is told with the plan.
            if beginning.underWay.isEmpty { try await checkLeaving(held, to, storage) }
            guard held.id != to.id, let migration = try? Migration(from: held, to: to, allowsDestructive: true) else {
                return beginning
            }
            do {
                beginning.cost = try await storage.cost(of: migration)
            } catch let error as StorageError where isRefusal(error) {
                beginning.refusal = error
            }
            return beginning
        }
    }

    /// Checks that a store does not stand between two schemas, in a way that only other commands end.
    /// - Throws: `migration.unsupported`, which names them.
    static func checkLeaving(_ held: Schema, _ to: Schema, _ storage: any Storage) async throws {
        // A plan from all that two schemas have would list what nobody asked for.
        if let window = held.window, held.id != to.id { throw Migration.isOpen(window) }
        if Rollback.isUnderWay(held) {
            try Rollback.checkLeaving(held, try await storage.migrations())
        }
    }

    /// Lends the driver at an address, before a schema is attached to it, and the schema it holds.
    /// - Throws: `storage.not_a_store` when there is none, or one that ends with its program.
    static func with<Result>(
        _ address: String, writes: Bool, _ body: (any Storage, Schema) async throws -> Result
    ) async throws -> Result {
        let url = try StoreURL(address)
        guard url.isPersistent else {
            throw StorageError(
                .notAStore, "\(url) holds nothing: it lives in the memory of the program that opens it",
                remedy: "name a store that outlives its program, such as sqlite:atlas.db")
        }
        let storage = try await writes ? Stores.storage(forWorkingOn: url) : Stores.storage(forReading: url)
        do {
            guard let held = try await storage.schema() else {
                throw StorageError(
                    .notAStore, "\(storage.capabilities.location) holds no tables yet",
                    remedy: "open it once with the program that has the schema; that creates them")
            }
            let result = try await body(storage, held)
            try await storage.close()
            return result
        } catch {
            // The first error is the one to tell.
            try? await storage.close()
            throw error
        }
    }
}
