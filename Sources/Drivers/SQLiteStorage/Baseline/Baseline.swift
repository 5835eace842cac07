import CairnCore

/// Makes a file say which schema its tables follow, when they do, inside a transaction that somebody else begins and ends.
///
/// The problem: nothing says the schema of a file whose tables were made by hand, were changed by hand, or lost those that Cairn keeps
/// beside them; and what is only said, and not so, would be read wrongly ever after. So the file is compared first: its tables and
/// indexes with what the schema makes, and every record with the rules of its table. Only then Cairn's own tables are written, and
/// the file is looked at once more, as any store is looked at for drift. Nothing but these tables is ever written.
struct Baseline {
    private let access: SQLiteConnection.Access
    private let schema: Schema
    private let place: String
    private let time: Timestamp
    private let leaving: BaselineLeaving

    init(
        _ access: SQLiteConnection.Access, _ schema: Schema, place: String, at time: Timestamp,
        leaving: @escaping BaselineLeaving
    ) {
        self.access = access
        self.schema = schema
        self.place = place
        self.time = time
        self.leaving = leaving
    }

    /// - Returns: What was found; with findings, all that was written is to be taken back.
    /// - Throws: `storage.not_a_store` for a file without tables; `storage.upgrade_required`; `migration.ambiguous` when the file says
    ///   another schema, and nobody says what became of its names; what ``BaselineLeaving`` throws.
    func run() throws -> BaselineReport {
        var report = BaselineReport(location: place)
        var shape = try DatabaseShape(access)
        guard !shape.tables.isEmpty else {
            throw StorageError(
                .notAStore, "\(place) holds no tables yet",
                remedy: "open it once with the program that has the schema; that creates them")
        }
        report.held = try held(shape)
        if let held = report.held, held.id != schema.id {
            try leaving(held) { try MigrationLog(access).migrations(held, place: place) }
        }
        if let encoding = try access.texts("PRAGMA encoding").first?.first, encoding != "UTF-8" {
            // Indexes would sort by its code units, and Cairn's order is that of UTF-8.
            report.findings = [
                DriftFinding(
                    .changedByHand, "the file", "its texts are \(encoding), and Cairn's are UTF-8",
                    remedy:
                        "SQLite changes that in no file that has tables: 'cairn adopt' copies the rows into a new store"
                )
            ]
            return report
        }
        let made = try FileSurvey.made(schema)
        let isForeign = !shape.hasTablesOfCairn
        let missing = SQLiteSchema.ownTables.filter { shape.tables[$0.name] == nil }
        for table in missing { shape.take(table.name, from: made) }
        let keepsOther = (shape.tables[ChangeTable.name] != nil) != schema.keepsChanges
        if keepsOther { shape.take(ChangeTable.name, from: made) }
        report.findings = ShapeComparison(made, shape, schema).findings
        if isForeign, !report.findings.isEmpty {
            report.findings.append(
                DriftFinding(
                    .changedByHand, "the file", "none of its tables is one that Cairn made",
                    remedy:
                        "if another program made it, 'cairn adopt' copies its rows into a new store, and leaves it as it is"
                ))
        }
        guard report.findings.isEmpty else { return report }
        var records = BaselineRecords(access, schema)
        try records.check()
        (report.records, report.findings) = (records.count, records.findings)
        guard report.findings.isEmpty else { return report }
        if report.held?.id == schema.id, missing.isEmpty, !keepsOther {
            report.outcome = .unchanged
            return report
        }
        for table in missing { try access.run(table.sql) }
        // What was done by hand is not among the changes: who follows them begins anew.
        try ChangeTable(access).migrate(to: schema, at: time)
        try mark(instead: report.held)
        report.findings = try FileSurvey(access, place: place).run().findings
        report.outcome = report.findings.isEmpty ? .marked : .differs
        return report
    }

    /// The schema the file says it has; nil for none that can be believed.
    private func held(_ shape: DatabaseShape) throws -> Schema? {
        guard let columns = shape.tables[FileSurvey.marker]?.columns, columns["name"] != nil, columns["value"] != nil
        else { return nil }
        do {
            return try StoredSchema(access, place: place).read(nil)?.schema
        } catch let error as StorageError where error.code == .damaged {
            return nil
        }
    }

    /// Writes down what the file is.
    private func mark(instead held: Schema?) throws {
        if let held, held.id != schema.id {
            // Somebody made by hand what a migration makes: the history goes on with it.
            let diff = SchemaDiff(from: held, to: schema)
            if let ambiguity = diff.ambiguities.first { throw Migration.ambiguous(ambiguity) }
            try MigrationNames.forgetDropped(access)
            try MigrationNames.moveDeleted(diff, access)
            try MigrationNames.forgetDropped(access)
            let log = MigrationLog(access)
            try log.add(log.next(), diff, kept: [], at: time)
        }
        for (name, value) in SQLiteSchema.marker(schema, storeID: UUID.version7().text, at: time) {
            // What the file is stays; which schema it follows is new.
            let verb = name.hasPrefix("schema") ? "REPLACE" : "IGNORE"
            try access.run(
                "INSERT OR \(verb) INTO \"_cairn_store\" (\"name\", \"value\") VALUES (?, ?)",
                [.string(name), .string(value)])
        }
        for statement in SQLiteSchema.header { try access.run(statement) }
        try SchemaWatch.touch(access)
    }
}
