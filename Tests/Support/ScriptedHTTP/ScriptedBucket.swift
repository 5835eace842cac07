import CairnCore
import Foundation

/// A bucket of S3 in memory behind a loopback port, with the habits a test wants.
///
/// It knows what a store needs: whole objects, ranges, conditions, listings in pages, removals of one and of many.
package final class ScriptedBucket: Sendable {
    /// What a server does in its own way.
    package struct Habits: Sendable {
        /// Whether `If-None-Match: *` is looked at.
        package var keepsCreate = true
        /// Whether `If-Match` is looked at.
        package var keepsSwap = true
        /// Whether `If-Match` is compared with the ETag without quotes, as Ceph does.
        package var wantsUnquoted = false
        /// Whether a write that was refused happens all the same.
        package var writesWhatItRefuses = false
        /// Whether a signature is good for ever.
        package var takesOldDates = false
        /// Whether keys that differ in case are one.
        package var foldsCase = false
        /// Whether a plus in a key becomes a space.
        package var losesPlus = false
        /// Whether keys are listed from the last to the first.
        package var listsBackwards = false
        /// Whether there is a bucket.
        package var exists = true
        /// What these credentials may look at; all without it.
        package var readablePrefix = ""
        /// Whether these credentials may write.
        package var isWritable = true
        /// Whether its policy refuses writes that do not say how they are encrypted.
        package var demandsEncryption = false
        /// Header fields that every answer has besides, such as those of a cache before the server.
        package var fields: [String] = []

        package init() {}

        /// What a key becomes.
        func key(_ asked: String) -> String {
            let folded = foldsCase ? asked.lowercased() : asked
            return losesPlus ? folded.replacing("+", with: " ") : folded
        }
    }

    package struct Object: Sendable {
        package var bytes: [UInt8]
        package var head: String
        var number: Int
        var etag: String { "\"e\(number)\"" }
    }

    /// The name of the bucket.
    package static let name = "photos"
    package let server: ScriptedServer
    private let habits: Lock<Habits>
    private let state: Lock<State>

    private struct State {
        var objects: [String: Object] = [:]
        var count = 0
    }

    package init(_ change: (inout Habits) -> Void = { _ in }) throws {
        var first = Habits()
        change(&first)
        let habits = Lock(first)
        self.habits = habits
        let state = Lock(State())
        self.state = state
        server = try ScriptedServer { request in
            let known = habits.withLock { $0 }
            var answer = state.withLock { ScriptedBucket.answer(request, known, &$0) }
            answer.fields += ["Server: Scripted/1", "x-amz-request-id: 1", "Date: \(ScriptedBucket.date(.now))"]
            answer.fields += known.fields
            return answer
        }
    }

    /// What the server does from now on.
    package func become(_ habits: Habits) { self.habits.withLock { $0 = habits } }

    package var endpoint: String { "http://127.0.0.1:\(server.port)" }

    /// The keys that are there.
    package var keys: [String] { state.withLock { $0.objects.keys.sorted() } }

    package func object(_ key: String) -> Object? { state.withLock { $0.objects[key] } }

    package func store(_ key: String, _ text: String) {
        state.withLock { ScriptedBucket.store(key, Array(text.utf8), "", &$0) }
    }

    /// Each request as `PUT key`, of listings `GET ?prefix`.
    package var calls: [String] {
        server.requests.map { request in
            let (key, query) = ScriptedBucket.place(request)
            let isList = query["list-type"] != nil
            return
                "\(request.method) \(isList ? "?" + (query["prefix"] ?? "") : query["delete"] == nil ? key : "?delete")"
        }
    }

    // MARK: Answering

    private static func answer(_ request: ScriptedServer.Request, _ habits: Habits, _ state: inout State)
        -> ScriptedServer.Answer
    {
        let (asked, query) = place(request)
        let key = habits.key(asked)
        guard habits.exists else { return refusal("404 Not Found", "NoSuchBucket") }
        guard (query["prefix"] ?? key).hasPrefix(habits.readablePrefix) else {
            return refusal("403 Forbidden", "AccessDenied")
        }
        if isTooOld(request), !habits.takesOldDates { return refusal("403 Forbidden", "RequestTimeTooSkewed") }
        let isWrite = !["GET", "HEAD"].contains(request.method)
        if isWrite, !habits.isWritable { return refusal("403 Forbidden", "AccessDenied") }
        if request.method == "PUT", habits.demandsEncryption, request.field("x-amz-server-side-encryption") == nil {
            return refusal("403 Forbidden", "AccessDenied")
        }
        switch request.method {
        case "GET" where query["list-type"] != nil: return list(query, habits, state)
        case "GET", "HEAD": return get(key, request, state)
        case "PUT": return put(key, request, habits, &state)
        case "DELETE":
            state.objects[key] = nil
            return ScriptedServer.Answer(status: "204 No Content")
        case "POST" where query["delete"] != nil:
            for match in request.body.matches(of: /<Key>(.*?)<\/Key>/) {
                let plain = String(match.1).replacing("&lt;", with: "<").replacing("&amp;", with: "&")
                state.objects[habits.key(plain)] = nil
            }
            return ScriptedServer.Answer(body: "<DeleteResult/>")
        default: return refusal("501 Not Implemented", "NotImplemented")
        }
    }

    private static func get(
        _ key: String, _ request: ScriptedServer.Request, _ state: State
    ) -> ScriptedServer.Answer {
        if key.isEmpty { return ScriptedServer.Answer() }
        guard let object = state.objects[key] else { return refusal("404 Not Found", "NoSuchKey") }
        let fields = ["ETag: \(object.etag)", "Last-Modified: \(date(.now))"]
        let all = object.bytes
        guard let range = request.field("range")?.dropFirst("bytes=".count) else {
            let length = request.method == "HEAD" ? ["Content-Length: \(all.count)"] : []
            return ScriptedServer.Answer(fields: fields + length, bytes: all)
        }
        let ends = range.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        let first = ends[0] ?? max(0, all.count - (ends[1] ?? 0))
        let last = ends[0] == nil ? all.count - 1 : min(ends[1] ?? all.count - 1, all.count - 1)
        guard first <= last else { return refusal("416 Range Not Satisfiable", "InvalidRange") }
        return ScriptedServer.Answer(
            status: "206 Partial Content", fields: fields + ["Content-Range: bytes \(first)-\(last)/\(all.count)"],
            bytes: Array(all[first...last]))
    }

    private static func put(
        _ key: String, _ request: ScriptedServer.Request, _ habits: Habits, _ state: inout State
    ) -> ScriptedServer.Answer {
        let found = state.objects[key]
        var isRefused = habits.keepsCreate && request.field("if-none-match") == "*" && found != nil
        if habits.keepsSwap, let asked = request.field("if-match") {
            guard let found else { return refusal("404 Not Found", "NoSuchKey") }
            isRefused = asked != (habits.wantsUnquoted ? String(found.etag.dropFirst().dropLast()) : found.etag)
        }
        if !isRefused || habits.writesWhatItRefuses { store(key, request.bytes, request.head, &state) }
        if isRefused { return refusal("412 Precondition Failed", "PreconditionFailed") }
        return ScriptedServer.Answer(fields: ["ETag: \(state.objects[key]?.etag ?? "")"])
    }

    private static func store(_ key: String, _ bytes: [UInt8], _ head: String, _ state: inout State) {
        state.count += 1
        state.objects[key] = Object(bytes: bytes, head: head, number: state.count)
    }

    private static func list(_ query: [String: String], _ habits: Habits, _ state: State) -> ScriptedServer.Answer {
        let after = query["continuation-token"] ?? query["start-after"] ?? ""
        var keys = state.objects.keys.filter { key in
            key.hasPrefix(query["prefix"] ?? "") && after.utf8.lexicographicallyPrecedes(key.utf8)
        }
        keys.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        if habits.listsBackwards { keys.reverse() }
        let page = keys.prefix(query["max-keys"].flatMap { Int($0) } ?? 1000)
        let contents = page.map { key in
            let object = state.objects[key]
            let escaped = key.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? key
            return
                "<Contents><Key>\(escaped)</Key><LastModified>2026-11-20T12:00:00.000Z</LastModified><ETag>\(object?.etag ?? "")</ETag><Size>\(object?.bytes.count ?? 0)</Size></Contents>"
        }
        let isTruncated = page.count < keys.count
        let next = isTruncated ? "<NextContinuationToken>\(page.last ?? "")</NextContinuationToken>" : ""
        return ScriptedServer.Answer(
            body:
                "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>\(isTruncated)</IsTruncated>\(next)\(contents.joined())</ListBucketResult>"
        )
    }

    private static func refusal(_ status: String, _ code: String) -> ScriptedServer.Answer {
        ScriptedServer.Answer(status: status, body: "<Error><Code>\(code)</Code></Error>")
    }

    // MARK: Reading requests

    private static func place(_ request: ScriptedServer.Request) -> (key: String, query: [String: String]) {
        let parts = request.target.split(separator: "?", maxSplits: 1).map(String.init)
        var query: [String: String] = [:]
        for item in parts.count > 1 ? parts[1].split(separator: "&") : [] {
            let pair = item.split(separator: "=", maxSplits: 1).map { String($0).removingPercentEncoding ?? "" }
            query[pair[0]] = pair.count > 1 ? pair[1] : ""
        }
        let key = parts[0].dropFirst("/\(name)/".count)
        return (String(key).removingPercentEncoding ?? "", query)
    }

    /// Whether a request was signed more than 15 minutes ago.
    private static func isTooOld(_ request: ScriptedServer.Request) -> Bool {
        guard let text = request.field("x-amz-date"),
            let match = text.wholeMatch(of: /(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/)
        else { return false }
        let numbers = [match.1, match.2, match.3, match.4, match.5, match.6].map { Int($0) ?? 0 }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = DateComponents(
            year: numbers[0], month: numbers[1], day: numbers[2], hour: numbers[3], minute: numbers[4],
            second: numbers[5])
        guard let signed = calendar.date(from: parts) else { return false }
        return abs(Date.now.timeIntervalSince(signed)) > 15 * 60
    }

    /// A date as header fields have it.
    private static func date(_ date: Date) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = .gmt
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter.string(from: date)
    }
}
