import CCurl

/// One request under way.
///
/// Safety of `@unchecked Sendable`: what is `let` is Sendable. `continuation` is set once by the caller before the transfer is
/// posted to the inbox, whose lock orders that before everything the loop does. All other variables are touched by the thread
/// of the loop alone.
final class Transfer: @unchecked Sendable {
    enum Delivery: Sendable {
        case collected(limit: Int)
        case streamed(ResponseChannel)
    }

    enum Stage {
        /// libcurl has no connection for it yet, or it waits for a name.
        case queued
        /// It has a name to look up, or a socket that is being connected.
        case connecting
        /// It is connected, but has to agree on TLS, or on a tunnel.
        case securing
        /// It has a connection.
        case connected
    }

    typealias Outcome = Result<HTTPResponse, TransportError>

    let wire: WireRequest
    let delivery: Delivery
    private let limit: ContinuousClock.Instant?
    /// Whether the body of a success is not under the limit.
    private let isLimitForHead: Bool
    let host: String
    let isSecure: Bool
    let isReplayable: Bool
    private let patience: Duration
    private let minimumRate: Int?
    /// A body that is too large to go with the head.
    let bytes: [UInt8]
    let upload: UploadChannel?
    /// For errors.
    private let method: String
    /// With the scheme.
    let authority: String

    var continuation: CheckedContinuation<Outcome, Never>?

    var stage = Stage.queued
    /// Its place in the loop's list; nil before it came there.
    var index: Int?
    var isCancelled = false
    /// Whether libcurl has it.
    var isAdded = false
    var handle: EasyHandle?
    var head = HeadReader()
    var body: [UInt8] = []
    /// How much of `bytes` was sent.
    var offset = 0
    /// How often it was sent.
    var attempts = 0
    /// How often it was given to libcurl again.
    var repeats = 0
    /// Its connection; nil as long as libcurl did not want to know of events there.
    var connection: SocketWatch.Connection?
    /// Whether it counts among the hidden uses of a connection.
    var isHidden = false
    var isLookingUpName = false
    var isFinished = false
    /// The reader has enough for now.
    var isReceivingPaused = false
    /// The stream of the body has nothing for now.
    var isSendingPaused = false
    /// When a byte moved last.
    var lastMove: ContinuousClock.Instant
    /// Why one of the callbacks ended it.
    var failure: TransportError?

    /// - Throws: `invalid`.
    init(
        _ request: HTTPRequest, _ delivery: Delivery, isProxied: Bool, deadline: ContinuousClock.Instant?,
        isDeadlineForHead: Bool = false, inbox: Inbox
    ) throws(TransportError) {
        wire = try WireRequest(request, isAbsolute: isProxied && request.scheme == .http)
        self.delivery = delivery
        limit = deadline
        isLimitForHead = isDeadlineForHead
        host = request.host
        isSecure = request.scheme == .https
        isReplayable = request.isReplayable
        patience = request.patience
        minimumRate = request.minimumRate
        method = request.method
        authority = "\(request.scheme.rawValue)://\(request.authority)"
        lastMove = .now
        switch request.body {
        case .none:
            bytes = []
            upload = nil
        case .bytes(let all):
            if case .upload = wire.shape { bytes = all } else { bytes = [] }
            upload = nil
        case .stream(let length, let next):
            bytes = []
            let channel = UploadChannel(length: length)
            upload = channel
            channel.start(next) { [weak self] in
                if let self { inbox.post(.resumeSending(self)) }
            }
        }
    }

    // A request that was never sent has a stream that still waits to be asked.
    deinit { upload?.end() }

    /// Whether it may use HTTP/2, and so a connection together with others. A streamed answer does not: a reader who stops
    /// would hold up the other requests of his connection.
    func mayShare(_ options: TransportOptions) -> Bool {
        if case .streamed = delivery { return false }
        return isSecure && options.version == .two
    }

    /// When it must be done; nil: never, as long as bytes move.
    var deadline: ContinuousClock.Instant? {
        if isLimitForHead && head.isComplete && (200..<300).contains(head.status) { return nil }
        guard let limit, let minimumRate, !body.isEmpty else { return limit }
        return limit + .seconds(Double(body.count) / Double(minimumRate))
    }

    /// When the loop must end it, unless something happens before; nil: never.
    func due(_ options: TransportOptions) -> ContinuousClock.Instant? {
        // libcurl itself limits the time to connect. Who waits for the caller is not idle.
        guard stage == .connected, !isReceivingPaused, !isSendingPaused else { return deadline }
        let idle = lastMove.advanced(by: idleTime(options))
        return deadline.map { min($0, idle) } ?? idle
    }

    /// How long nothing may move.
    func idleTime(_ options: TransportOptions) -> Duration {
        options.idleTimeout + (hasGivenAll && !head.isComplete ? patience : .zero)
    }

    /// libcurl wants to know of events on its connection.
    func watches(_ connection: SocketWatch.Connection, _ events: SocketWatch.Events) {
        self.connection = connection
        // A connection that is being made is waited for by writing; it is read from when it is there.
        if stage == .connecting, events & CURL_CSELECT_IN != 0 { stage = .securing }
    }

    /// Tells the caller how it ended.
    func deliver(_ failure: TransportError?) {
        let waiting = continuation
        continuation = nil
        if let failure {
            waiting?.resume(returning: .failure(failure))
            if case .streamed(let channel) = delivery { channel.end(.failure(failure)) }
            return
        }
        let answer = HTTPResponse(status: head.status, fields: head.takeFields(), body: body, attempts: attempts)
        body = []
        waiting?.resume(returning: .success(answer))
        if case .streamed(let channel) = delivery { channel.end(.success(())) }
    }
}

// MARK: Errors

extension Transfer {
    func error(
        _ kind: TransportError.Kind, _ detail: String, cause: (any Error)? = nil
    ) -> TransportError {
        TransportError(
            kind, phase, isSurelyNotSent: isSurelyNotSent, request: "\(method) \(authority)", detail: detail,
            cause: cause)
    }

    /// The transport was closed before the request came to the loop.
    var closedError: TransportError {
        TransportError(
            .closed, .queued, isSurelyNotSent: true, request: "\(method) \(authority)",
            detail: "the transport is closed; make a new one.", cause: nil)
    }

    /// For the reader of a streamed body.
    func tooLarge(_ limit: Int) -> TransportError {
        TransportError(
            .tooLarge, .receiving, isSurelyNotSent: false, request: "\(method) \(authority)",
            detail: "the body is longer than \(limit) bytes; allow more, or read it as a stream.", cause: nil)
    }

    private var isSurelyNotSent: Bool {
        if attempts == 0 { return true }
        return (handle?.sentHeadBytes ?? 0) == 0 && head.count == 0
    }

    /// Whether libcurl has taken the whole body.
    private var hasGivenAll: Bool {
        if let upload { return upload.isTaken }
        return offset == bytes.count
    }

    /// How far it is.
    var phase: TransportError.Phase {
        switch stage {
        case .queued: return .queued
        case .connecting: return handle?.hasName ?? true ? .connecting : .resolving
        case .securing: return .securing
        case .connected:
            if head.count > 0 { return .receiving }
            return hasGivenAll ? .waiting : .sending
        }
    }
}
