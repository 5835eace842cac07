import Testing

/// Feeds everything that reads bytes from outside with inputs nobody wrote: a few thousand in an ordinary test run, a million
/// and more by `Tests/run --fuzz`.
///
/// Whatever comes, nothing traps, hangs or takes memory without bound; every error is one of Cairn's, with a message of
/// bounded length; and what is accepted keeps what its reader promises, which each target says.
@Suite("Bytes from outside", .serialized)
struct FuzzTests {
    @Test(
        "Whatever is read, the answer is a value that keeps its promises or one of our errors",
        arguments: FuzzTargets.allCases)
    func reading(_ target: FuzzTargets) async throws {
        var settings = try FuzzSettings.ofProcess()
        guard settings.targets.contains(target) else { return }
        if !settings.isLong { settings.count /= target.cost }
        Watch.install()
        if settings.isLong { Watch.limitMemory() }
        try await withTaskExecutorPreference(FuzzThread.shared) {
            var run = FuzzRun(
                try await target.make(), name: target.rawValue, corpus: try Corpus(of: target), settings)
            await ThrownErrors.withoutBacktraces { await run.run() }
        }
    }
}
