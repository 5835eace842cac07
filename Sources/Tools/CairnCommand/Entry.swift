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
        let console = Terminal.console()
        let code = await Tool().run(Array(CommandLine.arguments.dropFirst()), console)
        if let failure = console.failure, !failure.isReaderGone {
            console.report("cairn: the output cannot be written: \(failure.reason)")
            exit(ExitCode.failed.rawValue)
        }
        exit(code.rawValue)
    }
}
