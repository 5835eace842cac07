import CairnCore
import CairnSchema

/// A fault to plant in a driver, to see that the simulation finds it.
public struct Mutant: Sendable, CustomStringConvertible {
    /// Its name on the command line.
    public let name: String
    /// What is wrong, as a sentence.
    public let summary: String

    /// Changes the schema the driver gets: the driver knows of no rule that is not in it.
    var schema: @Sendable (Schema) throws -> Schema = { $0 }
    /// Changes a query before the driver gets it.
    var query: @Sendable (Query) -> Query = { $0 }
    /// Changes the rows the driver gave.
    var rows: @Sendable (Query, [ModelState.Row]) -> [ModelState.Row] = { $1 }
    /// Changes a query that is counted.
    var countedQuery: @Sendable (Query) -> Query = { $0 }
    /// Changes an operation before the driver gets it.
    var operation: @Sendable (WriteOperation) -> WriteOperation = { $0 }
    /// Commits a batch.
    var commit: @Sendable (Batch, any Storage) async throws -> Receipt = { try await $1.commit($0) }
    /// What a snapshot reads.
    var snapshotReader: @Sendable (any StorageSnapshot, any Storage) -> any StorageReader = { snapshot, _ in snapshot }
    /// Goes back to a savepoint.
    var rollBackTo: @Sendable (Int, any StorageTransaction) async throws -> Void = { try await $1.rollback(to: $0) }
    /// Changes what is told of a commit behind a position.
    var changes: @Sendable ([Change<Record>]) -> [Change<Record>] = { $0 }
    /// Forgets a transaction.
    var rollBack: @Sendable (any StorageTransaction) async -> Void = { await $0.rollback() }

    public var description: String { name }

    private init(_ name: String, _ summary: String, _ plant: (inout Mutant) -> Void) {
        self.name = name
        self.summary = summary
        plant(&self)
    }

    /// The faults there are.
    public static let all: [Mutant] = ordering + matching + checking + atomicity + following

    // MARK: Order and pages

    private static let ordering = [
        Mutant("null-order", "Null comes last in ascending order.") { mutant in
            mutant.rows = { query, rows in
                guard let first = query.order.first, first.path.isEmpty, !first.isDescending else { return rows }
                return rows.filter { !$0.values[first.column].isNull } + rows.filter { $0.values[first.column].isNull }
            }
        },
        Mutant("desc-bound", "A bound is left out when the order runs down to it.") { mutant in
            mutant.query = { query in
                guard let first = query.order.first, first.path.isEmpty, first.isDescending else { return query }
                var query = query
                query.condition = query.condition?.mapLeaves { leaf in
                    guard case .compare(first.column, .lessOrEqual, let value) = leaf else { return leaf }
                    return .compare(column: first.column, .less, value)
                }
                return query
            }
        },
        Mutant("related-order", "An order takes no notice of columns of other records.") { mutant in
            mutant.query = { query in
                var query = query
                query.order = query.order.filter(\.path.isEmpty)
                return query
            }
        },
        Mutant("page-boundary", "A page goes on one record too late.") { mutant in
            mutant.rows = { query, rows in query.after == nil ? rows : Array(rows.dropFirst()) }
        },
        Mutant("count-limit", "A count takes no notice of the limit.") { mutant in
            mutant.countedQuery = { query in
                var query = query
                query.limit = nil
                return query
            }
        },
    ]

    // MARK: Conditions

    private static let matching = [
        Mutant("like-escape", "A backslash in a pattern escapes nothing.") { mutant in
            mutant.query = { query in
                var query = query
                query.condition = query.condition?.mapLeaves { leaf in
                    guard case .text(let column, .like, let pattern, let ignoringCase) = leaf else { return leaf }
                    let plain = pattern.replacing("\\\\", with: "\u{1}").replacing("\\", with: "")
                    return .text(
                        column: column, .like, plain.replacing("\u{1}", with: "\\\\"), ignoringCase: ignoringCase)
                }
                return query
            }
        },
        Mutant("case-folding", "Only ASCII is matched without case.") { mutant in
            mutant.query = { query in
                var query = query
                query.condition = query.condition?.mapLeaves { leaf in
                    guard case .text(let column, let match, let operand, true) = leaf,
                        !operand.utf8.allSatisfy({ $0 < 0x80 })
                    else { return leaf }
                    return .text(column: column, match, operand, ignoringCase: false)
                }
                return query
            }
        },
        Mutant("null-inequality", "Null is unequal to every value.") { mutant in
            mutant.query = { query in
                var query = query
                query.condition = query.condition?.mapLeaves { leaf in
                    guard case .compare(let column, .notEqual, _) = leaf else { return leaf }
                    return leaf || .isNull(column: column)
                }
                return query
            }
        },
        Mutant("null-reference", "A condition on the record of a reference holds for no row without one.") { mutant in
            mutant.query = { query in
                var query = query
                query.condition = query.condition?.mapLeaves { leaf in
                    guard case .reference(let column, _, _) = leaf else { return leaf }
                    return leaf && !.isNull(column: column)
                }
                return query
            }
        },
    ]

    // MARK: Checks of writes

    private static let checking = [
        Mutant("unique-check", "Unique indexes are not checked.") { mutant in
            mutant.schema = { schema in
                try schema.editing { $0.replacing("\"unique\":true", with: "\"unique\":false") }
            }
        },
        Mutant("reference-check", "References are not checked.") { mutant in
            mutant.schema = { schema in
                try schema.editing { text in
                    schema.tables.reduce(text) { text, target in
                        let type = target.columns[target.key[0]].valueType
                        return text.replacing("\"references\":\"\(target.name)\"", with: "\"type\":\"\(type)\"")
                    }
                }
            }
        },
        Mutant("revision-check", "An update takes no notice of the revision it was given.") { mutant in
            mutant.operation = { operation in
                guard case .update(let table, let values, _) = operation else { return operation }
                return .update(table, values, expecting: nil)
            }
        },
    ]

    // MARK: All or nothing

    private static let atomicity = [
        Mutant("savepoint-rollback", "Going back to a savepoint keeps what was written since.") { mutant in
            mutant.rollBackTo = { point, transaction in try await transaction.release(point) }
        },
        Mutant("transaction-rollback", "A transaction that throws is committed.") { mutant in
            mutant.rollBack = { transaction in
                do { _ = try await transaction.commit() } catch { await transaction.rollback() }
            }
        },
        Mutant("half-batch", "A batch that fails keeps what came before the failure.") { mutant in
            mutant.commit = { batch, storage in
                do {
                    return try await storage.commit(batch)
                } catch {
                    for operation in batch.operations { _ = try await storage.commit(Batch([operation])) }
                    throw error
                }
            }
        },
        Mutant("idempotency", "A batch is written again under the same idempotency key.") { mutant in
            mutant.commit = { batch, storage in try await storage.commit(Batch(batch.operations)) }
        },
        Mutant("snapshot-moment", "A snapshot sees what is written after it was made.") { mutant in
            mutant.snapshotReader = { _, storage in storage }
        },
    ]
}

extension Mutant {
    // MARK: Kept changes

    fileprivate static let following = [
        Mutant("change-lost", "Of several changes of a commit the last one is not kept.") { mutant in
            mutant.changes = { changes in changes.count > 1 ? Array(changes.dropLast()) : changes }
        },
        Mutant("change-order", "The changes of a commit are kept in another order.") { mutant in
            mutant.changes = { $0.reversed() }
        },
        Mutant("change-before", "An update is kept without the record before it.") { mutant in
            mutant.changes = { changes in
                changes.compactMap { Change(before: $0.after == nil ? $0.before : nil, after: $0.after) }
            }
        },
    ]
}

extension Condition {
    /// The same condition with its comparisons changed.
    func mapLeaves(_ change: (Condition) -> Condition) -> Condition {
        switch self {
        case .and(let parts): .and(parts.map { $0.mapLeaves(change) })
        case .or(let parts): .or(parts.map { $0.mapLeaves(change) })
        case .not(let part): .not(part.mapLeaves(change))
        default: change(self)
        }
    }
}

extension Schema {
    /// The same schema after a change of its text, in which columns keep their order.
    fileprivate func editing(_ change: (String) -> String) throws -> Schema {
        try Schema(parsing: change(declarationText))
    }
}
