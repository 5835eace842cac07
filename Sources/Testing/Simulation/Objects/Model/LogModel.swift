/// The log alone: writers that claim numbers, a reader that only asks for the tip, a checkpointer, a collector, and requests that
/// come late or twice. Each of them may sleep between any two of its steps, for as long as it likes.
///
/// Time passes in ticks. A request is good for `fence` ticks from the confirmation its sender relied on; an absence proves the tip for
/// `window` ticks; a record may be collected after `age` ticks, `grace` ticks after a manifest said so. States hold how old things
/// are, and no time: what is older than any rule asks for is as good as that old. So the states are few enough to look at all of
/// them, and stand for runs of any length.
package struct LogModel: ExplorableModel {
    /// Mistakes, each of which breaks a promise.
    package struct Mistakes: OptionSet, Sendable, Hashable {
        package let rawValue: Int

        package init(rawValue: Int) { self.rawValue = rawValue }

        /// Requests are good for ever.
        package static let noFence = Self(rawValue: 1 << 0)
        /// A record that was found renews the confirmation.
        package static let hitConfirms = Self(rawValue: 1 << 1)
        /// Every absence is believed.
        package static let trustsAbsence = Self(rawValue: 1 << 2)
        /// After an uncertain attempt another number is tried.
        package static let leavesNumber = Self(rawValue: 1 << 3)
        /// A refusal by date after an uncertain attempt counts as not executed, without asking what was collected.
        package static let trustsExpiry = Self(rawValue: 1 << 4)
        /// Records are collected before a manifest says so.
        package static let eagerCollector = Self(rawValue: 1 << 5)

        /// All, by name.
        package static let named: [(name: String, mistake: Mistakes)] = [
            ("no-fence", .noFence), ("hit-confirms", .hitConfirms), ("trusts-absence", .trustsAbsence),
            ("leaves-number", .leavesNumber), ("trusts-expiry", .trustsExpiry), ("eager-collector", .eagerCollector),
        ]
    }

    /// How large the model is.
    package struct Size: Sendable {
        package var writers = 2
        /// Processes that only read, mostly asleep.
        package var readers = 1
        package var numbers = 2
        /// Requests under way.
        package var requests = 1

        /// The most there can be: what a state has room for.
        package static let mostProcesses = 4
        package static let mostNumbers = 7
        package static let mostRequests = 4

        package init() {}
    }

    static let fence = 1
    static let window = 1
    static let age = 3
    static let grace = 1
    /// A confirmation that is so old is good for nothing, as is a request that relies on it.
    static let old = max(fence, window) + 1

    private let mistakes: Mistakes
    private let size: Size

    package init(_ mistakes: Mistakes = [], _ size: Size = Size()) {
        self.mistakes = mistakes
        self.size = size
    }

    package var initial: LogState { LogState() }

    package func fault(_ state: LogState) -> String? { state.broken?.text }

    package func moves(_ state: LogState, _ visit: (LogState, @autoclosure () -> String) -> Void) {
        var later = state
        later.tick(hasFence: !mistakes.contains(.noFence))
        visit(later, "a tick passes")
        housekeeping(state, visit)
        for index in 0..<(size.writers + size.readers) { moves(of: index, state, visit) }
        for place in 0..<state.requests.count { deliver(place, state, visit) }
    }

    // MARK: Checkpointer and collector

    private func housekeeping(_ state: LogState, _ visit: (LogState, @autoclosure () -> String) -> Void) {
        if state.covers < state.newest {
            var next = state
            next.covers = state.newest
            visit(next, "a manifest covers \(next.covers)")
        }
        if state.collected < state.covers, state.record(state.collected + 1).age >= LogModel.age {
            var next = state
            next.collected += 1
            next.sinceCollected = 0
            visit(next, "a manifest says that \(next.collected) may be collected")
        }
        for number in 1..<(state.newest + 1) where state.isThere(number) {
            let isOld = state.record(number).age >= LogModel.age && number <= state.covers
            let isSaid = number <= state.collected && state.sinceCollected >= LogModel.grace
            guard mistakes.contains(.eagerCollector) ? isOld : isSaid else { continue }
            var next = state
            next.remove(number)
            visit(next, "record \(number) is collected")
        }
    }

    // MARK: Processes

    private func moves(
        of index: Int, _ state: LogState, _ visit: (LogState, @autoclosure () -> String) -> Void
    ) {
        let process = state.process(index)
        let number = process.tip + 1
        switch process.phase {
        case .idle:
            probe(index, state, visit)
            if index < size.writers, number <= size.numbers {
                var next = state
                next.set(process.with(.claiming(basis: process.confirmed, isUnclear: false)), index)
                visit(next, "process \(index) wants number \(number), confirmed \(process.confirmed) ticks ago")
            }
        case .doubting(let since, let isBehind):
            var next = state
            if state.collected <= process.tip {
                conclude(index, since, isBehind: isBehind, &next)
                visit(next, "process \(index) reads a manifest: \(process.tip) was the tip \(since) ticks ago")
            } else {
                open(index, &next)
                visit(next, "process \(index) reads a manifest: \(state.collected) are collected, and opens cold")
            }
        case .claiming(let basis, let isUnclear):
            let request = LogState.Request(process: index, number: number, basis: basis)
            let isGood = mistakes.contains(.noFence) || basis <= LogModel.fence
            if isGood, state.requests.count < size.requests, !state.requests.contains(request) {
                var next = state
                next.add(request)
                next.set(process.with(.claiming(basis: basis, isUnclear: true)), index)
                visit(next, "process \(index) sends PUT \(number), confirmed \(basis) ticks ago")
            }
            if isUnclear { settle(index, basis, state, visit) }
            // Nothing was sent that can take effect: it begins anew.
            if !isUnclear, !isGood {
                var next = state
                next.set(process.with(.idle), index)
                visit(next, "process \(index) finds that its claim on \(number) is too old")
            }
        }
    }

    /// GET of the next number.
    private func probe(
        _ index: Int, _ state: LogState, _ visit: (LogState, @autoclosure () -> String) -> Void
    ) {
        var process = state.process(index)
        var next = state
        if state.isThere(process.tip + 1) {
            process.tip += 1
            if mistakes.contains(.hitConfirms) { process.confirmed = 0 }
            next.set(process, index)
            return visit(next, "process \(index) finds \(process.tip)")
        }
        let isBehind = process.tip < state.acknowledged
        if mistakes.contains(.trustsAbsence) || process.confirmed <= LogModel.window {
            conclude(index, 0, isBehind: isBehind, &next)
            return visit(next, "process \(index) finds no \(process.tip + 1): the tip is \(process.tip)")
        }
        next.set(process.with(.doubting(since: 0, isBehind: isBehind)), index)
        visit(next, "process \(index) finds no \(process.tip + 1), long after it knew the tip")
    }

    /// The tip is what the process knows, as of some ticks ago.
    private func conclude(_ index: Int, _ since: Int, isBehind: Bool, _ state: inout LogState) {
        var process = state.process(index)
        process.confirmed = since
        state.set(process.with(.idle), index)
        if isBehind { state.broken = .staleTip(process: index, tip: process.tip) }
    }

    private func open(_ index: Int, _ state: inout LogState) {
        state.set(LogState.Process(tip: state.newest, confirmed: 0, phase: .idle), index)
    }

    /// The writer asks what stands at its number.
    private func settle(
        _ index: Int, _ basis: Int, _ state: LogState, _ visit: (LogState, @autoclosure () -> String) -> Void
    ) {
        let number = state.process(index).tip + 1
        var next = state
        if state.isThere(number) {
            finish(index, isMine: state.record(number).creator == index, &next)
            return visit(next, "process \(index) reads \(number)")
        }
        if mistakes.contains(.leavesNumber) {
            fail(index, &next)
            return visit(next, "process \(index) finds no \(number), and gives up")
        }
        // Past its date nothing of it can land any more. Whether it landed and was collected a manifest tells.
        guard basis > LogModel.fence, !mistakes.contains(.noFence) else { return }
        if mistakes.contains(.trustsExpiry) || state.collected < number {
            fail(index, &next)
            return visit(next, "process \(index) finds no \(number) after its date: it failed")
        }
        // Nobody knows: that is what it says.
        open(index, &next)
        visit(next, "process \(index) finds that \(number) was collected: the outcome is unknown")
    }

    private func finish(_ index: Int, isMine: Bool, _ state: inout LogState) {
        var process = state.process(index)
        process.tip += 1
        state.set(process.with(.idle), index)
        if isMine { state.acknowledged = max(state.acknowledged, process.tip) }
    }

    /// The writer tells its caller that nothing was written.
    private func fail(_ index: Int, _ state: inout LogState) {
        let process = state.process(index)
        state.set(process.with(.idle), index)
        let number = process.tip + 1
        let isMine = number <= state.newest && state.record(number).creator == index
        let isComing = state.requests.contains { $0.process == index && $0.number == number }
        if isMine || isComing { state.broken = .falseFailure(process: index, number: number) }
    }

    // MARK: Requests

    /// A request arrives. Those that are too late are not among them any more.
    private func deliver(
        _ place: Int, _ state: LogState, _ visit: (LogState, @autoclosure () -> String) -> Void
    ) {
        let request = state.requests[place]
        let name = "PUT \(request.number) of process \(request.process)"
        var next = state
        guard !state.isThere(request.number) else {
            next.remove(request)
            return visit(next, "\(name) finds it taken")
        }
        if request.number <= state.newest {
            next.broken = .createdTwice(request.number)
        } else if request.number > state.newest + 1 {
            next.broken = .gap(request.number)
        } else {
            next.create(by: request.process)
        }
        // A copy may stay under way.
        visit(next, "\(name) takes effect, and comes again")
        next.remove(request)
        visit(next, "\(name) takes effect, its answer is lost")
        var process = state.process(request.process)
        if case .claiming = process.phase, process.tip + 1 == request.number, next.broken == nil {
            process.confirmed = 0
            next.set(process, request.process)
            finish(request.process, isMine: true, &next)
            visit(next, "\(name) takes effect and is acknowledged")
        }
    }
}
