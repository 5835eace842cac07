/// Rules for URLs that carry their signature.
enum PresignRules {
    /// Seconds a presigned URL may be good: S3 takes 1 to 604,800 ("Authenticating Requests: Using Query Parameters").
    static let seconds = 1...604_800

    static func check(seconds: Int) throws(S3Error) {
        guard PresignRules.seconds.contains(seconds) else {
            throw S3Error(
                .invalid, "a presigned URL cannot be good for \(seconds) seconds",
                remedy: "choose from 1 second to 604800 seconds, which is 7 days")
        }
    }
}
