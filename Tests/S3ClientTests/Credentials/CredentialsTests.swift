import Foundation
import Testing

@testable import S3Client

@Suite("Credentials")
struct CredentialsTests {
    @Test("Neither the secret nor the token is printed, by any way of printing")
    func secrets() {
        let credentials = Credentials(
            accessKey: "AKID", secretKey: "very-secret", sessionToken: "also-secret",
            expiration: Date(timeIntervalSince1970: 1_800_000_000))
        var dumped = ""
        dump(credentials, to: &dumped)
        dump([credentials], to: &dumped)
        let printed = [
            "\(credentials)", String(reflecting: credentials), "\([credentials])", "\(Optional(credentials) as Any)",
            String(describing: Mirror(reflecting: credentials).children.map(\.value)), dumped,
        ]
        for text in printed {
            #expect(text.contains("AKID"))
            #expect(!text.contains("very-secret"))
            #expect(!text.contains("also-secret"))
        }
        #expect(
            credentials.description
                == "access key AKID, secret hidden, with a session token, until 2027-01-15T08:00:00.000000Z")
        #expect(Credentials.anonymous.description == "anonymous")
    }

    @Test("Credentials are equal when every part is, by bytes")
    func equality() {
        let credentials = Credentials(accessKey: "A", secretKey: "e\u{301}")
        #expect(credentials == Credentials(accessKey: "A", secretKey: "e\u{301}"))
        #expect(credentials != Credentials(accessKey: "A", secretKey: "é"))
        #expect(credentials != Credentials(accessKey: "A", secretKey: "e\u{301}", sessionToken: "t"))
        #expect(credentials != Credentials(accessKey: "A", secretKey: "e\u{301}", expiration: Date()))
    }
}
