import CCurl

/// What libcurl calls during a transfer, on the thread of the loop.
///
/// The context of each is a handle, or its loop, that lives longer than libcurl's use of it (see `EasyHandle`); buffers are
/// good during the call. None of them may add or remove a transfer: they note what is to be done, and the loop does it
/// afterwards.
extension EasyHandle {
    private static func handle(_ context: UnsafeMutableRawPointer?) -> EasyHandle? {
        context.map { Unmanaged<EasyHandle>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Bytes of the answer's body.
    static let write: curl_write_callback = { data, size, count, context in
        guard let data, let handle = handle(context), let transfer = handle.transfer else { return 0 }
        let bytes = UnsafeRawBufferPointer(start: data, count: size * count)
        transfer.lastMove = handle.loop.now
        switch transfer.delivery {
        case .collected(let limit): return handle.collect(bytes, for: transfer, limit) ? bytes.count : 0
        case .streamed(let channel):
            if channel.receive(bytes) { return bytes.count }
            handle.loop.paused(transfer)
            return Int(CURL_WRITEFUNC_PAUSE)
        }
    }

    private func collect(_ bytes: UnsafeRawBufferPointer, for transfer: Transfer, _ limit: Int) -> Bool {
        if transfer.body.isEmpty, let announced = announcedLength {
            if announced > limit { return refuse(transfer, announced, limit) }
            // More than that is not believed before it is there: a server can announce anything.
            transfer.body.reserveCapacity(min(announced, TransportLimits.collectedBody))
        }
        guard bytes.count <= limit - transfer.body.count else { return refuse(transfer, nil, limit) }
        transfer.body.append(contentsOf: bytes)
        return true
    }

    private func refuse(_ transfer: Transfer, _ announced: Int?, _ limit: Int) -> Bool {
        let length = announced.map { "has \($0) bytes, more" } ?? "is longer"
        transfer.failure = transfer.error(
            .tooLarge, "the body \(length) than the \(limit) that are taken; allow more, or read it as a stream.")
        return false
    }

    /// A line of a head.
    static let header: curl_write_callback = { data, size, count, context in
        guard let data, let handle = handle(context), let transfer = handle.transfer else { return 0 }
        let line = UnsafeRawBufferPointer(start: data, count: size * count)
        transfer.lastMove = handle.loop.now
        switch transfer.head.take(line) {
        case .more: break
        case .complete:
            handle.loop.watchTime(of: transfer)
            if case .streamed = transfer.delivery { transfer.deliverHead() }
            // After an answer of failure libcurl sends no more, but does not end while sending is paused.
            if transfer.isSendingPaused { handle.loop.resumeSending(transfer) }
        case .tooLong:
            transfer.failure = transfer.error(
                .malformed, "the head of the answer has more than \(TransportLimits.head) bytes.")
            return 0
        }
        return line.count
    }

    /// Bytes of the request's body are wanted.
    static let read: curl_read_callback = { data, size, count, context in
        guard let data, let handle = handle(context), let transfer = handle.transfer else {
            return Int(CURL_READFUNC_ABORT)
        }
        let buffer = UnsafeMutableRawBufferPointer(start: data, count: size * count)
        transfer.lastMove = handle.loop.now
        guard let upload = transfer.upload else { return transfer.giveBytes(buffer) }
        switch upload.read(into: buffer) {
        case .bytes(let count): return count
        case .end: return 0
        case .pause:
            transfer.isSendingPaused = true
            return Int(CURL_READFUNC_PAUSE)
        case .failure:
            let failure = upload.failure
            transfer.failure = transfer.error(
                .requestBody, failure?.detail ?? "the stream of the body failed.", cause: failure?.cause)
            return Int(CURL_READFUNC_ABORT)
        }
    }

    /// The body is to be sent from its beginning again.
    static let seek: curl_seek_callback = { context, offset, _ in
        guard offset == 0, let transfer = handle(context)?.transfer else { return Int32(CURL_SEEKFUNC_FAIL) }
        if let upload = transfer.upload {
            return upload.hasBegun ? Int32(CURL_SEEKFUNC_FAIL) : Int32(CURL_SEEKFUNC_OK)
        }
        transfer.offset = 0
        return Int32(CURL_SEEKFUNC_OK)
    }

    /// A connection is there and the request goes out next.
    ///
    /// libcurl by itself sends a request again when a kept connection breaks before an answer, whatever the method. The server
    /// may have done what was asked; so that is allowed only where it was asked for, or where surely nothing was sent.
    static let prerequest: curl_prereq_callback = { context, _, _, _, _ in
        guard let handle = handle(context), let transfer = handle.transfer else { return Int32(CURL_PREREQFUNC_ABORT) }
        // An answer to `Expect` (417) is an answer.
        if transfer.head.isComplete { return Int32(CURL_PREREQFUNC_ABORT) }
        if transfer.attempts > 0, !transfer.isReplayable, handle.sentHeadBytes > 0 {
            transfer.failure = transfer.error(
                .noAnswer, "the connection broke before an answer; ask before it is repeated.")
            return Int32(CURL_PREREQFUNC_ABORT)
        }
        transfer.attempts += 1
        handle.loop.connected(transfer)
        return Int32(CURL_PREREQFUNC_OK)
    }

    static let lookupBegins: curl_resolver_start_callback = { _, _, context in
        if let transfer = handle(context)?.transfer, transfer.stage == .queued { transfer.stage = .connecting }
        return 0
    }

    /// A socket was made: the name is known by now.
    static let socketMade: curl_sockopt_callback = { context, socket, _ in
        guard let handle = handle(context) else { return Int32(CURL_SOCKOPT_ERROR) }
        handle.loop.sockets.made(socket)
        if let transfer = handle.transfer {
            if transfer.stage == .queued { transfer.stage = .connecting }
            handle.loop.nameFound(transfer)
        }
        return Int32(CURL_SOCKOPT_OK)
    }

    static let closeSocket: curl_closesocket_callback = { context, socket in
        guard let context else { return 1 }
        return Unmanaged<EventLoop>.fromOpaque(context).takeUnretainedValue().sockets.close(socket)
    }
}

extension Transfer {
    /// Gives the next part of a body that is there as a whole.
    fileprivate func giveBytes(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, bytes.count - offset)
        guard count > 0 else { return 0 }
        UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]).copyBytes(from: bytes[offset..<offset + count])
        offset += count
        return count
    }

    /// Tells the caller of a streamed answer what has come.
    fileprivate func deliverHead() {
        let head = HTTPResponse(status: head.status, fields: self.head.takeFields(), body: [], attempts: attempts)
        continuation?.resume(returning: .success(head))
        continuation = nil
    }
}
