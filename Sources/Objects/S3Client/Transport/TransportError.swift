/// Why a request has no answer, or not a whole one.
package struct TransportError: Error, Sendable {
    package enum Kind: String, Sendable {
        /// The request, or the options, cannot be sent as they are.
        case invalid
        /// The transport was closed.
        case closed
        /// The task was cancelled, or the reader of the body went away.
        case cancelled
        /// The name of the host has no address.
        case resolve
        /// No connection: refused, unreachable, or broken before a byte was sent.
        case connect
        /// The proxy could not be reached, or refused.
        case proxy
        /// No secure connection: the certificate is not trusted or not for this host, or the two sides do not agree.
        case tls
        /// The request was sent, at least in part, and no answer came.
        case noAnswer
        /// The answer ended before its end.
        case truncated
        /// What came is not HTTP, or its head has no end.
        case malformed
        /// The body of the answer is longer than the caller takes.
        case tooLarge
        /// Time ran out; `phase` says in what.
        case timeout
        /// The stream of the request's body failed, or was not as long as announced.
        case requestBody
        /// Out of memory, threads or file descriptors.
        case resources
    }

    /// How far the request was.
    package enum Phase: String, Sendable {
        /// Waiting for one of the connections, or for another request to find out the address.
        case queued
        case resolving, connecting
        /// Agreeing on TLS, or on a tunnel with the proxy.
        case securing
        case sending
        /// All is sent; no byte of an answer.
        case waiting
        case receiving
    }

    package let kind: Kind
    package let phase: Phase
    /// Whether no byte of the request left: what it asks for surely did not happen, whatever it is. False when that is unknown.
    package let isSurelyNotSent: Bool
    /// Method and authority. The path and the query are left out: they may be secret.
    package let request: String
    /// What happened and what to do.
    package let detail: String
    /// What the stream of the request's body threw.
    package let cause: (any Error)?

    init(
        _ kind: Kind, _ phase: Phase, isSurelyNotSent: Bool, request: String, detail: String, cause: (any Error)? = nil
    ) {
        self.kind = kind
        self.phase = phase
        self.isSurelyNotSent = isSurelyNotSent
        self.request = request
        self.detail = detail
        self.cause = cause
    }
}

extension TransportError: CustomStringConvertible {
    package var description: String {
        var outcome = "Whether the server did what was asked is not known."
        if isSurelyNotSent {
            outcome = "Nothing was sent."
        } else if phase == .receiving {
            outcome = "An answer had begun."
        }
        return "\(request): \(kind.rawValue) while \(phase.rawValue): \(detail) \(outcome)"
    }
}
