/// The file of one record: processes that commit, write the file behind the log and make manifests that take it for written; and a
/// maintainer that closes the store and removes the file of a deletion. Readers that sleep need no steps: whatever manifest
/// still stands, somebody may read by it.
///
/// A commit is one step, since the ``LogModel`` looks at those. All else is apart: following the log to its end, looking at the file,
/// writing it, publishing a manifest; closing, listing the manifests, finding the file, its DELETE, opening. A process may
/// sleep before each, for as long as it likes. So a request that comes late, or twice, is one that was sent late: what it carries is
/// what its sender knew, and its date that of the proof it relied on. What a process has under way while it goes on is what another
/// one has that sleeps. Only the DELETE is under way for itself, for there is one maintainer.
///
/// The rules are those of the driver. A file is written for the newest change that its writer knows, on the condition that it is
/// what the writer has seen, or thinks, or that there is none; whatever that may be, the file is replaced by a later one or
/// not at all. It is written `fence` ticks after the proof of the tip at the latest, and not by one who knows that the store is closed.
/// A manifest carries the change as pending unless its maker has seen the file written. A deletion leaves a file; the
/// maintainer removes it `quiet` ticks after it closed the store, if every manifest covers the deletion and the newest takes it for
/// written, and opens the store when its DELETE is answered, or can no longer take effect. The entries which it takes out of
/// the index afterwards say no more than that there is no file, and are left out.
///
/// States hold how old things are, and no time, as those of the ``LogModel`` do.
package struct RecordFileModel: ExplorableModel {
    /// Mistakes, each of which breaks a promise.
    package struct Mistakes: OptionSet, Sendable, Hashable {
        package let rawValue: Int

        package init(rawValue: Int) { self.rawValue = rawValue }

        /// The file is written without a condition.
        package static let blindFiles = Self(rawValue: 1 << 0)
        /// The missing file of a deleted record counts as written.
        package static let missingIsDeleted = Self(rawValue: 1 << 1)
        /// A manifest leaves out what is pending.
        package static let noPending = Self(rawValue: 1 << 2)
        /// Writes and removals of the file carry no date past which they must not take effect.
        package static let datelessFiles = Self(rawValue: 1 << 3)
        /// The file of a deletion is removed while others write.
        package static let purgesOnline = Self(rawValue: 1 << 4)
        /// It is removed as soon as the store is closed.
        package static let hastyPurge = Self(rawValue: 1 << 5)
        /// It is removed though a manifest stands that does not cover the deletion.
        package static let youngTombstones = Self(rawValue: 1 << 6)
        /// The store is opened while the DELETE may still take effect.
        package static let earlyOpening = Self(rawValue: 1 << 7)

        /// All, by name.
        package static let named: [(name: String, mistake: Mistakes)] = [
            ("blind-files", .blindFiles), ("missing-is-deleted", .missingIsDeleted), ("no-pending", .noPending),
            ("dateless-files", .datelessFiles), ("purges-online", .purgesOnline), ("hasty-purge", .hastyPurge),
            ("young-tombstones", .youngTombstones), ("early-opening", .earlyOpening),
        ]
    }

    /// How large the model is.
    package struct Size: Sendable {
        package var writers = 2
        /// Commits that change the record. The store is closed and opened once besides.
        package var changes = 3

        /// The most there can be: what a state has room for.
        package static let mostWriters = 3
        package static let mostChanges = 4

        package init() {}
    }

    static let fence = 1
    /// The wait after the closing: longer than a request from before it is good for.
    static let quiet = fence + 1
    /// A proof so old is good for nothing.
    static let old = fence + 1
    /// What is good for ever.
    static let forEver = 6

    private let mistakes: Mistakes
    private let size: Size

    package init(_ mistakes: Mistakes = [], _ size: Size = Size()) {
        self.mistakes = mistakes
        self.size = size
    }

    package var initial: RecordFileState { RecordFileState(processes: size.writers) }

    // MARK: Promises

    /// Whoever reads by a manifest that stands finds the record as it was, or as it came to be later.
    package func fault(_ state: RecordFileState) -> String? {
        var change = 0
        for number in 1..<(state.covers + 1) {
            if state.isChange(number) { change = number }
            guard change > 0, state.stands(number), !state.isPending(number), state.file < change else { continue }
            if state.file > 0 {
                return
                    "a manifest covers \(number) and takes commit \(change) for written, and the file is of commit \(state.file)"
            }
            // A deletion without a file is one that was purged.
            if state.kind(change) == .write {
                return "a manifest covers \(number) and takes commit \(change) for written, and there is no file"
            }
        }
        return nil
    }

    // MARK: Moves

    package func moves(_ state: RecordFileState, _ visit: (RecordFileState, @autoclosure () -> String) -> Void) {
        var later = state
        later.tick()
        visit(later, "a tick passes")
        for index in 0..<size.writers {
            let process = state.process(index)
            follow(index, process, state, visit)
            commit(index, process, state, visit)
            write(index, process, state, visit)
            publish(process, state, visit)
        }
        maintain(state, visit)
        deliver(state, visit)
        if state.horizon < state.covers {
            var next = state
            next.removeOldestManifest()
            visit(next, "the manifest that covers \(state.horizon) is collected")
        }
    }

    // MARK: Processes

    private func follow(
        _ index: Int, _ process: RecordFileState.Process, _ state: RecordFileState,
        _ visit: (RecordFileState, @autoclosure () -> String) -> Void
    ) {
        if process.tip == state.newest, process.proof == 0 { return }
        let isSame = state.change(upTo: state.newest) == state.change(upTo: process.tip)
        var next = state
        next.set(.init(tip: state.newest, proof: 0, isWritten: process.isWritten && isSame), index)
        visit(next, "a process that knew \(process.tip) follows the log to \(state.newest)")
    }

    /// Only who knows all that came before wins the next number.
    private func commit(
        _ index: Int, _ process: RecordFileState.Process, _ state: RecordFileState,
        _ visit: (RecordFileState, @autoclosure () -> String) -> Void
    ) {
        guard process.tip == state.newest, !state.isClosed(state.newest), state.changes < size.changes else { return }
        let before = state.change(upTo: state.newest)
        let isLive = before > 0 && state.kind(before) == .write
        let kinds: [RecordFileState.Kind] = isLive ? [.write, .delete] : [.write]
        for kind in kinds {
            var next = state
            next.commit(kind)
            next.set(.init(tip: next.newest, proof: 0, isWritten: false), index)
            visit(next, "a process commits \(next.newest): \(kind == .write ? "a new image" : "a deletion")")
        }
    }

    /// The file, for the newest change that a process knows.
    private func write(
        _ index: Int, _ process: RecordFileState.Process, _ state: RecordFileState,
        _ visit: (RecordFileState, @autoclosure () -> String) -> Void
    ) {
        let change = state.change(upTo: process.tip)
        if change == 0 || process.isWritten { return }
        let isMissed = state.file == 0 && state.kind(change) == .delete && mistakes.contains(.missingIsDeleted)
        if state.file >= change || isMissed {
            var next = state
            next.set(.init(tip: process.tip, proof: process.proof, isWritten: true), index)
            visit(next, "a process looks at the file, which is \(text(state.file)), and takes \(change) for written")
        }
        let isDated = process.proof <= RecordFileModel.fence || mistakes.contains(.datelessFiles)
        guard isDated, !state.isClosed(process.tip) else { return }
        if state.file < change || (mistakes.contains(.blindFiles) && state.file != change) {
            var next = state
            next.file = change
            visit(
                next,
                "PUT of the file of commit \(change), which was \(text(state.file)), by a proof of \(process.proof) ticks ago"
            )
        }
    }

    private func publish(
        _ process: RecordFileState.Process, _ state: RecordFileState,
        _ visit: (RecordFileState, @autoclosure () -> String) -> Void
    ) {
        guard process.proof <= RecordFileModel.fence, process.tip > state.covers, !state.isClosed(process.tip) else {
            return
        }
        let isPending = isPending(process.tip, isWritten: process.isWritten, state)
        var next = state
        next.setManifest(process.tip, isPending: isPending)
        visit(next, "a process publishes a manifest that covers \(process.tip), \(text(isPending))")
    }

    /// Whether the manifest that covers a number must carry the newest change.
    private func isPending(_ tip: Int, isWritten: Bool, _ state: RecordFileState) -> Bool {
        let change = state.change(upTo: tip)
        // What the manifest before it covers and does not carry is written.
        let isOpen = change > state.covers || (change > 0 && state.isPending(state.covers))
        return isOpen && !isWritten && !mistakes.contains(.noPending)
    }

    // MARK: Maintainer

    private func maintain(
        _ state: RecordFileState, _ visit: (RecordFileState, @autoclosure () -> String) -> Void
    ) {
        let isOnline = mistakes.contains(.purgesOnline)
        var next = state
        switch state.maintainer {
        case .idle where isOnline: list(state, visit)
        case .idle:
            if state.wasClosed { return }
            next.commit(.close)
            next.maintainer = .closed(since: 0)
            return visit(next, "the maintainer closes the store by commit \(next.newest)")
        case .closed(let since):
            if state.covers < state.newest {
                let isWritten = state.file >= state.change(upTo: state.newest)
                let isPending = isPending(state.newest, isWritten: isWritten, state)
                next.setManifest(state.newest, isPending: isPending)
                visit(next, "the maintainer publishes a manifest that covers \(state.newest), \(text(isPending))")
            } else if since >= RecordFileModel.quiet || mistakes.contains(.hastyPurge) {
                list(state, visit)
            }
        case .listed(let horizon): find(horizon, state, visit)
        case .found:
            if state.removal == nil {
                next.removal = mistakes.contains(.datelessFiles) ? RecordFileModel.forEver : RecordFileModel.fence
                visit(next, "the maintainer sends DELETE of the file")
            }
        }
        if state.maintainer != .idle { end(isOnline: isOnline, state, visit) }
    }

    private func list(_ state: RecordFileState, _ visit: (RecordFileState, @autoclosure () -> String) -> Void) {
        var next = state
        next.maintainer = .listed(horizon: state.horizon)
        visit(next, "the maintainer lists the manifests, all of which cover \(state.horizon)")
    }

    private func find(
        _ horizon: Int, _ state: RecordFileState, _ visit: (RecordFileState, @autoclosure () -> String) -> Void
    ) {
        let change = state.change(upTo: state.covers)
        guard change > 0, state.kind(change) == .delete, !state.isPending(state.covers), state.file == change,
            change <= horizon || mistakes.contains(.youngTombstones)
        else { return }
        var next = state
        next.maintainer = .found
        visit(next, "the maintainer finds the file of deletion \(change)")
    }

    private func end(
        isOnline: Bool, _ state: RecordFileState, _ visit: (RecordFileState, @autoclosure () -> String) -> Void
    ) {
        var next = state
        next.maintainer = .idle
        if isOnline { return visit(next, "the maintainer gives up") }
        guard state.removal == nil || mistakes.contains(.earlyOpening) else { return }
        next.commit(.open)
        visit(next, "the maintainer opens the store by commit \(next.newest)")
    }

    /// The DELETE arrives. One that is too late is none any more.
    private func deliver(
        _ state: RecordFileState, _ visit: (RecordFileState, @autoclosure () -> String) -> Void
    ) {
        guard state.removal != nil else { return }
        var next = state
        next.file = 0
        // Its answer is lost, and it may come again.
        if state.file > 0 { visit(next, "DELETE takes effect on the file, which was \(text(state.file))") }
        next.removal = nil
        visit(next, "DELETE takes effect on the file, which was \(text(state.file)), and is answered")
    }

    // MARK: Words

    private func text(_ file: Int) -> String { file == 0 ? "not there" : "of commit \(file)" }

    private func text(_ isPending: Bool) -> String { isPending ? "with the change pending" : "with nothing pending" }
}
