/// The body of an answer, in chunks as they arrive, read once.
///
/// Chunks are never empty and hold what arrived since the last one: at most `TransportLimits.unread` and what came in one
/// piece. The server waits while nobody reads. Dropping the body, or cancelling the task that reads it, cancels the transfer
/// and closes its connection. Iterating throws `TransportError`; a body that ended before its end is `truncated`, never a
/// shorter one.
package struct HTTPResponseBody: AsyncSequence, Sendable {
    private let source: Source

    init(_ transfer: Transfer, _ channel: ResponseChannel, inbox: Inbox, transport: HTTPTransport) {
        source = Source(transfer: transfer, channel: channel, inbox: inbox, transport: transport)
    }

    package func makeAsyncIterator() -> Iterator { Iterator(source: source) }

    /// Reads to the end.
    /// - Throws: `tooLarge` beyond `limit` bytes.
    package func collect(upTo limit: Int) async throws(TransportError) -> [UInt8] {
        var bytes: [UInt8] = []
        while let chunk = try await source.next() {
            guard bytes.count + chunk.count <= limit else { throw source.tooLarge(limit) }
            bytes.append(contentsOf: chunk)
        }
        return bytes
    }

    package struct Iterator: AsyncIteratorProtocol {
        fileprivate let source: Source

        package mutating func next() async throws(TransportError) -> [UInt8]? { try await source.next() }

        package mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(TransportError) -> [UInt8]? {
            try await source.next()
        }
    }
}

/// Keeps the transport while the body is wanted, and cancels the transfer when it is not any more.
private final class Source: Sendable {
    private let transfer: Transfer
    private let channel: ResponseChannel
    private let inbox: Inbox
    private let transport: HTTPTransport

    init(transfer: Transfer, channel: ResponseChannel, inbox: Inbox, transport: HTTPTransport) {
        self.transfer = transfer
        self.channel = channel
        self.inbox = inbox
        self.transport = transport
    }

    deinit {
        if !channel.hasEnded { inbox.post(.cancel(transfer)) }
    }

    func next() async throws(TransportError) -> [UInt8]? {
        let chunk = await withTaskCancellationHandler {
            await channel.next { inbox.post(.resumeReceiving(transfer)) }
        } onCancel: {
            inbox.post(.cancel(transfer))
        }
        return try chunk.get()
    }

    func tooLarge(_ limit: Int) -> TransportError {
        inbox.post(.cancel(transfer))
        return transfer.tooLarge(limit)
    }
}
