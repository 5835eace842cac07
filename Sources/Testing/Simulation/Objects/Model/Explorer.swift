/// A protocol so small that all that can happen in it can be looked at.
package protocol ExplorableModel: Sendable {
    associatedtype State: Hashable & Sendable

    var initial: State { get }
    /// All that can happen next. The text is made only when a trace is shown.
    func moves(_ state: State, _ visit: (State, @autoclosure () -> String) -> Void)
    /// Which promise is broken; nil while all are kept.
    func fault(_ state: State) -> String?
}

/// What an ``Explorer`` found.
package struct ExplorerFinding: Sendable {
    /// The promise that was broken; nil when none was.
    package let fault: String?
    /// What happened until then.
    package let trace: [String]
    /// How many states were looked at.
    package let states: Int
    /// Whether these were all.
    package let isWhole: Bool
}

/// Looks at every state of a model, the nearest first: so the first trace to a broken promise is a shortest one.
package struct Explorer<Model: ExplorableModel> {
    private let model: Model
    private let limit: Int

    /// - Parameter limit: How many states are looked at, at most.
    package init(_ model: Model, limit: Int = 4_000_000) {
        self.model = model
        self.limit = limit
    }

    /// Looks at all states.
    /// - Parameter progress: Called now and then with the number of states so far.
    package func run(_ progress: (Int) -> Void = { _ in }) -> ExplorerFinding {
        var states = [model.initial]
        var parents = [-1]
        var known: [Model.State: Int] = [model.initial: 0]
        var place = 0
        while place < states.count {
            let state = states[place]
            var broken: Int?
            model.moves(state) { next, _ in
                guard broken == nil, known[next] == nil else { return }
                known[next] = states.count
                states.append(next)
                parents.append(place)
                if model.fault(next) != nil { broken = states.count - 1 }
            }
            if let broken {
                return ExplorerFinding(
                    fault: model.fault(states[broken]), trace: trace(to: broken, states, parents), states: states.count,
                    isWhole: false)
            }
            if states.count >= limit {
                return ExplorerFinding(fault: nil, trace: [], states: states.count, isWhole: false)
            }
            place += 1
            if place.isMultiple(of: 4096) { progress(states.count) }
        }
        return ExplorerFinding(fault: nil, trace: [], states: states.count, isWhole: true)
    }

    private func trace(to last: Int, _ states: [Model.State], _ parents: [Int]) -> [String] {
        var steps: [String] = []
        var place = last
        while parents[place] >= 0 {
            var text = "?"
            model.moves(states[parents[place]]) { next, label in
                if next == states[place] { text = label() }
            }
            steps.append(text)
            place = parents[place]
        }
        return steps.reversed()
    }
}
