import CCurl

extension TransportError {
    static func invalid(_ request: borrowing HTTPRequest, _ detail: String) -> TransportError {
        TransportError(
            .invalid, .queued, isSurelyNotSent: true,
            request: "\(request.method.debugDescription) to host \(request.host.debugDescription)", detail: detail)
    }

    static func resources(_ detail: String) -> TransportError {
        TransportError(.resources, .queued, isSurelyNotSent: true, request: "transport", detail: detail)
    }
}

extension TransportOptions {
    /// - Throws: `invalid`.
    func check() throws(TransportError) {
        func refuse(_ detail: String) -> TransportError {
            TransportError(.invalid, .queued, isSurelyNotSent: true, request: "transport options", detail: detail)
        }
        if maximumConnections < 1 { throw refuse("maximumConnections is \(maximumConnections); it must be 1 or more.") }
        if connectTimeout <= .zero || idleTimeout <= .zero || keepAlive <= .zero {
            throw refuse("a timeout is not positive; leave it at its default, or make it long.")
        }
        if proxy == "" { throw refuse("proxy is empty; leave it out.") }
        if authoritiesFile == "" { throw refuse("authoritiesFile is empty; leave it out.") }
    }
}

extension EventLoop {
    /// What a result of libcurl's means; nil: the answer is whole.
    func failure(of transfer: Transfer, _ handle: EasyHandle, _ code: CURLcode) -> TransportError? {
        if let failure = transfer.failure { return failure }
        // libcurl was kept from sending again after an answer to `Expect`: that answer stands.
        let hasAnswer = transfer.head.isComplete
        if code == CURLE_OK || code == CURLE_ABORTED_BY_CALLBACK, hasAnswer { return nil }
        let detail = "\(handle.text(of: code))."
        // A connection that was made and refused in one go was never waited for.
        if transfer.stage == .connecting, EventLoop.isOfTLS(code) { transfer.stage = .securing }
        switch code {
        case CURLE_OUT_OF_MEMORY:
            // So libcurl before 8.6 also calls a line of a head that is longer than it takes (100 KiB).
            guard transfer.attempts > 0, !hasAnswer else { return transfer.error(.resources, detail) }
            return transfer.error(.malformed, "a line of the head of the answer has no end, or memory has.")
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY:
            return transfer.error(.malformed, detail)
        default: break
        }
        if hasAnswer { return transfer.error(.truncated, detail) }
        let error = transfer.error(.noAnswer, detail)
        return error.isSurelyNotSent ? transfer.error(connectKind(handle, error.phase, code), detail) : error
    }

    /// Why there is no connection.
    private func connectKind(
        _ handle: EasyHandle, _ phase: TransportError.Phase, _ code: CURLcode
    ) -> TransportError.Kind {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST: return .resolve
        case CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY: return .proxy
        case CURLE_OPERATION_TIMEDOUT: return .timeout
        case CURLE_COULDNT_CONNECT: return options.proxy == nil ? .connect : .proxy
        case _ where EventLoop.isOfTLS(code): return .tls
        default:
            if handle.tunnelStatus != 0 { return .proxy }
            return phase == .securing ? .tls : .connect
        }
    }

    private static func isOfTLS(_ code: CURLcode) -> Bool {
        switch code {
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM,
            CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CRL_BADFILE, CURLE_SSL_ENGINE_INITFAILED,
            CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_PINNEDPUBKEYNOTMATCH:
            true
        default: false
        }
    }
}
