import CCurl

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A transfer handle of libcurl, used for one request after the other.
///
/// Belongs to the thread of its loop. The callbacks find it by its address; the loop keeps it until libcurl has let go of its
/// handle, so the address is good whenever libcurl calls.
final class EasyHandle {
    let curl: UnsafeMutableRawPointer
    unowned let loop: EventLoop
    /// The request it works for.
    private(set) var transfer: Transfer?
    /// Whether its requests may use HTTP/2. It never serves both kinds: in libcurl 7.88 a shared connection leaves traces in a
    /// handle.
    let mayShare: Bool
    private let errorText: UnsafeMutablePointer<CChar>

    /// - Returns: nil when there is no memory left, or libcurl lacks what is needed.
    init?(_ loop: EventLoop, _ options: TransportOptions, mayShare: Bool) {
        guard let curl = curl_easy_init() else { return nil }
        self.curl = curl
        self.loop = loop
        self.mayShare = mayShare
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        guard setUp(options) else { return nil }
    }

    deinit {
        curl_easy_cleanup(curl)
        errorText.deallocate()
    }

    // MARK: Options

    /// What holds for every request.
    private func setUp(_ options: TransportOptions) -> Bool {
        let context = Unmanaged.passUnretained(self).toOpaque()
        let loopContext = Unmanaged.passUnretained(loop).toOpaque()
        let verdicts = [
            set(CURLOPT_PRIVATE, context),
            set(CURLOPT_ERRORBUFFER, errorText),
            set(CURLOPT_NOSIGNAL, 1),
            set(CURLOPT_TCP_KEEPALIVE, 1),
            set(CURLOPT_HTTP_VERSION, Int(mayShare ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1)),
            // The first connection tells whether it can be shared, before 64 are made.
            set(CURLOPT_PIPEWAIT, mayShare ? 1 : 0),
            set(CURLOPT_BUFFERSIZE, 64 * 1024),
            set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1),
            set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2)),
            set(CURLOPT_CONNECTTIMEOUT_MS, options.connectTimeout.wholeMilliseconds),
            set(CURLOPT_MAXAGE_CONN, max(1, Int(options.keepAlive.components.seconds))),
            set(CURLOPT_USERAGENT, options.userAgent),
            // An empty text also keeps libcurl from looking into the environment.
            set(CURLOPT_PROXY, options.proxy ?? ""),
            set(CURLOPT_NOPROXY, ""),
            setAuthorities(options.authoritiesFile),
            cairn_curl_abandon_lookups(curl),
            cairn_curl_set_data_function(curl, CURLOPT_WRITEFUNCTION, EasyHandle.write),
            set(CURLOPT_WRITEDATA, context),
            cairn_curl_set_data_function(curl, CURLOPT_HEADERFUNCTION, EasyHandle.header),
            set(CURLOPT_HEADERDATA, context),
            cairn_curl_set_data_function(curl, CURLOPT_READFUNCTION, EasyHandle.read),
            set(CURLOPT_READDATA, context),
            cairn_curl_set_seek_function(curl, EasyHandle.seek),
            set(CURLOPT_SEEKDATA, context),
            cairn_curl_set_prerequest_function(curl, EasyHandle.prerequest),
            set(CURLOPT_PREREQDATA, context),
            cairn_curl_set_resolver_start_function(curl, EasyHandle.lookupBegins),
            set(CURLOPT_RESOLVER_START_DATA, context),
            cairn_curl_set_socket_made_function(curl, EasyHandle.socketMade),
            set(CURLOPT_SOCKOPTDATA, context),
            cairn_curl_set_close_socket_function(curl, EasyHandle.closeSocket),
            set(CURLOPT_CLOSESOCKETDATA, loopContext),
        ]
        return verdicts.allSatisfy { $0 == CURLE_OK }
    }

    /// Trusts what a file says and nothing else; without one, what the system's does.
    ///
    /// A folder of certificates, which libcurl looks at by default too, would keep it from reading the file once for all
    /// connections: 30 ms of work for each of them, against 1 (Debian 12, libcurl 7.88).
    private func setAuthorities(_ path: String?) -> CURLcode {
        var verdicts: [CURLcode] = []
        if let path { verdicts += [set(CURLOPT_CAINFO, path), set(CURLOPT_PROXY_CAINFO, path)] }
        if path != nil || EasyHandle.hasSystemFile {
            verdicts += [set(CURLOPT_CAPATH, nil as String?), set(CURLOPT_PROXY_CAPATH, nil as String?)]
        }
        return verdicts.first { $0 != CURLE_OK } ?? CURLE_OK
    }

    private static let hasSystemFile = cairn_curl_authorities_file().map { access($0, R_OK) == 0 } ?? false

    /// Takes a request. libcurl keeps pointers into it until `release`.
    /// - Returns: Whether all was taken; false when there is no memory left.
    func prepare(_ transfer: Transfer) -> Bool {
        self.transfer = transfer
        transfer.handle = self
        errorText[0] = 0
        let code = [
            cairn_curl_set_text(curl, CURLOPT_URL, transfer.wire.url),
            cairn_curl_set_text(curl, CURLOPT_REQUEST_TARGET, transfer.wire.target),
            cairn_curl_set_list(curl, CURLOPT_HTTPHEADER, transfer.wire.headers),
            cairn_curl_set_text(curl, CURLOPT_CUSTOMREQUEST, transfer.wire.method),
            // Takes back what the last request said of its body.
            set(CURLOPT_HTTPGET, 1),
        ].first { $0 != CURLE_OK }
        return code == nil && setShape(transfer)
    }

    private func setShape(_ transfer: Transfer) -> Bool {
        switch transfer.wire.shape {
        case .withoutBody: return true
        case .head: return set(CURLOPT_NOBODY, 1) == CURLE_OK
        case .smallBody:
            return set(CURLOPT_POST, 1) == CURLE_OK
                && cairn_curl_set_offset(curl, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(transfer.wire.body.count))
                    == CURLE_OK
                && cairn_curl_set_pointer(curl, CURLOPT_POSTFIELDS, transfer.wire.body.baseAddress) == CURLE_OK
        case .upload(let length):
            return set(CURLOPT_UPLOAD, 1) == CURLE_OK
                && cairn_curl_set_offset(curl, CURLOPT_INFILESIZE_LARGE, curl_off_t(length ?? -1)) == CURLE_OK
        }
    }

    /// Lets go of the request. libcurl does not look at what it still points to before the next `prepare`.
    func release() {
        transfer?.handle = nil
        transfer = nil
    }

    private func set(_ option: CURLoption, _ value: Int) -> CURLcode { cairn_curl_set_long(curl, option, value) }

    private func set(_ option: CURLoption, _ text: String?) -> CURLcode { cairn_curl_set_text(curl, option, text) }

    private func set(_ option: CURLoption, _ pointer: UnsafeMutableRawPointer) -> CURLcode {
        cairn_curl_set_pointer(curl, option, pointer)
    }

    // MARK: What libcurl knows

    /// The handle that libcurl calls `easy`.
    static func of(_ easy: UnsafeMutableRawPointer?) -> EasyHandle? {
        var context: UnsafeMutableRawPointer?
        guard let easy, cairn_curl_get_pointer(easy, CURLINFO_PRIVATE, &context) == CURLE_OK, let context else {
            return nil
        }
        return Unmanaged<EasyHandle>.fromOpaque(context).takeUnretainedValue()
    }

    /// What libcurl says of a failure.
    func text(of code: CURLcode) -> String {
        let own = String(cString: errorText)
        return own.isEmpty ? String(cString: curl_easy_strerror(code)) : own
    }

    /// Bytes of heads of this request that were written to a connection, with small bodies.
    var sentHeadBytes: Int { number(CURLINFO_REQUEST_SIZE) }

    /// The length of the answer's body as announced; nil without one.
    var announcedLength: Int? {
        let length = offset(CURLINFO_CONTENT_LENGTH_DOWNLOAD_T)
        return length >= 0 ? length : nil
    }

    /// The status with which a proxy answered the wish for a tunnel; 0 without one.
    var tunnelStatus: Int { number(CURLINFO_HTTP_CONNECTCODE) }

    /// Whether the name of the host has been looked up, or needs no lookup.
    var hasName: Bool { offset(CURLINFO_NAMELOOKUP_TIME_T) > 0 }

    private func number(_ info: CURLINFO) -> Int {
        var value = 0
        return cairn_curl_get_long(curl, info, &value) == CURLE_OK ? value : 0
    }

    private func offset(_ info: CURLINFO) -> Int {
        var value: curl_off_t = 0
        return cairn_curl_get_offset(curl, info, &value) == CURLE_OK ? Int(value) : 0
    }
}

/// Handles that wait for their next request.
struct HandlePool {
    private var single: [EasyHandle] = []
    private var sharing: [EasyHandle] = []

    mutating func take(_ mayShare: Bool) -> EasyHandle? { mayShare ? sharing.popLast() : single.popLast() }

    mutating func give(_ handle: EasyHandle, limit: Int) {
        guard single.count + sharing.count < limit else { return }
        if handle.mayShare { sharing.append(handle) } else { single.append(handle) }
    }
}

extension Duration {
    /// Rounded up, within what libcurl and the system take: 1 to 2^31 - 1.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        guard seconds < 2_000_000 else { return Int(Int32.max) }
        return max(1, Int(seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000))
    }
}
