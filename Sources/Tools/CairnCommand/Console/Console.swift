import CairnSchema

/// Where a command writes: results to the output, everything else to the error output.
///
/// Writing does not throw: a command whose reader has gone should still end in order. What went wrong is kept in ``failure``
/// for the end of the program. Not shared between tasks.
final class Console {
    /// Writes a text as it is.
    typealias Writer = (String) throws(WriteFailure) -> Void
    /// Writes bytes as they are.
    typealias BytesWriter = ([UInt8]) throws(WriteFailure) -> Void

    /// The two places.
    enum Stream {
        case output
        case errors
    }

    private let writeOutput: Writer
    private let writeErrors: Writer
    private let coloured: Set<Stream>
    private let takeBytes: BytesWriter?
    private let answer: (() -> String?)?
    /// The line that tells how far something is.
    let progress: Progress
    /// Why the output is incomplete; nil when all of it was written.
    private(set) var failure: WriteFailure?

    /// - Parameters:
    ///   - output: Takes the results.
    ///   - errors: Takes everything else.
    ///   - bytes: Takes results that are no text; nil makes text of them.
    ///   - coloured: Where colours are shown.
    ///   - progress: Shows how far something is.
    ///   - answer: Reads a line from the person who is asked; nil when there is none.
    init(
        output: @escaping Writer, errors: @escaping Writer, bytes: BytesWriter? = nil, coloured: Set<Stream> = [],
        progress: Progress = Progress(nil), answer: (() -> String?)? = nil
    ) {
        writeOutput = output
        writeErrors = errors
        takeBytes = bytes
        self.coloured = coloured
        self.progress = progress
        self.answer = answer
    }

    /// Writes bytes of the result.
    /// - Returns: Whether they were written, and more may be.
    func write(_ bytes: [UInt8]) -> Bool {
        guard failure == nil else { return false }
        do {
            if let takeBytes {
                try takeBytes(bytes)
            } else {
                try writeOutput(String(decoding: bytes, as: UTF8.self))
            }
        } catch {
            failure = error
        }
        return failure == nil
    }

    /// Whether there is a person to ask.
    var canAsk: Bool { answer != nil }

    /// Asks a question that is answered with y or n; what is neither is no.
    func ask(_ question: String) -> Bool {
        guard let answer else { return false }
        do { try writeErrors("\(question) [y/N] ") } catch { return false }
        return ["y", "Y", "yes"].contains(answer() ?? "")
    }

    /// Asks a question on which something depends either way: what is neither y nor n is no answer, and nil.
    func decide(_ question: String) -> Bool? {
        guard let answer else { return nil }
        do { try writeErrors("\(question) [y/n] ") } catch { return nil }
        return switch answer() ?? "" {
        case "y", "Y", "yes": true
        case "n", "N", "no": false
        default: nil
        }
    }

    /// Writes a line of the result.
    func print(_ line: String) {
        guard failure == nil else { return }
        do { try writeOutput(line + "\n") } catch { failure = error }
    }

    /// Writes a line to the error output. If that fails there is nobody left to tell.
    func report(_ line: String) {
        do { try writeErrors(line + "\n") } catch {}
    }

    /// Writes a line to a stream.
    func write(_ line: String, to stream: Stream) {
        switch stream {
        case .output: print(line)
        case .errors: report(line)
        }
    }

    /// A text as it looks on a stream.
    func paint(_ text: String, _ style: Style, on stream: Stream = .output) -> String {
        coloured.contains(stream) ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// How a text looks (ECMA-48, select graphic rendition).
    enum Style: String {
        case error = "1;31"
        case warning = "1;33"
        case name = "1"
    }
}

/// Why a text could not be written.
struct WriteFailure: Error, Equatable {
    /// The error number of the system.
    let code: Int32
    /// Whether the reader went away, as `head` does once it has seen enough: nothing to complain about.
    let isReaderGone: Bool
    /// What the system says.
    let reason: String
}
