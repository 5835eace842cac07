public import CairnSchema

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A time zone: which day it is somewhere, and when that day begins.
///
/// By name from the IANA database of the system (`/usr/share/zoneinfo`, or where `TZDIR` says), with every change of its clocks;
/// or at a fixed distance from UTC.
public struct LocalZone: Sendable, Hashable, CustomStringConvertible {
    /// `Europe/Paris`, `UTC`, `+05:30`.
    public let name: String
    private let file: TimeZoneFile

    /// Coordinated universal time.
    public static let utc = LocalZone(name: "UTC", file: TimeZoneFile(offset: 0))

    private init(name: String, file: TimeZoneFile) {
        self.name = name
        self.file = file
    }

    /// A zone by its name in the IANA database. Reads a file; keep the zone.
    /// - Throws: `config.invalid` when the system knows no such zone, or its file is none.
    public init(_ name: String) throws {
        if name == "UTC" {
            self = .utc
            return
        }
        let isName =
            (1...64).contains(name.utf8.count) && !name.hasPrefix("/") && !name.hasPrefix(".")
            && !name.contains("..")
            && name.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "+-_/.".utf8.contains(byte)
                }
            }
        guard isName, let bytes = LocalZone.contents(of: name) else {
            throw StorageError(
                .configuration, "there is no time zone '\(name)'",
                remedy: "use a name of the IANA database, such as Europe/Paris; the package tzdata has them")
        }
        guard let file = TimeZoneFile(bytes) else {
            throw StorageError(
                .configuration, "the file of the time zone '\(name)' cannot be read",
                remedy: "install the package tzdata again")
        }
        self.init(name: name, file: file)
    }

    /// A zone at a fixed distance from UTC, east of it when positive; nil beyond 18 hours.
    public init?(minutesFromUTC minutes: Int) {
        guard (-18 * 60...18 * 60).contains(minutes) else { return nil }
        func two(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
        let sign = minutes < 0 ? "-" : "+"
        let name = "\(sign)\(two(abs(minutes) / 60)):\(two(abs(minutes) % 60))"
        self.init(name: name, file: TimeZoneFile(offset: minutes * 60))
    }

    public var description: String { name }

    /// The day it is there at an instant.
    public func day(of time: Timestamp) -> CalendarDate {
        let seconds = LocalZone.seconds(time)
        let local = seconds + file.offset(at: seconds)
        let days = (local - ((local % 86_400) + 86_400) % 86_400) / 86_400
        return CalendarDate(daysSinceEpoch: days) ?? (days < 0 ? .min : .max)
    }

    /// The instant a day begins there: midnight, the first of two where clocks were set back over it; where clocks were set forward
    /// over midnight, the instant they were. At the ends of the years 1 to 9999, the first or last instant there is.
    public func start(of day: CalendarDate) -> Timestamp {
        LocalZone.timestamp(startSeconds(day.daysSinceEpoch))
    }

    /// The instant after the last of a day.
    func end(of day: CalendarDate) -> Timestamp? {
        let seconds = startSeconds(day.daysSinceEpoch + 1)
        let micros = Int64(seconds) * 1_000_000
        return Timestamp(microseconds: micros)
    }

    private func startSeconds(_ days: Int) -> Int {
        let midnight = days * 86_400
        // Clocks are set at most once in two days.
        let before = file.offset(at: midnight - 86_400)
        let after = file.offset(at: midnight + 86_400)
        for offset in [before, after] where file.offset(at: midnight - offset) == offset {
            return midnight - offset
        }
        // Midnight is left out: the first instant at which the new distance holds.
        var low = midnight - 2 * 86_400
        var high = midnight + 86_400
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if file.offset(at: middle) == after { high = middle } else { low = middle }
        }
        return high
    }

    private static func seconds(_ time: Timestamp) -> Int {
        let rest = time.microseconds % 1_000_000
        return Int((time.microseconds - (rest < 0 ? rest + 1_000_000 : rest)) / 1_000_000)
    }

    private static func timestamp(_ seconds: Int) -> Timestamp {
        Timestamp(microseconds: Int64(seconds) * 1_000_000) ?? (seconds < 0 ? .min : .max)
    }

    private static func contents(of name: String) -> [UInt8]? {
        let folder = getenv("TZDIR").map { String(cString: $0) } ?? "/usr/share/zoneinfo"
        let descriptor = open("\(folder)/\(name)", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= 1 << 20 else {
            return nil
        }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var count = 0
        while count < bytes.count {
            let more = bytes.withUnsafeMutableBytes { buffer in
                read(descriptor, buffer.baseAddress.map { $0 + count }, buffer.count - count)
            }
            guard more > 0 else { return nil }
            count += more
        }
        return bytes
    }
}
