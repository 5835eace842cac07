#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The program `cairn`.
@main
enum Entry {
    static func main() async {
        Terminal.secureStreams()
        let work = Task { await run() }
        // These leave something at a server or in a store when they are not let end in order; the others leave nothing, and end at
        // once.
        let command = CommandLine.arguments.dropFirst().first
        if ["s3", "doctor", "maintain", "rebuild", "adopt"].contains(command) { Interrupts.watch { work.cancel() } }
        exit(await work.value)
    }

    /// - Returns: What the shell gets.
    private static func run() async -> Int32 {
        let console = Terminal.console()
        let code: ExitCode
        do throws(CommandError) {
            code = await Tool().run(try Terminal.arguments(), console)
        } catch {
            ErrorReport.write(error, console, isJSON: CommandLine.arguments.contains("--json"))
            code = .failed
        }
        if let failure = console.failure, !failure.isReaderGone {
            console.report("cairn: the output cannot be written: \(failure.reason)")
            return ExitCode.failed.rawValue
        }
        // As a shell tells of a program that a signal ended; not when all was done before it took effect.
        if let signal = Interrupts.signal, code != .done || console.failure != nil { return 128 + signal }
        return code.rawValue
    }
}
