import CairnCore

/// Names everything in which a database is not what a schema makes.
///
/// Of what belongs to Cairn beside the tables of every store nothing is expected: the list of migrations and the tables that keep
/// what these dropped.
struct ShapeComparison {
    private let made: DatabaseShape
    private let found: DatabaseShape
    /// How many columns at the end of an index are only there to be read: their order means nothing.
    private let included: [String: Int]

    private static let backup = "restore the file from a backup"
    private static let rebuild =
        "make the table anew as the schema makes it, with its rows (https://sqlite.org/lang_altertable.html#otheralter), or restore the file from a backup"

    private static let keeping =
        "to keep it, declare it in the schema file, and 'cairn migrate baseline --to SCHEMA' takes it in: until then a migration of the table is refused"

    /// - Parameters:
    ///   - made: What the schema makes.
    ///   - found: What the file has.
    ///   - schema: The schema.
    init(_ made: DatabaseShape, _ found: DatabaseShape, _ schema: Schema) {
        self.made = made
        self.found = found
        let indexes = schema.tables.flatMap { table in
            table.indexes.map { (SQLiteSchema.indexName($0, of: table), $0.isUnique ? 0 : $0.included.count) }
        }
        included = Dictionary(indexes, uniquingKeysWith: { first, _ in first })
    }

    /// All differences: tables with their columns, then indexes, then what is neither.
    var findings: [DriftFinding] {
        var findings: [DriftFinding] = []
        var renamed: Set<String> = []
        for (name, table) in ShapeComparison.sorted(made.tables) {
            if let other = found.tables[name] {
                findings += columns(of: name, table, other) + rules(of: name, table, other)
            } else {
                let alike = ShapeComparison.sorted(found.tables).filter {
                    !isExpected($0.name) && $0.value.columns == table.columns
                }
                .map(\.name)
                renamed.formUnion(alike)
                findings.append(missing(name, alike))
            }
        }
        for (name, _) in ShapeComparison.sorted(found.tables) where !isExpected(name) {
            let remedy =
                renamed.contains(name)
                ? "look first whether it is a table of the schema under another name"
                : "drop it if nobody needs it, or keep it in another file: \(ShapeComparison.sql("DROP TABLE", name))"
            findings.append(
                ShapeComparison.finding(ShapeComparison.table(name), "the schema makes no such table", remedy))
        }
        return findings + indexes + others
    }

    private func isExpected(_ table: String) -> Bool {
        made.tables[table] != nil || table == "_cairn_migrations" || table.hasPrefix("_cairn_kept_")
    }

    /// Whether a table has a finding of its own, or none of what stands on it is anybody's business.
    private func isCompared(_ table: String) -> Bool { made.tables[table] != nil && found.tables[table] != nil }

    // MARK: Tables

    /// A table that is not there.
    /// - Parameter alike: Tables that the schema does not make, and that have the same columns.
    private func missing(_ name: String, _ alike: [String]) -> DriftFinding {
        let remedy =
            alike.count == 1
            ? "if '\(alike[0])' is it under another name, give it its name again: \(ShapeComparison.sql("ALTER TABLE", alike[0])) RENAME TO \(TableSQL.quoted(name))"
            : ShapeComparison.backup
        return ShapeComparison.finding(ShapeComparison.table(name), "there is no such table", remedy)
    }

    private func columns(
        of name: String, _ table: DatabaseShape.Table, _ other: DatabaseShape.Table
    ) -> [DriftFinding] {
        var findings: [DriftFinding] = []
        var renamed: Set<String> = []
        let new = ShapeComparison.sorted(other.columns).filter { table.columns[$0.name] == nil }
        let alter = ShapeComparison.sql("ALTER TABLE", name)
        for (column, made) in ShapeComparison.sorted(table.columns) {
            let object = "column '\(column)' of '\(name)'"
            if let found = other.columns[column] {
                findings += ShapeComparison.differences(made, found).map {
                    ShapeComparison.finding(object, $0, ShapeComparison.rebuild)
                }
                continue
            }
            let alike = new.filter { $0.value == made }.map(\.name)
            renamed.formUnion(alike)
            let remedy =
                alike.count == 1
                ? "if '\(alike[0])' is it under another name, give it its name again: \(alter) RENAME COLUMN \(TableSQL.quoted(alike[0])) TO \(TableSQL.quoted(column))"
                : ShapeComparison.backup
            findings.append(ShapeComparison.finding(object, "there is no such column", remedy))
        }
        for (column, found) in new {
            let drop = "drop it if nobody needs it: \(alter) DROP COLUMN \(TableSQL.quoted(column))"
            let remedy =
                renamed.contains(column)
                ? "look first whether it is a column of the schema under another name"
                : found.isGenerated
                    ? "\(drop); a view can compute the same" : "\(drop); \(ShapeComparison.keeping)"
            findings.append(
                ShapeComparison.finding(
                    "column '\(column)' of '\(name)'", "the schema makes no such column", remedy))
        }
        return findings
    }

    private static func differences(_ made: DatabaseShape.Column, _ found: DatabaseShape.Column) -> [String] {
        var messages: [String] = []
        if made.type != found.type {
            messages.append("its type is '\(found.type)', and the schema makes '\(made.type)'")
        }
        if made.isNotNull != found.isNotNull {
            messages.append(
                found.isNotNull
                    ? "it forbids null, and the schema allows it" : "it allows null, and the schema forbids it")
        }
        if made.keyPlace != found.keyPlace {
            func text(_ place: Int) -> String { place == 0 ? "no part" : "part \(place)" }
            messages.append(
                "it is \(text(found.keyPlace)) of the primary key, and the schema makes it \(text(made.keyPlace))")
        }
        if made.isGenerated != found.isGenerated { messages.append("SQLite computes it, and the schema stores it") }
        return messages
    }

    /// What a table has beside its columns.
    private func rules(of name: String, _ table: DatabaseShape.Table, _ other: DatabaseShape.Table) -> [DriftFinding] {
        var messages: [String] = []
        if table.isStrict != other.isStrict { messages.append("it is not STRICT: SQLite does not check types in it") }
        if table.isWithoutRowID != other.isWithoutRowID {
            messages.append(other.isWithoutRowID ? "it is WITHOUT ROWID" : "it is not WITHOUT ROWID")
        }
        messages += ShapeComparison.texts(table.references.subtracting(other.references)).map {
            "the foreign key \($0) is missing"
        }
        messages += ShapeComparison.texts(other.references.subtracting(table.references)).map {
            "it has the foreign key \($0), which the schema does not make"
        }
        messages += other.uniqueConstraints.map { $0.joined(separator: ", ") }.sorted(by: Utf8.isLess).map {
            "it has a UNIQUE constraint on \($0), which the schema does not make"
        }
        for clause in DatabaseShape.clauses {
            let (wanted, has) = (table.clauses[clause, default: 0], other.clauses[clause, default: 0])
            if clause == "DEFERRED" {
                // One that is missing has been told.
                guard has < wanted, table.references == other.references else { continue }
                messages.append("a foreign key is not DEFERRABLE INITIALLY DEFERRED: batches in any order fail")
            } else if has > wanted {
                messages.append("its statement says \(clause), which the schema does not make")
            }
        }
        return messages.map {
            ShapeComparison.finding(ShapeComparison.table(name), $0, ShapeComparison.rebuild)
        }
    }

    private static func texts(_ references: Set<DatabaseShape.Reference>) -> [String] {
        references.map { reference in
            let actions = reference.actions.filter { !$0.hasSuffix("NO ACTION") }.map { " ON \($0)" }.joined()
            let targets = reference.targets.filter { !$0.isEmpty }.joined(separator: ", ")
            return
                "from '\(reference.columns.joined(separator: ", "))' to '\(reference.table)'\(targets.isEmpty ? "" : " (\(targets))")\(actions)"
        }.sorted(by: Utf8.isLess)
    }

    // MARK: Indexes

    private var indexes: [DriftFinding] {
        var findings: [DriftFinding] = []
        for (name, index) in ShapeComparison.sorted(made.indexes) where isCompared(index.table) {
            guard let other = found.indexes[name] else {
                findings.append(
                    ShapeComparison.finding(
                        ShapeComparison.object(name, index), "there is no such index", "make it again: \(index.sql)"))
                continue
            }
            guard !index.isSame(as: other, included: included[name, default: 0]) else { continue }
            findings.append(
                ShapeComparison.finding(
                    ShapeComparison.object(name, index),
                    "it is \(other.text), and the schema makes \(index.text)",
                    "make it again: \(ShapeComparison.sql("DROP INDEX", name)); \(index.sql)"))
        }
        for (name, index) in ShapeComparison.sorted(found.indexes)
        where made.indexes[name] == nil && isCompared(index.table) {
            findings.append(
                ShapeComparison.finding(
                    ShapeComparison.object(name, index), "the schema makes no such index",
                    "drop it, and declare it in the schema file if it is needed: \(ShapeComparison.sql("DROP INDEX", name))"
                ))
        }
        return findings
    }

    private static func object(_ name: String, _ index: DatabaseShape.Index) -> String {
        "index '\(name)' of '\(index.table)'"
    }

    // MARK: Others

    private var others: [DriftFinding] {
        // What stands on a table that is no table of the schema's goes with it.
        found.others.filter { $0.table.isEmpty || isCompared($0.table) }.map { other in
            let place = other.table.isEmpty ? "" : " on '\(other.table)'"
            let statement = "DROP \(other.kind == "virtual table" ? "TABLE" : other.kind.uppercased())"
            let warning = other.kind == "trigger" ? ": it changes what programs write, or sees it" : ""
            return ShapeComparison.finding(
                "\(other.kind) '\(other.name)'\(place)", "the schema makes no such \(other.kind)\(warning)",
                "drop it if nobody needs it: \(ShapeComparison.sql(statement, other.name))")
        }
    }

    // MARK: Texts

    private static func finding(_ object: String, _ message: String, _ remedy: String) -> DriftFinding {
        DriftFinding(.changedByHand, object, message, remedy: remedy)
    }

    private static func table(_ name: String) -> String { "table '\(name)'" }

    private static func sql(_ statement: String, _ name: String) -> String { "\(statement) \(TableSQL.quoted(name))" }

    private static func sorted<Value>(_ values: [String: Value]) -> [(name: String, value: Value)] {
        values.map { (name: $0.key, value: $0.value) }.sorted { Utf8.isLess($0.name, $1.name) }
    }
}

extension DatabaseShape.Index {
    /// Whether it has the same entries in the same order. One that has only some rows must be made by the same words: what SQLite says of
    /// its condition is nothing else.
    /// - Parameter included: How many columns at its end are only there to be read.
    fileprivate func isSame(as other: DatabaseShape.Index, included: Int) -> Bool {
        let ends = parts.count - min(included, parts.count)
        return table == other.table && isUnique == other.isUnique && parts.count == other.parts.count
            && parts[..<ends] == other.parts[..<ends] && Set(parts[ends...]) == Set(other.parts[ends...])
            && isPartial == other.isPartial && condition == other.condition
    }

    /// The words of its condition; empty without one.
    private var condition: Substring {
        guard isPartial, let start = sql.firstRange(of: ") WHERE ")?.upperBound else { return "" }
        return sql[start...]
    }

    /// What it is, for people.
    fileprivate var text: String {
        let columns = parts.joined(separator: ", ")
        let condition = isPartial ? " with a condition: \(sql)" : ""
        return "\(isUnique ? "unique " : "")on '\(table)' (\(columns))\(condition)"
    }
}
