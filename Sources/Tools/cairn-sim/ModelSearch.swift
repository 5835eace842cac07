import Simulation

/// One search of ``ModelCommand``: a model, with a planted mistake or as it is.
struct ModelSearch: Sendable {
    /// What is modelled.
    enum Subject: String, CaseIterable, Sendable {
        case log
        case indexFiles = "index-files"
        case recordFiles = "record-files"

        /// The names of its mistakes.
        var mutants: [String] {
            switch self {
            case .log: LogModel.Mistakes.named.map(\.name)
            case .indexFiles: IndexFileModel.Mistakes.named.map(\.name)
            case .recordFiles: RecordFileModel.Mistakes.named.map(\.name)
            }
        }

        /// For people.
        var title: String {
            switch self {
            case .log: "the log"
            case .indexFiles: "index files and their manifests"
            case .recordFiles: "record files and their removal"
            }
        }
    }

    /// How large the models are.
    struct Sizes: Sendable {
        var log = LogModel.Size()
        var indexFiles = IndexFileModel.Size()
        var recordFiles = RecordFileModel.Size()
    }

    let subject: Subject
    /// The mistake; nil for the protocol as it is.
    let mutant: String?

    /// Each model as it is, and then with each of its mistakes.
    static let all: [ModelSearch] = Subject.allCases.flatMap { subject in
        [ModelSearch(subject: subject, mutant: nil)]
            + subject.mutants.map { ModelSearch(subject: subject, mutant: $0) }
    }

    /// For people: what is looked at.
    var title: String { mutant ?? subject.title }

    /// Whether a search that came to this came to what it should.
    func isRight(_ finding: ExplorerFinding) -> Bool {
        mutant == nil ? finding.fault == nil && finding.isWhole : finding.fault != nil
    }

    /// Looks at every state.
    /// - Parameters:
    ///   - limit: How many, at most.
    ///   - progress: Called now and then with the number of states so far.
    func run(_ sizes: Sizes, limit: Int, _ progress: (Int) -> Void) -> ExplorerFinding {
        switch subject {
        case .log:
            let mistakes = LogModel.Mistakes.named.first { $0.name == mutant }?.mistake ?? []
            return Explorer(LogModel(mistakes, sizes.log), limit: limit).run(progress)
        case .indexFiles:
            let mistakes = IndexFileModel.Mistakes.named.first { $0.name == mutant }?.mistake ?? []
            return Explorer(IndexFileModel(mistakes, sizes.indexFiles), limit: limit).run(progress)
        case .recordFiles:
            let mistakes = RecordFileModel.Mistakes.named.first { $0.name == mutant }?.mistake ?? []
            return Explorer(RecordFileModel(mistakes, sizes.recordFiles), limit: limit).run(progress)
        }
    }
}
