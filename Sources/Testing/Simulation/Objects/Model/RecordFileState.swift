/// A state of the ``RecordFileModel``: two words, for there are many.
package struct RecordFileState: Hashable, Sendable {
    /// What a commit does to the record, or to the store.
    enum Kind: Int {
        case write, delete, close, open
    }

    struct Process {
        /// The newest number it knows.
        var tip: Int
        /// How many ticks ago that was proven to be the newest.
        var proof: Int
        /// Whether it has seen that the file is of the newest change it knows, or of a later one.
        var isWritten: Bool
    }

    /// What the maintainer is at.
    enum Maintainer: Equatable {
        case idle
        /// It has closed the store so many ticks ago.
        case closed(since: Int)
        /// It has found that every manifest that stands covers commits up to a number.
        case listed(horizon: Int)
        /// It has found the file of a deletion that may go.
        case found
    }

    /// The log, with its length; the number of the file, and what the newest manifest covers; which manifests stand, by what they cover;
    /// and which of those carry the newest change they cover as pending.
    private var numbers = Lanes()
    /// A lane for each, and the last for the maintainer and its DELETE.
    private var processes = Lanes()
    private let processCount: Int

    /// An empty log, and a manifest that covers nothing.
    init(processes count: Int) {
        processCount = count
        setManifest(0, isPending: false)
        for index in 0..<count { set(Process(tip: 0, proof: RecordFileModel.old, isWritten: false), index) }
    }

    // MARK: Time

    mutating func tick() {
        for index in 0..<processCount {
            var process = process(index)
            process.proof = min(process.proof + 1, RecordFileModel.old)
            processes[index] = RecordFileState.encode(process)
        }
        processes.sort(first: processCount)
        if case .closed(let since) = maintainer { maintainer = .closed(since: min(since + 1, RecordFileModel.quiet)) }
        if let left = removal, left != RecordFileModel.forEver { removal = left > 0 ? left - 1 : nil }
    }

    // MARK: The log

    /// The newest number.
    private(set) var newest: Int {
        get { numbers[0] >> 12 }
        set { numbers[0] = numbers[0] & 0xFFF | newValue << 12 }
    }

    func kind(_ number: Int) -> Kind { Kind(rawValue: numbers[0] >> (number * 2 - 2) & 3) ?? .write }

    mutating func commit(_ kind: Kind) {
        newest += 1
        numbers[0] |= kind.rawValue << (newest * 2 - 2)
    }

    /// The newest change of the record up to a number; 0 when there is none.
    func change(upTo number: Int) -> Int {
        (1..<number + 1).last { isChange($0) } ?? 0
    }

    func isChange(_ number: Int) -> Bool {
        switch kind(number) {
        case .write, .delete: true
        case .close, .open: false
        }
    }

    /// How many changes of the record there are.
    var changes: Int { (1..<newest + 1).reduce(0) { isChange($1) ? $0 + 1 : $0 } }

    /// Whether the store is closed for writing at a number.
    func isClosed(_ number: Int) -> Bool {
        let mark = (1..<number + 1).last { !isChange($0) }
        return mark.map { kind($0) == .close } ?? false
    }

    /// Whether the store was ever closed.
    var wasClosed: Bool { (1..<newest + 1).contains { kind($0) == .close } }

    // MARK: The file

    /// The commit that the file is of; 0 when there is none.
    var file: Int {
        get { numbers[1] & 7 }
        set { numbers[1] = numbers[1] & ~7 | newValue }
    }

    // MARK: Manifests

    /// What the newest manifest covers.
    private(set) var covers: Int {
        get { numbers[1] >> 3 }
        set { numbers[1] = numbers[1] & 7 | newValue << 3 }
    }

    /// Whether the manifest stands that covers a number and nothing behind it.
    func stands(_ covers: Int) -> Bool { numbers[2] >> covers & 1 == 1 }

    /// Whether it carries the newest change it covers, because the file may not be written.
    func isPending(_ covers: Int) -> Bool { numbers[3] >> covers & 1 == 1 }

    /// What the oldest manifest that stands covers.
    var horizon: Int { numbers[2].trailingZeroBitCount }

    mutating func setManifest(_ number: Int, isPending: Bool) {
        covers = number
        numbers[2] |= 1 << number
        numbers[3] |= (isPending ? 1 : 0) << number
    }

    mutating func removeOldestManifest() {
        let bit = 1 << horizon
        numbers[2] &= ~bit
        numbers[3] &= ~bit
    }

    // MARK: Processes

    func process(_ index: Int) -> Process {
        let lane = processes[index]
        return Process(tip: lane & 7, proof: lane >> 3 & 3, isWritten: lane >> 5 & 1 == 1)
    }

    private static func encode(_ process: Process) -> Int {
        process.tip | process.proof << 3 | (process.isWritten ? 1 << 5 : 0)
    }

    mutating func set(_ process: Process, _ index: Int) {
        processes[index] = RecordFileState.encode(process)
        processes.sort(first: processCount)
    }

    var maintainer: Maintainer {
        get {
            let number = processes[3] >> 2 & 7
            return switch processes[3] & 3 {
            case 0: .idle
            case 1: .closed(since: number)
            case 2: .listed(horizon: number)
            default: .found
            }
        }
        set {
            let bits =
                switch newValue {
                case .idle: 0
                case .closed(let since): 1 | since << 2
                case .listed(let horizon): 2 | horizon << 2
                case .found: 3
                }
            processes[3] = processes[3] & ~31 | bits
        }
    }

    /// For how many ticks the DELETE is good that is under way; nil when none is.
    var removal: Int? {
        get {
            let left = processes[3] >> 5
            return left == 0 ? nil : left - 1
        }
        set { processes[3] = processes[3] & 31 | (newValue.map { $0 + 1 } ?? 0) << 5 }
    }
}
