import CairnCore
import CairnSchema

/// Tells what the log has lost from its end, by the record files that were written already.
///
/// The end of a log is where the next number is absent, so a log that has lost its newest records looks like one that never had them.
/// What tells is a file: it is written when its commit is in the log, and never before.
extension Examination {
    /// Whether a file of a commit behind the end of the log was written by one that is lost. A commit that changes a record gives it another
    /// revision: a file that has the one that is known has been given the number by somebody.
    static func isLost(_ image: Result<RecordImage, any Error>, _ expected: Expected?) -> Bool {
        guard let expected else { return true }
        guard case .success(let image) = image else { return false }
        return image.metadata.revision > expected.revision
    }

    func lost(_ name: String, _ table: Table, _ commit: Int) -> Suspect {
        Suspect(
            finding: StoreFinding(
                kind: .lostCommit, object: name, table: table.name, id: nil,
                message: "commit \(commit), which wrote it, is not in the log", remedy: Examination.recovering),
            table: table, key: Key(.null), found: nil, etag: nil, expected: nil, lost: commit)
    }

    /// One finding for each commit that was lost.
    func lostCommits(_ suspects: [Suspect]) -> [StoreFinding] {
        var files: [Int: [String]] = [:]
        for suspect in suspects {
            if let commit = suspect.lost { files[commit, default: []].append(suspect.finding.object) }
        }
        return files.sorted { $0.key < $1.key }.map { commit, names in
            let written =
                names.count == 1
                ? "'\(names[0])' is of it" : "\(names.count) record files are of it, '\(names[0])' the first"
            return StoreFinding(
                kind: .lostCommit, object: ObjectNames.record(commit), table: "", id: nil,
                message:
                    "the log ends at commit \(view.number) and has lost commit \(commit): \(written), and readers do not see what it committed",
                remedy: Examination.recovering)
        }
    }

    /// The remedy for a commit that the log has lost.
    private static let recovering =
        "let nothing write to the store, which would take the number again; restore the log from a backup, or run cairn rebuild --force, which takes the record files as they are; if the files came from another store, move them out"

    /// Why no edit is accepted while the log has lost commits.
    static let notCommitted =
        "nothing was committed, since it would take the number of a commit that the log has lost; restore the log from a backup, or run cairn rebuild --force, or move files out that came from another store, and accept the edits then"
}
