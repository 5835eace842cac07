package import CairnCore
package import CairnSchema

/// A plan in a file: what was looked at before a change is merged is what is done to a store later, and nothing else.
///
/// The file is JSON that a person can read. It carries both schemas whole, in their canonical form with old names; the operations beside
/// them are what these two make, in words. Reading makes them anew and compares: a file in which somebody changed the one and not the
/// other, or that another version of Cairn would carry out otherwise, is refused.
package struct PlanFile: Sendable {
    /// The plan, made from the schemas as they stand in the file.
    package let plan: MigrationPlan

    /// The format that is written, and the newest one that is read.
    static let format = 1

    /// A file for a plan.
    /// - Throws: `migration.ambiguous`, `migration.unsupported` for one that could not be carried out.
    package init(_ plan: MigrationPlan) throws {
        _ = try Migration(from: plan.diff.old, to: plan.diff.new, allowsDestructive: true)
        // In the order of the canonical form, as whoever reads the file will make it.
        func stored(_ schema: Schema) throws -> Schema {
            try Schema(stored: schema.annotatedValue.description, file: "plan")
        }
        self.plan = MigrationPlan(
            from: try stored(plan.diff.old), to: try stored(plan.diff.new), cost: plan.cost, budget: plan.budget)
    }

    /// Reads a file.
    /// - Parameter name: What to call it in messages.
    /// - Throws: `migration.plan_invalid` for what is no plan, or no longer the plan that was written; `storage.upgrade_required` for one of a
    ///   newer Cairn.
    package init(parsing bytes: [UInt8], name: String) throws {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: bytes)
        } catch {
            let place = SourceText(name: name, bytes: bytes).location(at: error.offset)
            throw PlanFile.invalid("\(place) is no JSON, or the file ends too early: \(error.message)")
        }
        guard case .int(let format)? = value["cairn_plan"] else {
            throw PlanFile.invalid("\(name) is no plan of a migration: it has no 'cairn_plan'")
        }
        guard format >= 1 else {
            throw PlanFile.invalid("\(name) is a plan of format \(format), and there is none before 1")
        }
        guard format <= PlanFile.format else {
            throw StorageError(
                .upgradeRequired,
                "\(name) is a plan of format \(format), and this Cairn reads up to \(PlanFile.format)",
                remedy: "use the Cairn that wrote it, or a newer one")
        }
        let old = try PlanFile.schema("from", of: value, name)
        let new = try PlanFile.schema("to", of: value, name)
        plan = MigrationPlan(from: old, to: new, cost: PlanFile.cost(value["cost"]))
        try check(value, name)
    }

    /// Checks that a store holds what the plan begins with, or what it ends with: then there is nothing to do.
    /// - Throws: `storage.schema_mismatch`.
    package func checkStart(_ held: Schema, at location: String) throws {
        let (from, to) = (plan.diff.old, plan.diff.new)
        guard held.id == from.id || held.id == to.id else {
            throw StorageError(
                .schemaMismatch,
                "\(location) holds schema \(held.id.short), and the plan goes from \(from.id.short) to \(to.id.short)",
                remedy:
                    "plan again from the store; or, where another plan from the same schema was applied to it, make the rest of both: 'cairn migrate merge --applied'"
            )
        }
    }

    // MARK: Reading

    private static func schema(_ member: String, of value: JSONValue, _ name: String) throws -> Schema {
        guard let text = value["schemas"]?[member] else {
            throw invalid("\(name) has no 'schemas' with '\(member)'")
        }
        let schema: Schema
        do throws(SchemaError) {
            schema = try Schema(stored: text.description, file: name)
        } catch {
            let first = error.diagnostics.first { $0.severity == .error }
            throw invalid("the schema '\(member)' in \(name) is none: \(first?.message ?? "it has errors")")
        }
        guard value[member] == .string(schema.id.description) else {
            throw invalid("\(name) was changed: its schema '\(member)' is \(schema.id.short), and it says another id")
        }
        return schema
    }

    private static func cost(_ value: JSONValue?) -> MigrationCost? {
        guard case .int(let read)? = value?["records_read"], case .int(let written)? = value?["records_written"],
            case .int(let requests)? = value?["requests"], let dollars = number(value?["dollars"])
        else { return nil }
        return MigrationCost(
            recordsRead: read, recordsWritten: written, requests: requests, dollars: dollars,
            seconds: number(value?["seconds"]))
    }

    private static func number(_ value: JSONValue?) -> Double? {
        switch value {
        case .double(let number): number
        case .int(let number): Double(number)
        default: nil
        }
    }

    /// Compares what the file says is done with what its schemas make.
    private func check(_ value: JSONValue, _ name: String) throws {
        guard case .array(let said)? = value["operations"] else {
            throw PlanFile.invalid("\(name) has no 'operations'")
        }
        let made = plan.steps.map { PlanFile.value($0.operation) }
        for (place, operation) in made.enumerated() {
            guard let other = said.indices.contains(place) ? said[place] : nil,
                PlanFile.members.allSatisfy({ other[$0] == operation[$0] })
            else {
                throw PlanFile.invalid(
                    "\(name) was changed: its schemas make the operation \(place + 1) '\(plan.steps[place].operation)', and it says another"
                )
            }
        }
        guard said.count == made.count else {
            throw PlanFile.invalid(
                "\(name) was changed: its schemas make \(made.count) operations, and it has \(said.count)")
        }
        guard value["id"] == .string(plan.id) else {
            throw PlanFile.invalid("\(name) was changed: its 'id' is not the one of what it does")
        }
    }

    private static func invalid(_ message: String) -> StorageError {
        StorageError(
            .migrationPlanInvalid, message,
            remedy: "make it again with 'cairn migrate plan --out': a plan is not edited, the schema files are")
    }

    // MARK: Writing

    /// The file.
    package var text: String {
        var writer = JSONWriter(indent: 2)
        writer.object { writer in
            writer.member("cairn_plan", .int(PlanFile.format))
            writer.member("id", .string(plan.id))
            writer.member("from", .string(plan.diff.old.id.description))
            writer.member("to", .string(plan.diff.new.id.description))
            writer.member("verdict", .string(plan.verdict.rawValue))
            if let cost = plan.cost { writer.member("cost", cost.value) }
            writer.name("operations")
            writer.array { writer in
                for step in plan.steps {
                    writer.element()
                    PlanFile.write(step, to: &writer)
                }
            }
            writer.member("findings", .array(plan.findings.map(\.value)))
            writer.member("schemas", ["from": plan.diff.old.annotatedValue, "to": plan.diff.new.annotatedValue])
        }
        return writer.text + "\n"
    }

    private static func write(_ step: MigrationPlan.Step, to writer: inout JSONWriter) {
        let operation = step.operation
        let identity = value(operation)
        writer.object { writer in
            for name in members { writer.member(name, identity[name] ?? .null) }
            writer.member("effect", .string(operation.kind.effect.text))
            writer.member("description", .string(operation.description))
            for (name, value) in step.notes { writer.member(name, value) }
            writer.member("findings", .array(step.findings.map(\.value)))
        }
    }

    /// What an operation is; the rest of what a file says of it follows.
    private static let members = ["kind", "table", "name", "before", "after"]

    fileprivate static func value(_ operation: SchemaOperation) -> JSONValue {
        func text(_ value: String?) -> JSONValue { value.map(JSONValue.string) ?? .null }
        return [
            "kind": .string(operation.kind.rawValue), "table": text(operation.table), "name": text(operation.name),
            "before": text(operation.before), "after": text(operation.after),
        ]
    }
}

extension JSONWriter {
    /// Writes a member.
    fileprivate mutating func member(_ name: String, _ value: JSONValue) {
        self.name(name)
        write(value)
    }
}

extension MigrationPlan.Step {
    /// What is looked at before and after it and how it is taken back, or why it is not, as members of an object.
    package var notes: [(String, JSONValue)] {
        let checks: [(String, JSONValue)] = [
            ("check_before", preCheck.map(JSONValue.string) ?? .null),
            ("check_after", .string(operation.postCheck)),
        ]
        return switch operation.reverse {
        case .by(let reverse): checks + [("reverse", .string(reverse))]
        case .not(let reason): checks + [("reverse", .null), ("not_reversible", .string(reason))]
        }
    }
}

extension MigrationPlan {
    /// What identifies the edge: the SHA-256 of where it begins, where it ends and what is done between.
    package var id: String {
        let parts: JSONValue = [
            .string(diff.old.id.description), .string(diff.new.id.description),
            .array(steps.map { PlanFile.value($0.operation) }),
        ]
        return "sha256:" + Hex.encode(SHA256.digest(Array(parts.description.utf8)))
    }
}

extension MigrationCost {
    /// The cost as JSON.
    package var value: JSONValue {
        [
            "records_read": .int(recordsRead), "records_written": .int(recordsWritten), "requests": .int(requests),
            "dollars": .double(dollars), "seconds": seconds.map(JSONValue.double) ?? .null,
        ]
    }
}

extension Finding {
    /// The finding as JSON.
    package var value: JSONValue {
        [
            "code": .string(code), "level": .string(level.rawValue), "message": .string(message),
            "recipe": recipe.map(JSONValue.string) ?? .null,
            "allowed": allowance.map { .string($0.reason) } ?? .null,
        ]
    }
}

extension StorageError.Code {
    /// A file that is no plan of a migration, or no longer the one that was written.
    package static let migrationPlanInvalid = Self(rawValue: "migration.plan_invalid")
}
