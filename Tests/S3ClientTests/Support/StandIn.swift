import CairnCore
import CairnSchema

@testable import S3Client

/// What sources of credentials find in a test: variables, files, and a server that answers as the test says.
final class StandIn: Sendable {
    private struct State {
        var environment: [String: String] = [:]
        var files: [String: [UInt8]] = [:]
        var now = Timestamp("2026-11-20T12:00:00Z") ?? .epoch
        var requests: [CredentialsRequest] = []
        var sleeps: [Duration] = []
    }

    private let state = Lock(State())
    private let answer: @Sendable (CredentialsRequest) throws -> CredentialsAnswer

    init(
        environment: [String: String] = [:], files: [String: String] = [:],
        answer: @escaping @Sendable (CredentialsRequest) throws -> CredentialsAnswer = { _ in throw Unreachable() }
    ) {
        self.answer = answer
        state.withLock { state in
            state.environment = environment
            state.files = files.mapValues { Array($0.utf8) }
        }
    }

    /// No server is there.
    struct Unreachable: Error {}

    var surroundings: Surroundings {
        Surroundings(
            environment: state.withLock { $0.environment },
            readFile: { path throws(S3Error) in self.state.withLock { $0.files[path] } },
            exchange: { request in
                self.state.withLock { $0.requests.append(request) }
                return try self.answer(request)
            },
            now: { self.state.withLock { $0.now } },
            sleep: { pause in self.state.withLock { $0.sleeps.append(pause) } })
    }

    var requests: [CredentialsRequest] { state.withLock { $0.requests } }
    var sleeps: [Duration] { state.withLock { $0.sleeps } }

    func set(_ path: String, _ text: String) { state.withLock { $0.files[path] = Array(text.utf8) } }

    func pass(_ duration: Duration) {
        state.withLock { state in
            let microseconds = duration.components.seconds * 1_000_000
            state.now = state.now.adding(microseconds: microseconds) ?? state.now
        }
    }
}

extension CredentialsAnswer {
    init(_ status: Int, _ text: String) {
        self.init(status: status, body: Array(text.utf8))
    }
}

extension CredentialsLoading {
    /// The credentials, or the reason why there are none.
    func loaded() async throws -> String {
        switch try await load() {
        case .found(let credentials):
            ([credentials.accessKey, credentials.secretKey] + (credentials.sessionToken.map { [$0] } ?? []))
                .joined(separator: "/")
        case .absent(let reason): "absent: \(reason)"
        }
    }
}
