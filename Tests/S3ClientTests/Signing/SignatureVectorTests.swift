import CairnSchema
import Testing

@testable import S3Client

@Suite("Signatures: what the documentation and another program sign")
struct SignatureVectorTests {
    @Test("There are the examples of the documentation and the odd requests")
    func count() {
        #expect(SignatureVectors.all.count == 67)
        #expect(SignatureVectors.all.count { $0.isPresigned } == 17)
        #expect(Set(SignatureVectors.all.map(\.name)).count == 67)
    }

    @Test("Header fields are signed as they were there", arguments: SignatureVectors.all.filter { !$0.isPresigned })
    func header(_ vector: SignatureVectors.Vector) throws {
        let request = try #require(vector.request)
        let date = try #require(vector.text("date").flatMap { SigningDate($0) })
        let signer = Signer(region: try #require(vector.text("region")), keys: SigningKeyCache())
        let credentials = SignatureVectors.credentials(token: vector.text("session_token"))
        let signature = signer.sign(request, payload: .of(vector.body), with: credentials, at: date)

        #expect(signature.fields["authorization"] == vector.text("authorization"))
        #expect(signature.fields["x-amz-content-sha256"] == vector.text("x_amz_content_sha256"))
        #expect(signature.fields["x-amz-date"] == vector.text("date"))
        #expect(signature.fields["x-amz-security-token"] == vector.text("session_token"))
        #expect(signature.fields.count == (vector.text("session_token") == nil ? 3 : 4))
    }

    @Test("Presigned URLs carry the same parameters", arguments: SignatureVectors.all.filter(\.isPresigned))
    func query(_ vector: SignatureVectors.Vector) throws {
        let request = try #require(vector.request)
        let date = try #require(vector.text("date").flatMap { SigningDate($0) })
        let signer = Signer(region: try #require(vector.text("region")), keys: SigningKeyCache())
        let credentials = SignatureVectors.credentials(token: vector.text("session_token"))
        let query = try signer.presign(
            request, seconds: try #require(vector.expires), with: credentials, at: date)

        let wanted = try #require(vector.text("signed_url").flatMap { WireURL($0) })
        #expect(query.split(separator: "&").sorted() == wanted.rawQuery.split(separator: "&").sorted())
        #expect(request.path == wanted.path)
    }

    @Test("The query of a presigned URL is what was signed, with the signature behind it")
    func signatureIsLast() throws {
        let request = SignableRequest(
            method: "GET", host: "h", path: "/b/k", query: CanonicalQuery([("versionId", "3/L4"), ("a", "b c")]))
        let date = try #require(SigningDate("20130524T000000Z"))
        let query = try Signer(region: "us-east-1", keys: SigningKeyCache())
            .presign(request, seconds: 60, with: SignatureVectors.credentials(), at: date)
        #expect(query.hasPrefix("X-Amz-Algorithm="))
        #expect(query.contains("&a=b%20c&versionId=3%2FL4&X-Amz-Signature="))
        #expect(query.split(separator: "&").last?.hasPrefix("X-Amz-Signature=") == true)
    }
}
