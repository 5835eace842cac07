import CMalloc
import Cairn
import Foundation

/// What a process and its store take at one moment. Sizes are in bytes; 0 where the system does not tell.
struct SoakSample {
    /// Since the load began.
    var time: Duration
    /// How many operations were done by then.
    var operations: Int
    /// Memory of the process that is in the machine.
    var resident = 0
    /// Memory that was allocated and not freed.
    var inUse = 0
    /// Open files of the process, sockets and pipes among them.
    var openFiles = 0
    /// The database file.
    var file = 0
    /// Its write-ahead log.
    var log = 0
}

/// Takes samples.
struct SoakSampler {
    private let path: String?

    /// - Parameter url: The address of the store.
    init(_ url: String) throws {
        let address = try StoreURL(url)
        path = address.scheme == .sqlite && address.path != ":memory:" ? address.path : nil
    }

    func sample(after time: Duration, operations: Int) -> SoakSample {
        SoakSample(
            time: time, operations: operations, resident: resident, inUse: cairn_malloc_in_use(), openFiles: openFiles,
            file: path.map(size) ?? 0, log: path.map { size($0 + "-wal") } ?? 0)
    }

    /// The second number of `statm` is in pages (proc(5)).
    private var resident: Int {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    private var openFiles: Int {
        // The folder itself is open while it is listed.
        max(0, ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 1) - 1)
    }

    private func size(_ path: String) -> Int {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.size] as? NSNumber)?.intValue ?? 0
    }
}
