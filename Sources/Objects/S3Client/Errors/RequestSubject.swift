/// What a request was about, for the errors it may end with.
struct RequestSubject: Sendable {
    var method: String
    var bucket: String?
    var key: String?
    /// The region it was signed for.
    var region: String?
    /// The date it was signed with.
    var signedAt: SigningDate?

    /// The server that was asked, for errors of the way to it.
    var server: S3Endpoint?

    /// The object or bucket, and the server where it is what counts, for messages.
    var place: String { server.map { "\(name) at \($0)" } ?? name }

    /// The object or bucket, for messages.
    var name: String {
        switch (bucket, key) {
        case (let bucket?, let key?): "\(RequestSubject.quoted(key)) in bucket '\(bucket)'"
        case (let bucket?, nil): "bucket '\(bucket)'"
        default: "the server"
        }
    }

    /// A key in quotes; escapes for the control characters in it, so that a message stays a line.
    private static func quoted(_ key: String) -> String {
        let isPlain = key.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        return isPlain ? "'\(key)'" : key.debugDescription
    }

    /// The details of an error that has only the subject to tell.
    var details: S3Error.Details {
        var details = S3Error.Details()
        details.bucket = bucket
        details.key = key
        return details
    }
}
