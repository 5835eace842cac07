package import CairnCore
package import ObjectStores

extension ObjectStorage {
    /// Looks whether a store is as its schema says: the copies of its schemas, what its migrations left, and whether one is under way.
    /// Nothing is written, and no record file is read: these ``examine(_:progress:)`` compares.
    ///
    /// Requests: those of opening the store for reading, five for each of its migrations, two LISTs, and three GETs.
    /// - Parameter options: How the store is used. It is opened for reading, whatever they say.
    /// - Throws: `storage.not_a_store` when there is nothing; `storage.upgrade_required`; `storage.access_denied`;
    ///   `storage.unavailable` and others when it cannot be looked at.
    package static func surveySchema(
        _ objects: any ObjectStore, _ options: ObjectStorageOptions = ObjectStorageOptions(),
        surroundings: Surroundings = .machine()
    ) async throws -> SchemaSurvey {
        var options = options
        options.mode = .readOnly
        var attempts = 1
        while true {
            do {
                return try await survey(objects, options, surroundings)
            } catch let error as StorageError where error.code == .schemaMismatch && attempts < 3 {
                // It was migrated between two looks.
                attempts += 1
            }
        }
    }

    /// What is said of a migration that has closed the store for writing: it is at work, or its process died. Asked before a schema is
    /// attached.
    ///
    /// A GET, and one or two LISTs.
    /// - Throws: `storage.damaged` and others when the log cannot be read.
    package func migrationUnderWay() async throws -> DriftFinding? {
        try await StoreSurvey.closing(closingFound(), access)
    }

    /// Refuses a command where another one has closed the store for a migration that it would not go on with.
    /// - Throws: `storage.maintenance`, which names the command that goes on.
    package func checkUnderWay(for command: MigrationCommand) async throws {
        if let closing = try await closingFound() { try SchemaMigration.check(closing.note, for: command) }
    }

    /// What closes the store for writing, of one to which no schema is attached.
    private func closingFound() async throws -> Closing? {
        guard case .found(let held) = stage.withLock({ $0 }) else { return nil }
        let engine = try await engine(held, held.schema)
        defer { engine.tip.end(StorageError.closed("store")) }
        return try engine.tip.view().closing
    }

    private static func survey(
        _ objects: any ObjectStore, _ options: ObjectStorageOptions, _ surroundings: Surroundings
    ) async throws -> SchemaSurvey {
        let storage: ObjectStorage
        do {
            storage = try await open(objects, options, surroundings: surroundings)
        } catch let error as StorageError where [.damaged, .schemaMismatch].contains(error.code) {
            let access = StoreAccess(objects: BudgetedObjectStore(base: objects))
            var survey = SchemaSurvey(driver: driver, location: access.capabilities.location)
            survey.findings = [try await StoreSurvey.marker(error, access)]
            return survey
        }
        do {
            let survey = try await StoreSurvey(storage).run()
            try await storage.close()
            return survey
        } catch {
            // The first error is the one to tell.
            try? await storage.close()
            throw error
        }
    }
}
