/// A state of the ``IndexFileModel``: three words, for there are many.
package struct IndexFileState: Hashable, Sendable {
    struct Manifest {
        /// The index files it names, a bit for each.
        var files: Int
        /// The index files that were so old when it was made that no manifest after it may be the first to name them.
        var elders: Int
        var age: Int
        var isThere: Bool
    }

    struct File {
        var age: Int
        var isThere: Bool
    }

    /// A manifest that is to be.
    struct Draft {
        /// The index file it is the first to name.
        let file: Int
        /// Whether it names no other one, because they were merged into it.
        let isMerged: Bool
    }

    /// What a checkpointer is at.
    enum Phase {
        case idle
        /// It has written an index file that nothing names yet.
        case written(Draft)
        /// The PUT of its manifest is under way, and good for so many ticks more.
        case sent(Draft, left: Int)
    }

    struct Checkpointer {
        /// The manifest it goes by.
        var base: Int
        /// How many ticks ago it saw that this was the newest.
        var sighting: Int
        var phase: Phase

        func with(_ phase: Phase) -> Checkpointer { Checkpointer(base: base, sighting: sighting, phase: phase) }
    }

    struct Reader: Equatable {
        /// The manifest it reads by.
        var base: Int
        /// How many ticks ago it saw that this was the newest.
        var sighting: Int
    }

    /// What the collector is at.
    enum Collector {
        case idle
        /// It has listed these manifests, a bit for each, and removes those of them.
        case listed(Int, removing: Int)
        /// It has read which index files the manifests name that are left, and which were old when the oldest of them was made.
        case informed(named: Int, elders: Int)
    }

    /// Each manifest: five bits of names, five of elders, two of age, whether it is there.
    private var manifests = Lanes()
    private var checkpointers = Lanes()
    /// Index files, the reader, the collector; and what is condemned, with the numbers of manifests and files there ever were.
    private var others = Lanes()
    private let checkpointerCount: Int

    /// A manifest of long ago, with an index file.
    init(checkpointers: Int, hasReader: Bool) {
        checkpointerCount = checkpointers
        publish(Manifest(files: 1, elders: 0, age: IndexFileModel.manifestAge, isThere: true), 0)
        _ = addFile()
        set(File(age: IndexFileModel.oldFile, isThere: true), 0)
        // One that saw nothing is told nothing.
        reader = Reader(base: 0, sighting: hasReader ? 0 : IndexFileModel.oldSighting)
    }

    // MARK: Time

    mutating func tick() {
        for version in 0..<manifestCount {
            var manifest = manifest(version)
            manifest.age = min(manifest.age + 1, IndexFileModel.manifestAge)
            set(manifest, version)
        }
        for number in 0..<fileCount {
            var file = file(number)
            file.age = min(file.age + 1, IndexFileModel.oldFile)
            set(file, number)
        }
        func older(_ sighting: Int) -> Int { min(sighting + 1, IndexFileModel.oldSighting) }
        for index in 0..<checkpointerCount {
            var checkpointer = checkpointer(index)
            checkpointer.sighting = older(checkpointer.sighting)
            if case .sent(let draft, let left) = checkpointer.phase, left != IndexFileModel.forEver {
                checkpointer.phase = left > 0 ? .sent(draft, left: left - 1) : .idle
            }
            checkpointers[index] = IndexFileState.encode(checkpointer)
        }
        checkpointers.sort(first: checkpointerCount)
        reader = Reader(base: reader.base, sighting: older(reader.sighting))
    }

    // MARK: Manifests

    /// How many there ever were.
    private(set) var manifestCount: Int {
        get { others[3] >> 9 & 7 }
        set { others[3] = others[3] & ~(7 << 9) | newValue << 9 }
    }

    func manifest(_ version: Int) -> Manifest {
        let lane = manifests[version]
        return Manifest(files: lane & 31, elders: lane >> 5 & 31, age: lane >> 10 & 3, isThere: lane >> 12 & 1 == 1)
    }

    private mutating func set(_ manifest: Manifest, _ version: Int) {
        let isThere = manifest.isThere ? 1 : 0
        manifests[version] = manifest.files | manifest.elders << 5 | manifest.age << 10 | isThere << 12
    }

    func isThere(_ version: Int) -> Bool { version < manifestCount && manifest(version).isThere }

    /// The newest that is there.
    var newest: Int { (0..<manifestCount).last { isThere($0) } ?? 0 }

    mutating func publish(_ manifest: Manifest, _ version: Int) {
        manifestCount = max(manifestCount, version + 1)
        set(manifest, version)
    }

    mutating func removeManifest(_ version: Int) {
        var gone = manifest(version)
        gone.isThere = false
        set(gone, version)
    }

    // MARK: Index files

    /// How many there ever were.
    private(set) var fileCount: Int {
        get { others[3] >> 12 & 7 }
        set { others[3] = others[3] & ~(7 << 12) | newValue << 12 }
    }

    func file(_ number: Int) -> File {
        let bits = others[0] >> (number * 3)
        return File(age: bits & 3, isThere: bits >> 2 & 1 == 1)
    }

    private mutating func set(_ file: File, _ number: Int) {
        let bits = file.age | (file.isThere ? 4 : 0)
        others[0] = others[0] & ~(7 << (number * 3)) | bits << (number * 3)
    }

    /// Those that `isWanted`, a bit for each.
    func files(_ isWanted: (Int, File) -> Bool) -> Int {
        (0..<fileCount).reduce(0) { isWanted($1, file($1)) ? $0 | 1 << $1 : $0 }
    }

    /// - Returns: Its number.
    mutating func addFile() -> Int {
        let number = fileCount
        fileCount = number + 1
        set(File(age: 0, isThere: true), number)
        return number
    }

    mutating func removeFile(_ number: Int) {
        var gone = file(number)
        gone.isThere = false
        set(gone, number)
    }

    // MARK: Processes

    func checkpointer(_ index: Int) -> Checkpointer {
        let lane = checkpointers[index]
        let draft = Draft(file: lane >> 6 & 7, isMerged: lane >> 9 & 1 == 1)
        let phase: Phase =
            switch lane >> 4 & 3 {
            case 0: .idle
            case 1: .written(draft)
            default: .sent(draft, left: lane >> 10 & 7)
            }
        return Checkpointer(base: lane & 3, sighting: lane >> 2 & 3, phase: phase)
    }

    private static func encode(_ checkpointer: Checkpointer) -> Int {
        func bits(_ draft: Draft) -> Int { draft.file << 6 | (draft.isMerged ? 1 << 9 : 0) }
        let phase =
            switch checkpointer.phase {
            case .idle: 0
            case .written(let draft): 1 << 4 | bits(draft)
            case .sent(let draft, let left): 2 << 4 | bits(draft) | left << 10
            }
        return checkpointer.base | checkpointer.sighting << 2 | phase
    }

    mutating func set(_ checkpointer: Checkpointer, _ index: Int) {
        checkpointers[index] = IndexFileState.encode(checkpointer)
        checkpointers.sort(first: checkpointerCount)
    }

    var reader: Reader {
        get { Reader(base: others[1] & 3, sighting: others[1] >> 2) }
        set { others[1] = newValue.base | newValue.sighting << 2 }
    }

    var collector: Collector {
        get {
            let (first, second) = (others[2] >> 2 & 31, others[2] >> 7 & 31)
            return switch others[2] & 3 {
            case 0: .idle
            case 1: .listed(first, removing: second)
            default: .informed(named: first, elders: second)
            }
        }
        set {
            others[2] =
                switch newValue {
                case .idle: 0
                case .listed(let all, let removing): 1 | all << 2 | removing << 7
                case .informed(let named, let elders): 2 | named << 2 | elders << 7
                }
        }
    }

    /// The manifests that the collector has decided to remove, a bit for each. Its requests may come at any time from then on.
    var condemnedManifests: Int {
        get { others[3] & 15 }
        set { others[3] = others[3] & ~15 | newValue }
    }

    /// The index files that it has decided to remove.
    var condemnedFiles: Int {
        get { others[3] >> 4 & 31 }
        set { others[3] = others[3] & ~(31 << 4) | newValue << 4 }
    }
}
