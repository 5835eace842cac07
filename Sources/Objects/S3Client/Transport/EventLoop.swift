import CCurl

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// The thread that moves the bytes of all requests of a transport, by libcurl's multi interface.
///
/// It takes commands from the inbox, tells libcurl which sockets are ready and when its time is up, and hands each finished
/// request to its task. It never blocks but in `epoll_wait`, and runs no code of the caller's. It is made by the caller of
/// `start`, who then gives it to the thread: from there on the thread alone touches it, so it needs no lock.
///
/// A transfer is finished exactly once, by `finish`, whatever ends it: an answer, a failure, its deadline, a cancellation, the
/// end of the loop. Whoever comes later finds `isFinished`.
final class EventLoop {
    let options: TransportOptions
    private let inbox: Inbox
    private let multi: UnsafeMutableRawPointer
    let sockets: SocketWatch
    /// The time when the thread last woke.
    private(set) var now = ContinuousClock.now

    private var commands: [Inbox.Command] = []
    /// All that are not finished; each knows its place.
    private var transfers: [Transfer] = []
    /// Those that may go to libcurl as soon as there is a connection for them: first come, first served.
    ///
    /// libcurl would also let them wait, but it gives a connection on without a look at what its server sent unasked.
    private var ready: [Transfer] = []
    /// How many libcurl has.
    private var running = 0
    /// Hosts that answered over HTTP/2: their requests share connections and need not wait.
    private var sharingHosts: Set<String> = []
    private var names = NameGate<Transfer>()
    /// Requests that looked up a name and know now whether there is one.
    private var found: [(transfer: Transfer, result: NameResult)] = []
    private var idleHandles = HandlePool()
    /// Whether a request has ended since the last wait.
    private var hasDelivered = false
    /// When libcurl wants to be called.
    private var curlDue: ContinuousClock.Instant?
    /// Nobody's time is up before.
    private var nextLook: ContinuousClock.Instant?

    private enum NameResult: Equatable {
        case known
        /// It needed no lookup, or gave up.
        case unknown
        case missing(String)
    }

    private init(_ options: TransportOptions) throws(TransportError) {
        guard EventLoop.isLibraryReady, let multi = curl_multi_init() else {
            throw .resources("libcurl cannot be started.")
        }
        self.options = options
        self.multi = multi
        inbox = try Inbox()
        sockets = try SocketWatch(wakeFile: inbox.wakeFile)
        let context = Unmanaged.passUnretained(self).toOpaque()
        cairn_curl_multi_set_socket_function(multi, EventLoop.socketChanged, context)
        cairn_curl_multi_set_timer_function(multi, EventLoop.timerChanged, context)
        cairn_curl_multi_set_long(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, options.maximumConnections)
        cairn_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, options.maximumConnections)
    }

    private static let isLibraryReady = curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK

    // MARK: The thread

    /// Starts a thread, which ends when its inbox is closed.
    /// - Throws: `resources`.
    static func start(_ options: TransportOptions) throws(TransportError) -> Inbox {
        let loop = try EventLoop(options)
        let inbox = loop.inbox
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        // Signals are for threads of the program; a broken connection is an error here, not one of them.
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        // The thread takes over this reference.
        let context = Unmanaged.passRetained(loop).toOpaque()
        var thread = pthread_t()
        let code = pthread_create(&thread, &attributes, EventLoop.body, context)
        guard code == 0 else {
            Unmanaged<EventLoop>.fromOpaque(context).release()
            throw .resources("no thread: \(SystemError.text(code))")
        }
        return inbox
    }

    private static let body: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
        guard let context else { return nil }
        cairn_name_thread("cairn-http")
        let inbox: Inbox
        do {
            let loop = Unmanaged<EventLoop>.fromOpaque(context).takeRetainedValue()
            inbox = loop.inbox
            loop.run()
        }
        // The loop and all it had is gone.
        inbox.end()
        return nil
    }

    deinit {
        // It closes connections, and calls for it.
        curl_multi_cleanup(multi)
    }

    private func run() {
        while takeCommands() {
            lookAtDeadlines()
            startReady()
            runTimer()
            finishDone()
            wait()
        }
        for transfer in transfers { finish(transfer, transfer.error(.closed, "the transport was closed.")) }
        idleHandles = HandlePool()
    }

    private func wait() {
        var timeout: Int? = 0
        if hasDelivered {
            // Tasks that were just woken often have their next request soon: it comes without waking this thread.
            hasDelivered = false
            sched_yield()
        }
        let canStart = ready.first.map(mayStart) ?? false
        if !canStart, found.isEmpty, inbox.fallAsleep() {
            let due = [curlDue, nextLook].compactMap { $0 }.min()
            timeout = due.map { $0 <= now ? 0 : ($0 - now).wholeMilliseconds }
        }
        let count = sockets.wait(milliseconds: timeout)
        // From here on posts wake nobody: they are taken before the next wait.
        if timeout != 0 { inbox.stayAwake() }
        now = .now
        sockets.each(count) { socket, events in
            var running: Int32 = 0
            curl_multi_socket_action(multi, socket, events, &running)
        }
        finishDone()
    }

    // MARK: Commands

    /// - Returns: Whether to go on.
    private func takeCommands() -> Bool {
        let isOpen = inbox.take(into: &commands)
        for command in commands {
            switch command {
            case .start(let transfer): admit(transfer)
            case .cancel(let transfer): cancel(transfer)
            case .resumeReceiving(let transfer): resume(transfer, \.isReceivingPaused)
            case .resumeSending(let transfer): resume(transfer, \.isSendingPaused)
            }
        }
        commands.removeAll(keepingCapacity: true)
        return isOpen
    }

    private func admit(_ transfer: Transfer) {
        transfer.index = transfers.count
        transfers.append(transfer)
        if transfer.isCancelled { return cancel(transfer) }
        watchTime(of: transfer)
        route(transfer)
    }

    /// A cancellation may come before the request.
    private func cancel(_ transfer: Transfer) {
        transfer.isCancelled = true
        guard transfer.index != nil, !transfer.isFinished else { return }
        finish(transfer, transfer.error(.cancelled, "the task was cancelled, or nobody wants the answer any more."))
    }

    private func resume(_ transfer: Transfer, _ flag: ReferenceWritableKeyPath<Transfer, Bool>) {
        guard !transfer.isFinished, transfer[keyPath: flag], let handle = transfer.handle else { return }
        transfer[keyPath: flag] = false
        // From here on libcurl says which connection it is.
        show(transfer)
        transfer.lastMove = now
        watchTime(of: transfer)
        // It may call the callbacks, which may pause again.
        let paused = (transfer.isReceivingPaused ? CURLPAUSE_RECV : 0) | (transfer.isSendingPaused ? CURLPAUSE_SEND : 0)
        let code = curl_easy_pause(handle.curl, paused)
        // What it kept meanwhile could not be handed over: without it the body would have a hole.
        if code != CURLE_OK { finish(transfer, failure(of: transfer, handle, code)) }
    }

    /// A request stands still until its reader wants more.
    func paused(_ transfer: Transfer) {
        transfer.isReceivingPaused = true
        guard transfer.connection == nil, !transfer.isHidden else { return }
        transfer.isHidden = true
        sockets.hiddenUses += 1
    }

    private func show(_ transfer: Transfer) {
        if transfer.isHidden { sockets.hiddenUses -= 1 }
        transfer.isHidden = false
    }

    /// Asks a request's body for more, as soon as libcurl may be told.
    func resumeSending(_ transfer: Transfer) { inbox.post(.resumeSending(transfer)) }

    private func startReady() {
        settleNames()
        var count = 0
        while count < ready.count, ready[count].isFinished || mayStart(ready[count]) {
            if !ready[count].isFinished { start(ready[count]) }
            count += 1
        }
        if count > 0 { ready.removeFirst(count) }
        // Those who left the line while the first stands still are not kept for ever; rarely, since it takes time.
        if ready.count > 2 * transfers.count + 64 { ready.removeAll(where: \.isFinished) }
    }

    private func mayStart(_ transfer: Transfer) -> Bool {
        running < options.maximumConnections
            || transfer.mayShare(options) && sharingHosts.contains(transfer.authority)
    }

    private func start(_ transfer: Transfer) {
        let mayShare = transfer.mayShare(options)
        guard let handle = idleHandles.take(mayShare) ?? EasyHandle(self, options, mayShare: mayShare),
            handle.prepare(transfer),
            curl_multi_add_handle(multi, handle.curl) == CURLM_OK
        else {
            return finish(transfer, transfer.error(.resources, "libcurl cannot take the request: out of memory."))
        }
        transfer.isAdded = true
        running += 1
    }

    private func noteSharing(_ authority: String) {
        // Each bucket may be a host of its own.
        if sharingHosts.count >= 256 { sharingHosts = [] }
        sharingHosts.insert(authority)
    }

    // MARK: Names

    /// Starts a request, or lets it wait for another that looks up the same name.
    private func route(_ transfer: Transfer) {
        if options.proxy == nil, NameGate<Transfer>.needsNoLookup(transfer.host) { return ready.append(transfer) }
        switch names.admit(transfer, for: nameToFind(transfer), at: now) {
        case .go: ready.append(transfer)
        case .lookUp:
            transfer.isLookingUpName = true
            ready.append(transfer)
        case .wait: break
        }
    }

    private func nameToFind(_ transfer: Transfer) -> String { options.proxy ?? transfer.host }

    /// A request has a socket: its name is known.
    func nameFound(_ transfer: Transfer) { settleName(transfer, .known) }

    /// A request has a connection, perhaps one that was kept.
    func connected(_ transfer: Transfer) {
        transfer.stage = .connected
        transfer.lastMove = now
        watchTime(of: transfer)
        settleName(transfer, .unknown)
    }

    private func settleName(_ transfer: Transfer, _ result: NameResult) {
        guard transfer.isLookingUpName else { return }
        transfer.isLookingUpName = false
        found.append((transfer, result))
    }

    /// Goes on with those who waited for a name.
    private func settleNames() {
        while let (transfer, result) = found.popLast() {
            let waiters = names.settle(nameToFind(transfer), isKnown: result == .known, at: now)
            for waiter in waiters where !waiter.isFinished {
                switch result {
                case .known: ready.append(waiter)
                // The first of them asks again.
                case .unknown: route(waiter)
                case .missing(let detail): finish(waiter, waiter.error(.resolve, detail))
                }
            }
        }
    }

    // MARK: Ending

    /// Hands over what libcurl is done with.
    private func finishDone() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let handle = EasyHandle.of(message.pointee.easy_handle),
                let transfer = handle.transfer
            else { continue }
            let code = cairn_curl_message_result(message)
            if mayRepeat(transfer, code) {
                repeated(transfer, handle)
            } else {
                finish(transfer, failure(of: transfer, handle, code))
            }
        }
    }

    /// A server may end a shared connection while requests are on their way to it (`GOAWAY`). libcurl 7.88 then tries a few
    /// times, but on the connection that is ending.
    private func mayRepeat(_ transfer: Transfer, _ code: CURLcode) -> Bool {
        code == CURLE_SEND_ERROR && transfer.isReplayable && transfer.mayShare(options) && transfer.head.count == 0
            && transfer.failure == nil && transfer.repeats < 3
    }

    /// Puts a request that libcurl gave up to the end of the line.
    private func repeated(_ transfer: Transfer, _ handle: EasyHandle) {
        takeBack(transfer, handle)
        transfer.stage = .queued
        transfer.connection = nil
        transfer.offset = 0
        transfer.repeats += 1
        ready.append(transfer)
    }

    /// Of a request that is not done this closes the connection, or the stream of a shared one.
    private func takeBack(_ transfer: Transfer, _ handle: EasyHandle) {
        if transfer.isAdded {
            curl_multi_remove_handle(multi, handle.curl)
            transfer.isAdded = false
            running -= 1
        }
        handle.release()
        idleHandles.give(handle, limit: options.maximumConnections)
    }

    /// Ends a request, and tells its caller.
    private func finish(_ transfer: Transfer, _ failure: TransportError?) {
        guard !transfer.isFinished else { return }
        transfer.isFinished = true
        remove(transfer)
        show(transfer)
        settleName(transfer, failure.map { $0.kind == .resolve ? .missing($0.detail) : .unknown } ?? .unknown)
        transfer.upload?.end()
        if let handle = transfer.handle { takeBack(transfer, handle) }
        if failure == nil {
            if !transfer.head.isVersionOne { noteSharing(transfer.authority) }
            if let connection = transfer.connection {
                sockets.rest(connection, isShared: !transfer.head.isVersionOne)
            }
        }
        transfer.deliver(failure)
        hasDelivered = true
    }

    private func remove(_ transfer: Transfer) {
        guard let index = transfer.index, let last = transfers.popLast() else { return }
        if last !== transfer {
            transfers[index] = last
            last.index = index
        }
    }

    // MARK: Time

    /// Something has changed by which a request's time may be up sooner.
    func watchTime(of transfer: Transfer) {
        guard let due = transfer.due(options) else { return }
        nextLook = nextLook.map { min($0, due) } ?? due
    }

    /// Looks at all, once the earliest time that was noted has come. Most requests are done long before theirs.
    private func lookAtDeadlines() {
        guard let look = nextLook, look <= now else { return }
        nextLook = nil
        for transfer in transfers {
            guard let due = transfer.due(options) else { continue }
            if due > now {
                nextLook = nextLook.map { min($0, due) } ?? due
            } else if let deadline = transfer.deadline, deadline <= now {
                finish(transfer, transfer.error(.timeout, "the deadline passed."))
            } else {
                finish(transfer, transfer.error(.timeout, "no byte moved for \(transfer.idleTime(options))."))
            }
        }
    }

    private func runTimer() {
        guard let due = curlDue, due <= now else { return }
        curlDue = nil
        var running: Int32 = 0
        curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running)
    }

    // MARK: What libcurl calls

    private static func loop(_ context: UnsafeMutableRawPointer?) -> EventLoop? {
        context.map { Unmanaged<EventLoop>.fromOpaque($0).takeUnretainedValue() }
    }

    private static let socketChanged: curl_socket_callback = { easy, socket, action, context, _ in
        guard let loop = loop(context) else { return 0 }
        if action == CURL_POLL_REMOVE {
            loop.sockets.watch(socket, 0)
        } else {
            if let connection = loop.sockets.connection(socket) {
                EasyHandle.of(easy)?.transfer?.watches(connection, action)
            }
            // CURL_POLL_IN, _OUT and _INOUT have the values of CURL_CSELECT_IN, _OUT and both.
            loop.sockets.watch(socket, action)
        }
        return 0
    }

    private static let timerChanged: curl_multi_timer_callback = { _, milliseconds, context in
        guard let loop = loop(context) else { return 0 }
        switch milliseconds {
        case ..<0: loop.curlDue = nil
        case 0: loop.curlDue = loop.now
        default: loop.curlDue = .now.advanced(by: .milliseconds(milliseconds))
        }
        return 0
    }
}
