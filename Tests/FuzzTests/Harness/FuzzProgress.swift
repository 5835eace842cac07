import Foundation

/// How far a run is, how fast it goes and what took it longest.
struct FuzzProgress {
    let count: Int
    private let name: String
    private let isShown: Bool
    private let start = ContinuousClock.now
    private var shown = ContinuousClock.now
    private var done = 0
    private var slowest = (duration: Duration.zero, label: "")

    init(_ name: String, count: Int, isShown: Bool) {
        self.name = name
        self.count = count
        self.isShown = isShown
    }

    mutating func advance(by duration: Duration, _ label: String) {
        done += 1
        if duration > slowest.duration { slowest = (duration, label) }
        guard isShown, done % 64 == 0, .now - shown > .seconds(10) else { return }
        shown = .now
        let left = Duration.seconds(Double(max(0, count - done)) / rate)
        say("\(done) of \(count), \(Int(rate)) a second, \(left.formatted(.time(pattern: .hourMinuteSecond))) left")
    }

    func end() {
        guard isShown else { return }
        let milliseconds = Int(slowest.duration / .milliseconds(1))
        say("\(done) inputs, \(Int(rate)) a second; the slowest took \(milliseconds) ms: \(slowest.label)")
    }

    private var rate: Double { max(1, Double(done) / ((ContinuousClock.now - start) / .seconds(1))) }

    private func say(_ text: String) {
        FileHandle.standardError.write(Data("fuzzing \(name): \(text)\n".utf8))
    }
}
