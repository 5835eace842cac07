/// Index files and the manifests that name them: checkpointers that write an index file first and then the manifest that names it, a
/// collector, and a reader that sleeps. What the log does is left out: a manifest may follow another at any time.
///
/// Every LIST, GET, PUT and DELETE is a step of its own, and each process may sleep before any of them, for as long as it likes. So a
/// request that comes late is one that was sent late: what it carries is what its sender knew. Only the PUT of a manifest is under
/// way for itself, because it may come twice.
///
/// The rules are those of the driver. A manifest is created once, as the successor of the one its writer goes by, which it has seen
/// to be the newest `trust` ticks ago at most, and lands within `fence` ticks of that proof, `publishWithin` ticks of the index file,
/// `reliance` ticks of the sighting. A manifest may go `manifestAge` ticks after its successor was made. An index file may go after
/// `fileAge` ticks, when the manifests that are left do not name it, and it was `introduction` ticks old when the oldest of
/// them was made. Of those that follow one another only that oldest is read.
///
/// States hold how old things are, and no time, as those of the ``LogModel`` do.
package struct IndexFileModel: ExplorableModel {
    /// Mistakes, each of which breaks a promise.
    package struct Mistakes: OptionSet, Sendable, Hashable {
        package let rawValue: Int

        package init(rawValue: Int) { self.rawValue = rawValue }

        /// A manifest is published however old its index file is, and the sighting and the proof it relies on. Any one of the three
        /// limits would do: the collector asks how old a file was when the oldest manifest was made, and not only how old it is.
        package static let lateManifests = Self(rawValue: 1 << 0)
        /// A manifest is kept for a time from its own creation, not from that of its successor.
        package static let graceFromCreation = Self(rawValue: 1 << 1)
        /// An index file goes when it is old and not named, whether or not the manifests that were read can tell.
        package static let eagerIndexFiles = Self(rawValue: 1 << 2)

        /// All, by name.
        package static let named: [(name: String, mistake: Mistakes)] = [
            ("late-manifests", .lateManifests), ("grace-from-creation", .graceFromCreation),
            ("eager-index-files", .eagerIndexFiles),
        ]
    }

    /// How large the model is.
    package struct Size: Sendable {
        /// Processes that make manifests.
        package var checkpointers = 2
        /// Processes that only read: one, or none.
        package var readers = 1
        /// Manifests, with the first.
        package var manifests = 3
        /// Index files, with the first.
        package var files = 3
        /// Whether each manifest names its own index file alone, and none goes on being named.
        package var alwaysMerges = false

        /// The most there can be: what a state has room for.
        package static let mostCheckpointers = 3
        package static let mostManifests = 4
        package static let mostFiles = 5

        package init() {}
    }

    // The ages of the driver, as near to one another as their order allows.
    static let fence = 1
    static let trust = 1
    static let publishWithin = fence + 1
    static let reliance = trust + 1
    static let introduction = publishWithin + 1
    static let manifestAge = reliance + 1
    static let fileAge = max(introduction, manifestAge)
    /// An index file so old is as good as any older one.
    static let oldFile = max(fileAge, publishWithin + 1)
    /// A sighting so old is good for nothing.
    static let oldSighting = max(reliance, trust) + 1
    /// What is good for ever.
    static let forEver = 7

    private let mistakes: Mistakes
    private let size: Size

    package init(_ mistakes: Mistakes = [], _ size: Size = Size()) {
        self.mistakes = mistakes
        self.size = size
    }

    package var initial: IndexFileState {
        IndexFileState(checkpointers: size.checkpointers, hasReader: size.readers > 0)
    }

    // MARK: Promises

    package func fault(_ state: IndexFileState) -> String? {
        let gone = state.files { !$1.isThere }
        if gone == 0 { return nil }
        let newest = state.newest
        let lost = state.manifest(newest).files & gone
        if lost != 0 { return "manifest \(newest) is the newest, and names what is gone: index file \(text(lost))" }
        let reader = state.reader
        let missed = state.manifest(reader.base).files & gone
        guard reader.sighting <= IndexFileModel.trust, missed != 0 else { return nil }
        return
            "the reader saw \(reader.sighting) ticks ago that manifest \(reader.base) was the newest, and misses index file \(text(missed))"
    }

    // MARK: Moves

    package func moves(_ state: IndexFileState, _ visit: (IndexFileState, @autoclosure () -> String) -> Void) {
        var later = state
        later.tick()
        visit(later, "a tick passes")
        for index in 0..<size.checkpointers { checkpoint(index, state, visit) }
        if size.readers > 0 { read(state, visit) }
        collect(state, visit)
        remove(state, visit)
    }

    private func read(_ state: IndexFileState, _ visit: (IndexFileState, @autoclosure () -> String) -> Void) {
        let reader = IndexFileState.Reader(base: state.newest, sighting: 0)
        if state.reader == reader { return }
        var next = state
        next.reader = reader
        visit(next, "the reader sees that manifest \(reader.base) is the newest")
    }

    // MARK: Checkpointers

    private func checkpoint(
        _ index: Int, _ state: IndexFileState, _ visit: (IndexFileState, @autoclosure () -> String) -> Void
    ) {
        let process = state.checkpointer(index)
        switch process.phase {
        case .idle: begin(index, process, state, visit)
        case .written(let draft): prove(index, process, draft, state, visit)
        case .sent(let draft, let left): arrive(index, process, draft, left, state, visit)
        }
    }

    /// Goes by the newest manifest.
    private func look(_ index: Int, _ state: inout IndexFileState) {
        state.set(IndexFileState.Checkpointer(base: state.newest, sighting: 0, phase: .idle), index)
    }

    private func begin(
        _ index: Int, _ process: IndexFileState.Checkpointer, _ state: IndexFileState,
        _ visit: (IndexFileState, @autoclosure () -> String) -> Void
    ) {
        if (process.base, process.sighting) != (state.newest, 0) {
            var next = state
            look(index, &next)
            visit(next, "a checkpointer sees that manifest \(state.newest) is the newest")
        }
        guard state.fileCount < size.files, process.base + 1 < size.manifests else { return }
        for isMerged in size.alwaysMerges ? [true] : [false, true] {
            var next = state
            let file = next.addFile()
            next.set(process.with(.written(.init(file: file, isMerged: isMerged))), index)
            visit(
                next,
                "a checkpointer writes index file \(file) upon manifest \(process.base), which it saw \(process.sighting) ticks ago"
            )
        }
    }

    /// The proof before a manifest is sent.
    private func prove(
        _ index: Int, _ process: IndexFileState.Checkpointer, _ draft: IndexFileState.Draft, _ state: IndexFileState,
        _ visit: (IndexFileState, @autoclosure () -> String) -> Void
    ) {
        var next = state
        if process.sighting > IndexFileModel.trust {
            if state.newest == process.base {
                var process = process
                process.sighting = 0
                next.set(process, index)
                visit(next, "the writer of index file \(draft.file) sees manifest \(process.base) still the newest")
            } else {
                look(index, &next)
                visit(next, "the writer of index file \(draft.file) finds manifest \(state.newest), and throws it away")
            }
        } else {
            let left = left(process, draft, state)
            if left >= 0 {
                next.set(process.with(.sent(draft, left: left)), index)
                visit(next, "the writer of index file \(draft.file) sends manifest \(process.base + 1)")
            }
        }
        var without = state
        without.set(process.with(.idle), index)
        visit(without, "the writer of index file \(draft.file) gives up")
    }

    /// For how many ticks the PUT of a manifest is good.
    private func left(
        _ process: IndexFileState.Checkpointer, _ draft: IndexFileState.Draft, _ state: IndexFileState
    ) -> Int {
        if mistakes.contains(.lateManifests) { return IndexFileModel.forEver }
        return min(
            IndexFileModel.fence, IndexFileModel.publishWithin - state.file(draft.file).age,
            IndexFileModel.reliance - process.sighting)
    }

    /// The PUT of a manifest arrives. Those that are too late are not among them any more.
    private func arrive(
        _ index: Int, _ process: IndexFileState.Checkpointer, _ draft: IndexFileState.Draft, _ left: Int,
        _ state: IndexFileState, _ visit: (IndexFileState, @autoclosure () -> String) -> Void
    ) {
        let version = process.base + 1
        var next = state
        guard !state.isThere(version) else {
            look(index, &next)
            return visit(next, "PUT of manifest \(version) with index file \(draft.file) finds it taken")
        }
        let files = (draft.isMerged ? 0 : state.manifest(process.base).files) | 1 << draft.file
        let elders = state.files { $1.age >= IndexFileModel.introduction }
        next.publish(IndexFileState.Manifest(files: files, elders: elders, age: 0, isThere: true), version)
        // A copy may stay under way.
        visit(next, "PUT of manifest \(version) with index file \(draft.file) takes effect, and comes again")
        next.set(IndexFileState.Checkpointer(base: version, sighting: 0, phase: .idle), index)
        visit(next, "PUT of manifest \(version) with index file \(draft.file) takes effect")
    }

    // MARK: Collector

    private func collect(_ state: IndexFileState, _ visit: (IndexFileState, @autoclosure () -> String) -> Void) {
        var next = state
        switch state.collector {
        case .idle:
            let (all, removing) = listed(state)
            next.collector = .listed(all, removing: removing)
            next.condemnedManifests |= removing
            visit(next, "the collector lists the manifests, and will remove \(text(removing))")
        case .listed(let all, let removing):
            guard let (named, elders) = standing(all, removing, state) else {
                next.collector = .idle
                return visit(next, "the collector misses a manifest, and stops")
            }
            next.collector = .informed(named: named, elders: elders)
            visit(next, "the collector reads manifests that are left: they name index files \(text(named))")
        case .informed(let named, let elders):
            let isEager = mistakes.contains(.eagerIndexFiles)
            let removing = state.files { number, file in
                file.isThere && file.age >= IndexFileModel.fileAge && named >> number & 1 == 0
                    && (isEager || elders >> number & 1 == 1)
            }
            next.collector = .idle
            next.condemnedFiles |= removing
            visit(next, "the collector lists the index files, and will remove \(text(removing))")
        }
    }

    /// The manifests that are there, and those that newer ones have replaced long enough ago.
    private func listed(_ state: IndexFileState) -> (all: Int, removing: Int) {
        var (all, removing) = (0, 0)
        var successor: IndexFileState.Manifest?
        for version in (0..<state.manifestCount).reversed() where state.isThere(version) {
            let manifest = state.manifest(version)
            let age = mistakes.contains(.graceFromCreation) ? manifest.age : successor?.age
            if successor != nil, age ?? 0 >= IndexFileModel.manifestAge { removing |= 1 << version }
            all |= 1 << version
            successor = manifest
        }
        return (all, removing)
    }

    /// What the manifests name that are left of those that were listed, and which files were old when the oldest of them was made.
    /// - Returns: nil when one that must be read is gone.
    private func standing(_ all: Int, _ removing: Int, _ state: IndexFileState) -> (named: Int, elders: Int)? {
        let left = (0..<state.manifestCount).reversed().filter { version in
            all >> version & 1 == 1 && (removing >> version & 1 == 0 || state.isThere(version))
        }
        let following = zip(left.dropFirst(), left).prefix { older, newer in older + 1 == newer }.count
        let witnesses = left.dropFirst(following)
        guard let oldest = witnesses.first, witnesses.allSatisfy(state.isThere) else { return nil }
        return (witnesses.reduce(0) { $0 | state.manifest($1).files }, state.manifest(oldest).elders)
    }

    /// What is condemned goes one by one, and whenever it suits.
    private func remove(_ state: IndexFileState, _ visit: (IndexFileState, @autoclosure () -> String) -> Void) {
        for version in 0..<state.manifestCount
        where state.condemnedManifests >> version & 1 == 1 && state.isThere(version) {
            var next = state
            next.removeManifest(version)
            visit(next, "manifest \(version) is removed")
        }
        for number in 0..<state.fileCount where state.condemnedFiles >> number & 1 == 1 && state.file(number).isThere {
            var next = state
            next.removeFile(number)
            visit(next, "index file \(number) is removed")
        }
    }

    /// The numbers of bits.
    private func text(_ bits: Int) -> String {
        let numbers = (0..<Size.mostFiles).filter { bits >> $0 & 1 == 1 }
        return numbers.isEmpty ? "none" : numbers.map(String.init).joined(separator: ", ")
    }
}
