/// The log alone: writers that claim numbers and may sleep at any time, a checkpointer, a collector, and requests that come late
/// or twice.
///
/// Time is counted in ticks. A request is good for `fence` ticks from the confirmation its sender relied on; an absence proves
/// the tip for `window` ticks; a record may be collected after `age` ticks, `grace` ticks after a manifest said so.
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
        package var numbers = 3
        package var horizon = 6
        /// Requests under way.
        package var requests = 2

        package init() {}
    }

    /// What a writer is at.
    package enum Phase: Sendable, Hashable {
        case idle
        /// It saw an absence at a tick, longer after its confirmation than it may believe. Also: what was acknowledged by then.
        case doubting(since: Int8, acknowledged: Int8)
        /// It wants a number; whether an attempt may have happened.
        case claiming(isUnclear: Bool)
    }

    package struct Writer: Sendable, Hashable {
        /// The newest number it knows.
        var tip: Int8 = 0
        /// When that was proven to be the newest.
        var confirmed: Int8 = 0
        var phase = Phase.idle
        /// The confirmation its claim relies on.
        var basis: Int8 = 0
    }

    package struct Request: Sendable, Hashable {
        let writer: Int8
        let number: Int8
        let basis: Int8
    }

    package struct State: Sendable, Hashable {
        var time: Int8 = 0
        /// Who created each number first.
        var log: [Int8] = []
        /// When.
        var born: [Int8] = []
        /// Which of them are still there.
        var there: [Bool] = []
        var covers: Int8 = 0
        var collected: Int8 = 0
        var collectedAt: Int8 = 0
        var writers: [Writer]
        var requests: Set<Request> = []
        /// The newest number that was acknowledged.
        var acknowledged: Int8 = 0
        var broken: Broken?
    }

    /// What went wrong.
    package enum Broken: Sendable, Hashable {
        case createdTwice(Int8)
        case gap(Int8)
        case staleTip(writer: Int8, tip: Int8, acknowledged: Int8)
        case falseFailure(writer: Int8, number: Int8)
        case falseSuccess(writer: Int8, number: Int8)
    }

    private static let fence: Int8 = 1
    private static let window: Int8 = 1
    private static let age: Int8 = 3
    private static let grace: Int8 = 1

    private let mistakes: Mistakes
    private let size: Size

    package init(_ mistakes: Mistakes = [], _ size: Size = Size()) {
        self.mistakes = mistakes
        self.size = size
    }

    package var initial: State { State(writers: Array(repeating: Writer(), count: size.writers)) }

    package func fault(_ state: State) -> String? {
        switch state.broken {
        case nil: nil
        case .createdTwice(let number): "number \(number) was created again after it was collected (lost commit)"
        case .gap(let number): "number \(number) was created though the one before it is not there"
        case .staleTip(let writer, let tip, let acknowledged):
            "writer \(writer) takes \(tip) for the tip, and \(acknowledged) was acknowledged before it asked"
        case .falseFailure(let writer, let number):
            "writer \(writer) was told that its commit \(number) failed, and it stands"
        case .falseSuccess(let writer, let number):
            "writer \(writer) was told that it committed \(number), and it did not"
        }
    }

    package func moves(_ state: State, _ visit: (State, @autoclosure () -> String) -> Void) {
        if state.time < Int8(size.horizon) {
            var next = state
            next.time += 1
            visit(next, "a tick passes: \(next.time)")
        }
        housekeeping(state, visit)
        for index in state.writers.indices { moves(of: index, state, visit) }
        for request in state.requests { deliver(request, state, visit) }
    }

    // MARK: Checkpointer and collector

    private func housekeeping(_ state: State, _ visit: (State, @autoclosure () -> String) -> Void) {
        let newest = Int8(state.log.count)
        if state.covers < newest {
            var next = state
            next.covers = newest
            visit(next, "a manifest covers \(newest)")
        }
        if state.collected < state.covers,
            state.time - state.born[Int(state.collected)] >= LogModel.age
        {
            var next = state
            next.collected += 1
            next.collectedAt = state.time
            visit(next, "a manifest says that \(next.collected) may be collected")
        }
        for (place, isThere) in state.there.enumerated() where isThere {
            let isOld = state.time - state.born[place] >= LogModel.age && place < Int(state.covers)
            let isSaid = place < Int(state.collected) && state.time - state.collectedAt >= LogModel.grace
            guard mistakes.contains(.eagerCollector) ? isOld : isSaid else { continue }
            var next = state
            next.there[place] = false
            visit(next, "record \(place + 1) is collected")
        }
    }

    // MARK: Writers

    private func moves(of index: Int, _ state: State, _ visit: (State, @autoclosure () -> String) -> Void) {
        let writer = state.writers[index]
        let number = writer.tip + 1
        switch writer.phase {
        case .idle:
            probe(index, state, visit)
            if number <= Int8(size.numbers) {
                var next = state
                next.writers[index].phase = .claiming(isUnclear: false)
                next.writers[index].basis = writer.confirmed
                visit(next, "writer \(index) wants number \(number), confirmed at \(writer.confirmed)")
            }
        case .doubting(let since, let acknowledged):
            var next = state
            if state.collected <= writer.tip {
                conclude(index, at: since, acknowledged: acknowledged, &next)
                visit(
                    next,
                    "writer \(index) reads a manifest: collected \(state.collected), so \(writer.tip) was the tip at \(since)"
                )
            } else {
                open(index, &next)
                visit(next, "writer \(index) reads a manifest: collected \(state.collected), and opens cold")
            }
        case .claiming(let isUnclear):
            let request = Request(writer: Int8(index), number: number, basis: writer.basis)
            if state.requests.count < size.requests, !state.requests.contains(request) {
                var next = state
                next.requests.insert(request)
                next.writers[index].phase = .claiming(isUnclear: true)
                visit(next, "writer \(index) sends PUT \(number), good until \(writer.basis + LogModel.fence)")
            }
            if isUnclear { settle(index, state, visit) }
        }
    }

    /// GET of the next number.
    private func probe(_ index: Int, _ state: State, _ visit: (State, @autoclosure () -> String) -> Void) {
        let writer = state.writers[index]
        var next = state
        if state.isThere(writer.tip + 1) {
            next.writers[index].tip += 1
            if mistakes.contains(.hitConfirms) { next.writers[index].confirmed = state.time }
            return visit(next, "writer \(index) finds \(writer.tip + 1)")
        }
        if mistakes.contains(.trustsAbsence) || state.time - writer.confirmed <= LogModel.window {
            conclude(index, at: state.time, acknowledged: state.acknowledged, &next)
            return visit(next, "writer \(index) finds no \(writer.tip + 1): the tip is \(writer.tip)")
        }
        next.writers[index].phase = .doubting(since: state.time, acknowledged: state.acknowledged)
        visit(next, "writer \(index) finds no \(writer.tip + 1), long after it knew the tip")
    }

    /// The tip is what the writer knows, as of a tick.
    private func conclude(_ index: Int, at time: Int8, acknowledged: Int8, _ state: inout State) {
        state.writers[index].confirmed = time
        state.writers[index].phase = .idle
        let tip = state.writers[index].tip
        if tip < acknowledged {
            state.broken = .staleTip(writer: Int8(index), tip: tip, acknowledged: acknowledged)
        }
    }

    private func open(_ index: Int, _ state: inout State) {
        state.writers[index] = Writer(tip: Int8(state.log.count), confirmed: state.time)
    }

    /// The writer asks what stands at its number.
    private func settle(_ index: Int, _ state: State, _ visit: (State, @autoclosure () -> String) -> Void) {
        let writer = state.writers[index]
        let number = writer.tip + 1
        var next = state
        if state.isThere(number) {
            finish(index, isMine: state.log[Int(number) - 1] == Int8(index), &next)
            return visit(next, "writer \(index) reads \(number)")
        }
        if mistakes.contains(.leavesNumber) {
            fail(index, &next)
            return visit(next, "writer \(index) finds no \(number), and gives up")
        }
        // Past its date nothing of it can land any more. Whether it landed and was collected a manifest tells.
        guard state.time > writer.basis + LogModel.fence, !mistakes.contains(.noFence) else { return }
        if mistakes.contains(.trustsExpiry) || state.collected < number {
            fail(index, &next)
            return visit(next, "writer \(index) finds no \(number) after its date: it failed")
        }
        // Nobody knows: that is what it says.
        open(index, &next)
        visit(next, "writer \(index) finds that \(number) was collected: the outcome is unknown")
    }

    private func finish(_ index: Int, isMine: Bool, _ state: inout State) {
        let number = state.writers[index].tip + 1
        state.writers[index].tip = number
        state.writers[index].phase = .idle
        if isMine { state.acknowledged = max(state.acknowledged, number) }
    }

    /// The writer tells its caller that nothing was written.
    private func fail(_ index: Int, _ state: inout State) {
        let number = state.writers[index].tip + 1
        state.writers[index].phase = .idle
        let place = Int(number) - 1
        let isMine = place < state.log.count && state.log[place] == Int8(index)
        let isComing = state.requests.contains {
            $0.writer == Int8(index) && $0.number == number && state.isGood($0, mistakes)
        }
        if isMine || isComing { state.broken = .falseFailure(writer: Int8(index), number: number) }
    }

    // MARK: Requests

    private func deliver(_ request: Request, _ state: State, _ visit: (State, @autoclosure () -> String) -> Void) {
        var next = state
        guard state.isGood(request, mistakes) else {
            next.requests.remove(request)
            return visit(next, "PUT \(request.number) of writer \(request.writer) is refused by its date")
        }
        guard !state.isThere(request.number) else {
            next.requests.remove(request)
            return visit(next, "PUT \(request.number) of writer \(request.writer) finds it taken")
        }
        let place = Int(request.number) - 1
        if place < state.log.count {
            next.broken = .createdTwice(request.number)
        } else if place > state.log.count {
            next.broken = .gap(request.number)
        } else {
            next.log.append(request.writer)
            next.born.append(state.time)
            next.there.append(true)
        }
        // A copy may stay under way.
        visit(next, "PUT \(request.number) of writer \(request.writer) takes effect, and comes again")
        next.requests.remove(request)
        visit(next, "PUT \(request.number) of writer \(request.writer) takes effect, its answer is lost")
        let writer = Int(request.writer)
        if case .claiming = state.writers[writer].phase, state.writers[writer].tip + 1 == request.number,
            next.broken == nil
        {
            finish(writer, isMine: true, &next)
            next.writers[writer].confirmed = state.time
            visit(next, "PUT \(request.number) of writer \(request.writer) takes effect and is acknowledged")
        }
    }
}

extension LogModel.State {
    func isThere(_ number: Int8) -> Bool { Int(number) <= there.count && number > 0 && there[Int(number) - 1] }

    func isGood(_ request: LogModel.Request, _ mistakes: LogModel.Mistakes) -> Bool {
        mistakes.contains(.noFence) || time <= request.basis + 1
    }
}
