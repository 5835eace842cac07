import CairnSchema

/// Writes the functions that ask for the records that refer to one: by its identifier, and by the record.
///
/// They are of each kind of repository, not of the protocol of all: a query of the records of a store can change them, one of a
/// snapshot cannot, and only the kind of repository tells.
struct ReferralEmitter {
    let entity: EntityModel
    /// The spelling at the top of the file: the functions are not in the entity.
    let types: TypeSpelling
    let aliases: [ItemAlias]

    func write(_ code: inout CodeWriter) {
        guard !entity.referrals.isEmpty else { return }
        for repository in ["Repository", "SnapshotRepository"] {
            code.line()
            // The angle brackets look names up in the file. In a `where` clause `Item` would be the repository's own.
            code.block("extension \(types.cairn(repository))<\(entity.typeName)>") { code in
                for (place, referral) in entity.referrals.enumerated() {
                    if place > 0 { code.line() }
                    write(referral, types.cairn(repository), &code)
                }
            }
        }
    }

    private func write(_ referral: ReferralModel, _ repository: String, _ code: inout CodeWriter) {
        let others = "\(repository)<\(recordType(of: referral))>"
        let head = "nonisolated public func \(referral.name)(\(referral.label)"
        let result = "\(types.cairn("RepositoryQuery"))<\(others)>"
        let records = "The records of `\(referral.table.name)` whose `\(referral.column.name)`"
        code.doc("\(records) names the record of an id, as a query to refine.")
        code.block("\(head) id: \(entity.typeName).ID) -> \(result)") { code in
            code.line(
                "\(others)(session).namedQuery(.compare(column: \(referral.column.position), .equal, id.columnValue))")
        }
        code.line()
        code.doc("\(records) names a record, as a query to refine.")
        code.block("\(head) record: \(entity.typeName)) -> \(result)") { code in
            code.line("self.\(referral.name)(\(referral.label): record.id)")
        }
    }

    /// The records that refer, spelled in an extension of the repositories.
    private func recordType(of referral: ReferralModel) -> String {
        let type = referral.table.entity
        guard type == "Item", let alias = aliases.first(where: { $0.type == nil }) else { return type }
        return alias.spelled(besideRepositoryOf: entity)
    }
}
