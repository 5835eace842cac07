import CairnSchema

/// Makes the records of a table in the new schema from those in the old one, and checks them by the rules of the new.
///
/// One place for every driver: a migration means the same on each.
package struct RecordMigration: Sendable {
    package let pair: TablePair
    /// Whether the records must be looked at: a record may break a rule that is new, or get a value that is.
    package let needsLook: Bool
    private let check: RecordCheck
    private let sources: [Source]
    /// The code that makes what the records get; nil where there is none.
    private let maker: RecordMaker?
    /// What tells the ids of records apart that are made again and again; nil when each is made once.
    private let seed: String?
    /// The time and the day that `now` is for the records of one migration.
    private let time: Timestamp
    private var day: CalendarDate { time.date }

    private enum Source: Sendable {
        /// The value of an old column as it is.
        case same(Int)
        /// The value of an old column in another type.
        case converted(Int, Column)
        /// What is made from other old columns.
        case made(ColumnConversion, Column)
        /// What a record gets that does not say.
        case new(Column)
    }

    package init(_ pair: TablePair, in migration: Migration, at time: Timestamp) {
        let getsValues = pair.new.columns.indices.contains { place in
            pair.sources[place] == nil && !pair.isNullWhenAdded(place)
        }
        let maker = migration.maker(of: pair)
        self.init(
            pair, at: time, needsLook: getsValues || maker != nil || RecordMigration.hasRules(pair, in: migration),
            maker: maker)
    }

    /// Makes records again and again, as often as they are read, and the same ones each time.
    /// - Parameter seed: What makes the ids that `uuid` stands for different from those of other migrations.
    package init(repeating pair: TablePair, at time: Timestamp, seed: String) {
        self.init(pair, at: time, needsLook: true, seed: seed)
    }

    /// What a record of another table of the old schema has; nil when there is none.
    package typealias LookUp = (RowLookup, Value) throws -> Value?

    /// For records of which nothing is looked up, or has been before.
    package static let noLookUp: @Sendable (RowLookup, Value) throws -> Value? = { lookup, _ in
        throw StorageError(.damaged, "what was looked up in table '\(lookup.table.name)' is not kept")
    }

    /// What is looked up for a record in other tables.
    package func wanted(_ values: [Value]) -> [(lookup: RowLookup, value: Value)] {
        pair.conversions.values.compactMap { conversion in
            conversion.lookup.flatMap { lookup in conversion.wanted(values).map { (lookup, $0) } }
        }
    }

    private init(
        _ pair: TablePair, at time: Timestamp, needsLook: Bool, seed: String? = nil, maker: RecordMaker? = nil
    ) {
        self.pair = pair
        self.maker = maker
        self.seed = seed
        self.time = time
        self.needsLook = needsLook
        check = RecordCheck(pair.new)
        sources = zip(pair.new.columns, pair.sources).map { column, source in
            guard let source else {
                return pair.conversions[column.position].map { .made($0, column) } ?? .new(column)
            }
            let isSame = pair.old.columns[source].valueType == column.valueType
            return isSame ? .same(source) : .converted(source, column)
        }
    }

    /// Whether a record may not fit the new table by what the migration asks of it, other than by what it is given.
    package static func hasRules(_ pair: TablePair, in migration: Migration) -> Bool {
        migration.diff.operations.contains { operation in
            operation.table == pair.new.name && looks.contains(operation.kind)
        }
    }

    /// What asks something of records that are there.
    package static let looks: Set<SchemaOperation.Kind> = [
        .addRequiredColumn, .addConvertedColumn, .makeNullable, .makeRequired, .widenType, .convertType, .removeValues,
        .tightenRules,
    ]

    /// The values of a record in the new schema.
    /// - Parameters:
    ///   - known: What the code of the migration gave for the record before; nil to ask it.
    ///   - lookUp: Gives what the record of another table has; nil when there is none.
    /// - Throws: What the new schema does not allow, naming the record: `storage.invalid`, `storage.limit`; what `lookUp` throws.
    package func migrate(
        _ values: [Value], given known: [Int: Value]? = nil, lookUp: LookUp = RecordMigration.noLookUp
    ) throws -> [Value] {
        let given = try known ?? given(values)
        do {
            let made = try sources.enumerated().map { try given[$0.offset] ?? value($0.element, values, lookUp) }
            guard needsLook else { return made }
            // What was found to fit is only brought to its stored form.
            if seed != nil { return (try? check.check(made))?.changed ?? made }
            return try check.check(made).changed ?? made
        } catch let error as StorageError {
            throw refusal(error, of: pair.old.key(of: values), remedy: remedy(error, given))
        }
    }

    /// What to do about a value that does not fit: the code of the migration gave it, or the record has it.
    private func remedy(_ error: StorageError, _ given: [Int: Value]) -> String {
        let column = error.details.column.flatMap(pair.new.column(named:))
        let isOfCode = column.map { given[$0.position] != nil } ?? false
        return isOfCode
            ? "correct the code of the migration, which gave that value, or change the record; nothing was changed"
            : column.flatMap(remedyOfNew) ?? RecordMigration.remedy
    }

    /// What to do about a new column that records have no value for: they cannot be given one before there is the column.
    private func remedyOfNew(_ column: Column) -> String? {
        guard case .new = sources[column.position], (try? column.valueWhenMissing(in: pair.new)) == nil else {
            return nil
        }
        return
            "\(maker == nil ? "" : "let the code of the migration give it, or ")\(MigrationAdvice.required); nothing was changed"
    }

    /// What the code of the migration gives for a record, by the positions of the columns; nothing where there is no code.
    /// - Throws: What the code throws, naming the record.
    package func given(_ values: [Value]) throws -> [Int: Value] {
        guard let maker else { return [:] }
        do {
            return try maker.values(values, pair)
        } catch let error as StorageError {
            throw refusal(
                error, of: pair.old.key(of: values),
                remedy: "correct the code of the migration; nothing was changed", isOfCode: true)
        }
    }

    private static let remedy = "change the record first; nothing was changed"

    /// Checks a record that has its values already.
    /// - Parameter given: Those of them that the code of the migration gave.
    /// - Throws: as ``migrate(_:given:)``.
    package func look(at values: [Value], given: [Int: Value] = [:]) throws {
        do {
            _ = try check.check(values)
        } catch let error as StorageError {
            throw refusal(error, of: pair.new.key(of: values), remedy: remedy(error, given))
        }
    }

    private func value(_ source: Source, _ values: [Value], _ lookUp: LookUp) throws -> Value {
        switch source {
        case .same(let column): return values[column]
        case .converted(let old, let column): return try converted(values[old], column)
        case .made(let conversion, let column): return try made(conversion, column, values, lookUp)
        case .new(let column): return try missing(column, values)
        }
    }

    /// What a record gets that does not say.
    private func missing(_ column: Column, _ values: [Value]) throws -> Value {
        switch column.defaultValue {
        case .now: return column.valueType == .date ? .date(day) : .timestamp(time)
        case .uuid: if let seed, let uuid = uuid(column, of: values, seed) { return .uuid(uuid) }
        case .literal, nil: break
        }
        return try column.valueWhenMissing(in: pair.new)
    }

    private func made(
        _ conversion: ColumnConversion, _ column: Column, _ values: [Value], _ lookUp: LookUp
    ) throws -> Value {
        switch try conversion.outcome(values, lookUp: lookUp) {
        case .value(let value): return value
        case .nothing:
            if column.isNullable { return .null }
            return try conversion.otherwise ?? missing(column, values)
        case .unfit(let reason):
            if let otherwise = conversion.otherwise { return otherwise }
            throw StorageError.invalid(pair.new, column, reason)
        }
    }

    /// A UUID of version 7 (RFC 9562) that is the same whenever the record is made.
    private func uuid(_ column: Column, of values: [Value], _ seed: String) -> UUID? {
        let key = KeyText.encode(pair.old.key(of: values))
        let text = [seed, "\(time.microseconds)", pair.new.name, column.name, key].joined(separator: "\u{0}")
        let random = SHA256.digest(Array(text.utf8))
        var bytes = withUnsafeBytes(of: UInt64(max(0, time.microseconds / 1000)).bigEndian) { Array($0.suffix(6)) }
        bytes += random.prefix(10)
        bytes[6] = 0x70 | bytes[6] & 0x0F
        bytes[8] = 0x80 | bytes[8] & 0x3F
        return UUID(bytes: bytes)
    }

    private func converted(_ value: Value, _ column: Column) throws -> Value {
        if let value = ValueConversion.exact(value, as: column.valueType) { return value }
        let shown = column.isSensitive || pair.isFromSensitive(column) ? "the value" : ValueConversion.shown(value)
        throw StorageError.invalid(
            pair.new, column, "\(shown) is no \(column.valueType) from which it could be made again")
    }

    /// - Parameter isOfCode: Whether the code of the migration is at fault, and not a value.
    private func refusal(
        _ error: StorageError, of key: Key, remedy: String = remedy, isOfCode: Bool = false
    ) -> StorageError {
        var details = error.details
        details.id = KeyText.encode(key)
        var message = error.message
        if !isOfCode, let name = details.column, let column = pair.new.column(named: name),
            pair.isFromSensitive(column, isMade: maker != nil)
        {
            message = "column '\(name)' of table '\(pair.new.name)': the value does not fit"
        }
        return StorageError(
            error.code,
            "record \(KeyText.encode(key)) of table '\(pair.old.name)' stands in the way of the migration: \(message)",
            remedy: remedy, details: details)
    }
}

extension TablePair {
    /// Whether what a column was, or is made from, is kept out of messages.
    /// - Parameter isMade: Whether code makes what is new. Nobody knows from which columns.
    fileprivate func isFromSensitive(_ column: Column, isMade: Bool = false) -> Bool {
        if isMade, sources[column.position] == nil { return old.columns.contains(where: \.isSensitive) }
        if let source = sources[column.position] { return old.columns[source].isSensitive }
        return conversions[column.position]?.isSecret ?? false
    }
}

extension Migration {
    /// Whether what a column of the new schema was, or is made from, is kept out of messages.
    package func isSecret(_ column: Column, of table: Table) -> Bool {
        guard let pair = pairs.first(where: { $0.new.position == table.position }) else { return false }
        return pair.isFromSensitive(column, isMade: maker(of: pair) != nil)
    }
}
