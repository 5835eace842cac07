/// A pattern as a list of steps for ``RegexRun``: a nondeterministic automaton in the form of Thompson ("Regular expression
/// search algorithm", 1968).
struct RegexProgram: Sendable {
    enum Step: Sendable {
        /// One scalar of the set, then the next step.
        case set(ScalarSet)
        /// The next step if the place holds.
        case place(RegexNode.Place)
        /// Both ways.
        case split(Int, Int)
        case jump(Int)
        /// It is found.
        case found
    }

    private(set) var steps: [Step] = []
    /// Whether it can only be found at the start of a text.
    let isTiedToStart: Bool

    init(_ node: RegexNode, _ pattern: String) throws(RegexError) {
        isTiedToStart = RegexProgram.isTiedToStart(node)
        do {
            try write(node)
        } catch {
            throw RegexError(
                message: "the pattern is too large: written out, it has more than \(RegexLimits.steps) steps",
                position: pattern.unicodeScalars.count)
        }
        steps.append(.found)
    }

    private struct TooLarge: Error {}

    private mutating func add(_ step: Step) throws(TooLarge) {
        guard steps.count < RegexLimits.steps else { throw TooLarge() }
        steps.append(step)
    }

    private mutating func write(_ node: RegexNode) throws(TooLarge) {
        switch node {
        case .set(let set): try add(.set(set))
        case .place(let place): try add(.place(place))
        case .sequence(let parts): for part in parts { try write(part) }
        case .alternatives(let branches): try write(branches[...])
        case .repetition(let part, let minimum, let maximum):
            for _ in 0..<minimum {
                let start = steps.count
                try write(part)
                // Nothing, however often, is nothing.
                if steps.count == start { break }
            }
            guard let maximum else { return try writeLoop(part) }
            // Optional parts inside one another: each is there only if the one before it is.
            var skips: [Int] = []
            for _ in minimum..<maximum {
                skips.append(steps.count)
                try add(.jump(0))
                try write(part)
            }
            for skip in skips { steps[skip] = .split(skip + 1, steps.count) }
        }
    }

    private mutating func write(_ branches: ArraySlice<RegexNode>) throws(TooLarge) {
        var ends: [Int] = []
        for (place, branch) in branches.enumerated() {
            let split = steps.count
            let isLast = place == branches.count - 1
            if !isLast { try add(.jump(0)) }
            try write(branch)
            if isLast { continue }
            ends.append(steps.count)
            try add(.jump(0))
            steps[split] = .split(split + 1, steps.count)
        }
        for end in ends { steps[end] = .jump(steps.count) }
    }

    private mutating func writeLoop(_ part: RegexNode) throws(TooLarge) {
        let split = steps.count
        try add(.jump(0))
        try write(part)
        try add(.jump(split))
        steps[split] = .split(split + 1, steps.count)
    }

    private static func isTiedToStart(_ node: RegexNode) -> Bool {
        switch node {
        case .place(let place): place == .start
        case .sequence(let parts): parts.first.map(isTiedToStart) ?? false
        case .alternatives(let branches): branches.allSatisfy(isTiedToStart)
        case .repetition(let part, let minimum, _): minimum > 0 && isTiedToStart(part)
        case .set: false
        }
    }
}

/// Goes through a text once, with all the steps a pattern can be at: each character looks at each step at most once.
struct RegexRun {
    private let program: RegexProgram
    /// The steps to look at for the next character, and whether each is among them.
    private var current: [Int] = []
    private var isCurrent: [Bool]
    private var following: [Int] = []
    private var waiting: [Int] = []

    init(_ program: RegexProgram) {
        self.program = program
        isCurrent = [Bool](repeating: false, count: program.steps.count)
    }

    mutating func isFound(in text: UnsafeBufferPointer<UInt8>) -> Bool {
        var offset = 0
        var before: UInt32?
        while true {
            let (scalar, width) = RegexRun.scalar(of: text, at: offset)
            // It may begin at every character.
            if before == nil || !program.isTiedToStart { following.append(0) }
            if reach(before, scalar) { return true }
            guard let scalar else { return false }
            following.removeAll(keepingCapacity: true)
            for step in current {
                isCurrent[step] = false
                if case .set(let set) = program.steps[step], set.contains(scalar) { following.append(step + 1) }
            }
            if following.isEmpty, program.isTiedToStart { return false }
            before = scalar
            offset += width
        }
    }

    /// Follows all ways from the steps in `following` that take no character, to those in `current`.
    /// - Returns: Whether the end is among them.
    private mutating func reach(_ before: UInt32?, _ after: UInt32?) -> Bool {
        current.removeAll(keepingCapacity: true)
        // Steps without a character are seen once too; they need be forgotten like the others.
        waiting.append(contentsOf: following)
        while let step = waiting.popLast() {
            if isCurrent[step] { continue }
            isCurrent[step] = true
            current.append(step)
            switch program.steps[step] {
            case .found: return true
            case .set: break
            case .place(let place): if place.holds(before, after) { waiting.append(step + 1) }
            case .jump(let other): waiting.append(other)
            case .split(let first, let second):
                waiting.append(second)
                waiting.append(first)
            }
        }
        return false
    }

    /// The scalar at a place of valid UTF-8, and its bytes; nil at the end.
    private static func scalar(of text: UnsafeBufferPointer<UInt8>, at offset: Int) -> (UInt32?, Int) {
        guard offset < text.count else { return (nil, 0) }
        let lead = text[offset]
        if lead < 0x80 { return (UInt32(lead), 1) }
        let width = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2
        var scalar = UInt32(lead) & (width == 4 ? 0x07 : width == 3 ? 0x0F : 0x1F)
        for next in offset + 1..<min(offset + width, text.count) { scalar = scalar << 6 | UInt32(text[next] & 0x3F) }
        return (scalar, width)
    }
}
