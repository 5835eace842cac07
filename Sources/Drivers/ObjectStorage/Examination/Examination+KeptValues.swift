import CairnCore
import CairnSchema
import ObjectStores

/// Looks at the values that migrations have kept. Nobody can make them again, and no record file tells that they are gone.
extension Examination {
    /// What is wrong with them, each object once. A GET for each migration that kept some, its two schemas, and each object of what it kept.
    func keptValues() async throws -> [StoreFinding] {
        var findings: [StoreFinding] = []
        for era in view.manifest.manifest.eras where era.hasKeptValues {
            let name = ObjectNames.migration(era.end)
            do {
                let file = try await access.migration(era.end) { $0.era.end == era.end && $0.era.time == era.time }
                let (from, to) = (try await access.schema(file.era.schema), try await access.schema(file.to))
                for table in file.tables {
                    guard let values = table.values else { continue }
                    let reader = KeptValuesReader(access, values, try table.pair(from, to))
                    findings += try await reader.examine().map { finding($0.error, $0.name, table.new) }
                }
            } catch let error as StorageError where error.code == .damaged {
                findings.append(finding(error, name, ""))
            } catch let damage as Damage {
                findings.append(finding(StoredObject.damaged(name, damage.message), name, ""))
            }
        }
        return findings
    }

    private func finding(_ error: StorageError, _ name: String, _ table: String) -> StoreFinding {
        StoreFinding(
            kind: .damagedObject, object: name, table: table, id: nil, message: error.message,
            remedy: Examination.restoring)
    }
}
