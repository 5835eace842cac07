import CairnCore

/// Sends HTTP requests over libcurl: one thread for all of them, connections kept and shared.
///
/// A call suspends its task and holds no thread. A call whose task is cancelled ends at once, and its connection is closed.
/// When nobody refers to a transport, nor to the body of an answer of its, its thread ends and its connections are closed.
package final class HTTPTransport: Sendable {
    private let inbox: Inbox
    private let isProxied: Bool

    /// Starts the thread.
    /// - Throws: `invalid` for options that mean nothing; `resources` when there is no thread or file descriptor left.
    package init(_ options: TransportOptions = TransportOptions()) throws(TransportError) {
        try options.check()
        inbox = try EventLoop.start(options)
        isProxied = options.proxy != nil
    }

    deinit { inbox.close() }

    /// Sends a request and takes the whole answer.
    ///
    /// Redirects are not followed, and nothing is sent again but what `HTTPRequest.isReplayable` allows.
    /// - Parameters:
    ///   - bodyLimit: The longest body to take, in bytes.
    ///   - deadline: When it must be done, body included; nil: never, as long as bytes move.
    package func send(
        _ request: HTTPRequest, bodyLimit: Int = TransportLimits.collectedBody,
        deadline: ContinuousClock.Instant? = nil
    ) async throws(TransportError) -> HTTPResponse {
        let transfer = try Transfer(
            request, .collected(limit: bodyLimit), isProxied: isProxied, deadline: deadline, inbox: inbox)
        return try await answer(to: transfer)
    }

    /// Sends a request and returns as soon as the head of the answer is there.
    ///
    /// The rest arrives as it is read; the server waits for a reader who does not. Dropping the body cancels the rest.
    /// - Parameters:
    ///   - deadline: When it must be done, the reading of the body included.
    ///   - isForHead: Whether that is over with the head of an answer of status 2xx, whose body takes its time.
    package func stream(
        _ request: HTTPRequest, deadline: ContinuousClock.Instant? = nil, isForHead: Bool = false
    ) async throws(TransportError) -> HTTPStreamedResponse {
        let channel = ResponseChannel()
        let transfer = try Transfer(
            request, .streamed(channel), isProxied: isProxied, deadline: deadline, isDeadlineForHead: isForHead,
            inbox: inbox)
        let body = HTTPResponseBody(transfer, channel, inbox: inbox, transport: self)
        let head = try await answer(to: transfer)
        return HTTPStreamedResponse(status: head.status, fields: head.fields, body: body, attempts: head.attempts)
    }

    private func answer(to transfer: Transfer) async throws(TransportError) -> HTTPResponse {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                transfer.continuation = continuation
                if !inbox.post(.start(transfer)) {
                    continuation.resume(returning: .failure(transfer.closedError))
                }
            }
        } onCancel: {
            inbox.post(.cancel(transfer))
        }
        return try result.get()
    }

    /// Ends the thread and waits until it has ended. Requests under way fail with `closed`, as do later ones.
    package func close() async {
        await inbox.closeAndWait()
    }
}
