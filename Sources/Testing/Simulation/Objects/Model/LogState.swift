/// A state of the ``LogModel``: forty bytes, for there are millions.
package struct LogState: Hashable, Sendable {
    /// A commit record.
    struct Record {
        var creator: Int
        var age: Int
        var isThere: Bool
    }

    /// What a process is at.
    enum Phase: Equatable {
        case idle
        /// It saw an absence so many ticks ago, longer after its confirmation than it may believe; whether something that it does not
        /// know was acknowledged by then.
        case doubting(since: Int, isBehind: Bool)
        /// It wants a number, relying on a confirmation so old; whether an attempt may have happened.
        case claiming(basis: Int, isUnclear: Bool)
    }

    struct Process {
        /// The newest number it knows.
        var tip: Int
        /// How many ticks ago that was proven to be the newest.
        var confirmed: Int
        var phase: Phase

        func with(_ phase: Phase) -> Process { Process(tip: tip, confirmed: confirmed, phase: phase) }
    }

    struct Request: Equatable {
        let process: Int
        let number: Int
        /// How old the confirmation is that it relies on.
        let basis: Int
    }

    /// What went wrong.
    enum Broken: Hashable {
        case createdTwice(Int)
        case gap(Int)
        case staleTip(process: Int, tip: Int)
        case falseFailure(process: Int, number: Int)
    }

    /// Eight bytes.
    private struct Bytes: Hashable {
        private var word: UInt64 = 0

        subscript(place: Int) -> Int {
            get { Int(truncatingIfNeeded: word >> UInt64(place * 8)) & 0xFF }
            set { word = word & ~(0xFF << UInt64(place * 8)) | UInt64(newValue & 0xFF) << UInt64(place * 8) }
        }
    }

    /// Each record: its creator, two bits of age, whether it is there.
    private var records = Bytes()
    /// Of each process: the tip, two bits of the age of its confirmation.
    private var knowledge = Bytes()
    /// Of each process: two bits of what it is at, two bits of an age, a truth.
    private var phases = Bytes()
    /// Each request: its process, its number, an age, and a bit that there is one. In order, so that the same requests are the same state.
    private var sent = Bytes()
    private var numbers = Bytes()
    var broken: Broken?

    /// The newest number that was ever created.
    private(set) var newest: Int {
        get { numbers[0] }
        set { numbers[0] = newValue }
    }
    /// What the newest manifest covers.
    var covers: Int {
        get { numbers[1] }
        set { numbers[1] = newValue }
    }
    /// Up to which number it says that records may be gone, and how many ticks ago it said that first.
    var collected: Int {
        get { numbers[2] }
        set { numbers[2] = newValue }
    }
    var sinceCollected: Int {
        get { numbers[3] }
        set { numbers[3] = newValue }
    }
    /// The newest number that was acknowledged.
    var acknowledged: Int {
        get { numbers[4] }
        set { numbers[4] = newValue }
    }

    // MARK: Time

    /// A tick passes. Requests that are too late by now are refused by their date.
    mutating func tick(hasFence: Bool) {
        for number in 1..<(newest + 1) {
            var record = record(number)
            record.age = min(record.age + 1, LogModel.age)
            set(record, number)
        }
        func older(_ age: Int) -> Int { min(age + 1, LogModel.old) }
        for index in 0..<LogModel.Size.mostProcesses {
            var process = process(index)
            process.confirmed = older(process.confirmed)
            switch process.phase {
            case .idle: break
            case .doubting(let since, let isBehind):
                process.phase = .doubting(since: older(since), isBehind: isBehind)
            case .claiming(let basis, let isUnclear):
                process.phase = .claiming(basis: older(basis), isUnclear: isUnclear)
            }
            set(process, index)
        }
        let aged = requests.map { Request(process: $0.process, number: $0.number, basis: older($0.basis)) }
        setRequests(aged.filter { !hasFence || $0.basis <= LogModel.fence })
        sinceCollected = min(sinceCollected + 1, LogModel.grace)
    }

    // MARK: Records

    func record(_ number: Int) -> Record {
        let byte = records[number - 1]
        return Record(creator: byte & 3, age: byte >> 2 & 3, isThere: byte >> 4 & 1 == 1)
    }

    private mutating func set(_ record: Record, _ number: Int) {
        records[number - 1] = record.creator | record.age << 2 | (record.isThere ? 1 << 4 : 0)
    }

    func isThere(_ number: Int) -> Bool { number <= newest && record(number).isThere }

    mutating func create(by process: Int) {
        newest += 1
        set(Record(creator: process, age: 0, isThere: true), newest)
    }

    mutating func remove(_ number: Int) {
        var gone = record(number)
        gone.isThere = false
        set(gone, number)
    }

    // MARK: Processes

    func process(_ index: Int) -> Process {
        let (known, state) = (knowledge[index], phases[index])
        let (age, flag) = (state >> 2 & 3, state >> 4 & 1 == 1)
        let phase: Phase =
            switch state & 3 {
            case 0: .idle
            case 1: .doubting(since: age, isBehind: flag)
            default: .claiming(basis: age, isUnclear: flag)
            }
        return Process(tip: known & 7, confirmed: known >> 3, phase: phase)
    }

    mutating func set(_ process: Process, _ index: Int) {
        knowledge[index] = process.tip | process.confirmed << 3
        phases[index] =
            switch process.phase {
            case .idle: 0
            case .doubting(let since, let isBehind): 1 | since << 2 | (isBehind ? 1 << 4 : 0)
            case .claiming(let basis, let isUnclear): 2 | basis << 2 | (isUnclear ? 1 << 4 : 0)
            }
    }

    // MARK: Requests

    var requests: [Request] {
        var requests: [Request] = []
        for place in 0..<8 where sent[place] != 0 {
            let byte = sent[place]
            requests.append(Request(process: byte >> 1 & 3, number: byte >> 3 & 7, basis: byte >> 6 & 3))
        }
        return requests
    }

    private mutating func setRequests(_ requests: [Request]) {
        let bytes = requests.map { 1 | $0.process << 1 | $0.number << 3 | $0.basis << 6 }.sorted()
        sent = Bytes()
        for (place, byte) in bytes.enumerated() { sent[place] = byte }
    }

    mutating func add(_ request: Request) { setRequests(requests + [request]) }

    mutating func remove(_ request: Request) { setRequests(requests.filter { $0 != request }) }
}

extension LogState.Broken {
    /// For people.
    var text: String {
        switch self {
        case .createdTwice(let number): "number \(number) was created again after it was collected (lost commit)"
        case .gap(let number): "number \(number) was created though the one before it is not there"
        case .staleTip(let process, let tip):
            "process \(process) takes \(tip) for the tip, and more was acknowledged before it asked"
        case .falseFailure(let process, let number):
            "process \(process) was told that its commit \(number) failed, and it stands, or still may come to"
        }
    }
}
