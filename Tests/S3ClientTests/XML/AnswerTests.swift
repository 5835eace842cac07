import CairnSchema
import Testing

@testable import S3Client

@Suite("Answers in XML")
struct AnswerTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    /// What reading failed with; nil when it did not.
    private func message(_ body: () throws -> Any) -> String? {
        do {
            _ = try body()
            return nil
        } catch AnswerError.malformed(let error) {
            return error.message
        } catch AnswerError.refused(let document) {
            return document.code
        } catch {
            return "another error: \(error)"
        }
    }

    @Test("A page of a listing, its keys decoded")
    func list() throws {
        let page = try ObjectPage(bytes(SampleDocument.list))
        #expect(
            page.objects == [
                ListedObject(
                    key: "a b+c%d🦆", size: 11, etag: "\"70ee1738b6b21e2c8a43f3a5ab0eee71\"",
                    lastModified: try #require(Timestamp("2026-11-20T15:06:01Z")), storageClass: "INTELLIGENT_TIERING"),
                ListedObject(
                    key: "az", size: 0, etag: "\"70ee1738b6b21e2c8a43f3a5ab0eee71-3\"",
                    lastModified: try #require(Timestamp("2026-11-20T15:06:02Z"))),
            ])
        #expect(page.prefixes == ["a/b c/"])
        #expect(page.isTruncated)
        #expect(page.continuation == "1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=")
    }

    @Test("Keys are left alone when the answer does not say that they are encoded")
    func notEncoded() throws {
        let text = SampleDocument.list.replacing("<EncodingType>url</EncodingType>", with: "")
        #expect(try ObjectPage(bytes(text)).objects.first?.key == "a+b%2Bc%25d%F0%9F%A6%86")
    }

    @Test("It does not matter where in the page the encoding is told")
    func lateEncoding() throws {
        let text = SampleDocument.list.replacing("<EncodingType>url</EncodingType>", with: "")
            .replacing("</ListBucketResult>", with: "<EncodingType>url</EncodingType></ListBucketResult>")
        #expect(try ObjectPage(bytes(text)).objects.first?.key == "a b+c%d🦆")
    }

    @Test("A page that is cut, or has no way to the next, is an error and never a shorter listing")
    func incomplete() throws {
        let list = SampleDocument.list
        let token = /<NextContinuationToken>.*<\/NextContinuationToken>/
        #expect(
            message { try ObjectPage(bytes(list.replacing(token, with: ""))) }
                == "<ListBucketResult> has no <NextContinuationToken>")
        for element in ["Key", "Size", "LastModified"] {
            let cut = list.replacing(try Regex("<\(element)>[^<]*</\(element)>"), with: "")
            #expect(
                message { try ObjectPage(bytes(cut)) }
                    == "an element before here has no <\(element)>")
        }
        #expect(
            message {
                try ObjectPage(bytes(list.replacing("a+b%2Bc%25d", with: "a%2")))
            } == "a key is not encoded as the answer says")
        for length in stride(from: 0, to: list.utf8.count - 1, by: 7) {
            #expect(message { try ObjectPage(Array(list.utf8.prefix(length))) } != nil)
        }
    }

    @Test("A page of versions keeps markers among versions")
    func versions() throws {
        let page = try VersionPage(bytes(SampleDocument.versions))
        #expect(page.versions.map(\.versionID) == ["marker-1", "null"])
        #expect(page.versions.map(\.isDeleteMarker) == [true, false])
        #expect(page.versions.map(\.isLatest) == [true, false])
        #expect(page.versions.map(\.key) == ["my image.jpg", "my image.jpg"])
        #expect(page.versions.map(\.size) == [0, 434_234])
        #expect(page.nextKey == "my image.jpg")
        #expect(page.nextVersionID == "03jpff543dhffds434rfdsFDN943fdsFkdmqnh892")
        // Ceph encodes the keys of its page, but not the last one when it repeats it.
        let odd = SampleDocument.versions.replacing("my+image.jpg", with: "100%25+a%2Bb")
        for marker in ["100% a+b", "100%25+a%2Bb"] {
            let document = odd.replacing(
                "<NextKeyMarker>100%25+a%2Bb</NextKeyMarker>", with: "<NextKeyMarker>\(marker)</NextKeyMarker>")
            let page = try VersionPage(bytes(document))
            #expect(page.nextKey == "100% a+b")
        }
        let unended = SampleDocument.versions.replacing("<NextKeyMarker>my+image.jpg</NextKeyMarker>", with: "")
        #expect(
            message { try VersionPage(bytes(unended)) }
                == "<ListVersionsResult> has no <NextKeyMarker>")
        let last = SampleDocument.versions.replacing("<IsTruncated>true", with: "<IsTruncated>false")
        let end = try VersionPage(bytes(last))
        #expect(end.nextKey == nil && end.nextVersionID == nil)
    }

    @Test("The list of buckets")
    func buckets() throws {
        let page = try BucketPage(
            bytes(
                """
                <ListAllMyBucketsResult><Owner><ID>1</ID></Owner><Buckets><Bucket><Name>a</Name>\
                <CreationDate>2026-11-20T15:06:01.000Z</CreationDate><BucketRegion>eu-west-1</BucketRegion></Bucket>\
                <Bucket><CreationDate>2026-11-20T15:06:01.000Z</CreationDate><Name>b</Name></Bucket></Buckets>\
                <ContinuationToken>t</ContinuationToken></ListAllMyBucketsResult>
                """))
        #expect(page.buckets.map(\.name) == ["a", "b"])
        #expect(page.buckets.map(\.region) == ["eu-west-1", nil])
        #expect(page.continuation == "t")
        #expect(try BucketPage(bytes("<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>")).buckets.isEmpty)
    }

    @Test("Versioning and location")
    func bucketSettings() throws {
        let cases: [(String, Versioning)] = [
            ("<VersioningConfiguration/>", .off),
            ("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>", .enabled),
            (
                "<VersioningConfiguration><MfaDelete>Disabled</MfaDelete><Status>Suspended</Status></VersioningConfiguration>",
                .suspended
            ),
        ]
        for (document, wanted) in cases { #expect(try Versioning(bytes(document)) == wanted) }
        #expect(
            message {
                try Versioning(
                    bytes("<VersioningConfiguration><Status>Maybe</Status></VersioningConfiguration>"))
            } == "expected Enabled or Suspended")
        for (text, region) in [("", "us-east-1"), ("EU", "eu-west-1"), ("eu-central-1", "eu-central-1")] {
            let document = "<LocationConstraint xmlns=\"x\">\(text)</LocationConstraint>"
            #expect(try BucketLocation.region(bytes(document)) == region)
        }
    }

    @Test("Deleting many tells what was deleted and what was not")
    func deleteResult() throws {
        let result = try DeleteResult(bytes(SampleDocument.deleteResult))
        #expect(
            result.deleted == [
                .init(key: "a & b"), .init(key: "c", isDeleteMarker: true, markerVersionID: "m1"),
            ])
        #expect(
            result.failures == [.init(key: "d", versionID: "v1", code: "AccessDenied", message: "Access Denied")])
    }

    @Test("Uploads in parts: begun, listed, ended")
    func multipart() throws {
        let start = "<InitiateMultipartUploadResult><Key>k</Key><UploadId>u</UploadId></InitiateMultipartUploadResult>"
        #expect(try UploadStart(bytes(start)).uploadID == "u")
        #expect(
            message {
                try UploadStart(bytes(start.replacing("<UploadId>u</UploadId>", with: "<UploadId/>")))
            } == "<InitiateMultipartUploadResult> has no <UploadId>")

        let page = try PartPage(bytes(SampleDocument.parts))
        #expect(page.parts.map(\.number) == [2, 3])
        #expect(page.parts.map(\.size) == [10_485_760, 10_485_761])
        #expect(page.parts.map(\.crc32c) == [nil, "sOO8/Q=="])
        #expect(page.nextNumber == 3)

        let end = """
            <CompleteMultipartUploadResult><Location>l</Location><ETag>"x-2"</ETag>\
            <ChecksumCRC32C>sOO8/Q==-2</ChecksumCRC32C></CompleteMultipartUploadResult>
            """
        let uploadEnd = try UploadEnd(bytes(end))
        #expect(uploadEnd.etag == "\"x-2\"")
        #expect(uploadEnd.crc32c == "sOO8/Q==-2")

        let uploads = try UploadPage(
            bytes(
                """
                <ListMultipartUploadsResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>\
                <NextKeyMarker>a%2Bb</NextKeyMarker><NextUploadIdMarker>u</NextUploadIdMarker>\
                <Upload><Key>a%2Bb</Key><UploadId>u</UploadId><Initiated>2026-11-20T15:06:01.000Z</Initiated></Upload>\
                </ListMultipartUploadsResult>
                """))
        #expect(uploads.uploads.map(\.key) == ["a+b"])
        #expect(uploads.nextKey == "a+b")
        #expect(uploads.nextUploadID == "u")
    }

    @Test("Copies")
    func copies() throws {
        let object = """
            <CopyObjectResult><LastModified>2026-11-20T15:06:01.000Z</LastModified><ETag>"x"</ETag></CopyObjectResult>
            """
        #expect(try CopyResult(bytes(object)).etag == "\"x\"")
        let part = "<CopyPartResult><ETag>\"y\"</ETag></CopyPartResult>"
        #expect(try CopyResult(bytes(part), isPart: true).etag == "\"y\"")
        #expect(
            message { try CopyResult(bytes(part)) }
                == "expected <CopyObjectResult>, found another element")
    }

    @Test("Tags")
    func tags() throws {
        #expect(
            try ObjectTag.read(bytes(SampleDocument.tagging)) == [
                ObjectTag(key: "a", value: "1 < 2"), ObjectTag(key: "b", value: ""),
            ])
    }

    @Test("An error in the body of an answer is an error, whatever was asked for")
    func errorBodies() {
        let error = bytes("<Error><Code>InternalError</Code><Message>We failed.</Message></Error>")
        let readers: [([UInt8]) throws -> Any] = [
            { try ObjectPage($0) },
            { try UploadEnd($0) },
            { try CopyResult($0) },
            { try CopyResult($0, isPart: true) },
            { try DeleteResult($0) },
            { try BucketLocation.region($0) },
        ]
        for reader in readers {
            #expect(message { try reader(error) } == "InternalError")
        }
    }

    @Test("Errors of S3 and of STS")
    func errors() throws {
        let denied = try ErrorDocument(bytes(SampleDocument.accessDenied))
        #expect(denied.code == "SignatureDoesNotMatch")
        #expect(denied.requestID == "4442587FB7D0A2F9")
        #expect(denied.hostID == "host-id")
        #expect(denied.bucket == "bucket")
        let sts = try ErrorDocument(
            bytes(
                """
                <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>\
                <Code>ExpiredTokenException</Code><Message>Token expired</Message></Error><RequestId>r</RequestId>\
                </ErrorResponse>
                """))
        #expect(sts.code == "ExpiredTokenException")
        #expect(sts.message == "Token expired")
        #expect(sts.requestID == "r")
        #expect(
            message { try ErrorDocument(bytes("<Error><Message>x</Message></Error>")) }
                == "<Error> has no <Code>")
        #expect(message { try ErrorDocument(bytes("<html>no</html>")) } != nil)
    }

    @Test("Temporary credentials")
    func role() throws {
        let credentials = try RoleDocument.credentials(bytes(SampleDocument.role), isWebIdentity: false)
        #expect(credentials.accessKey == "ASIAIOSFODNN7EXAMPLE")
        #expect(credentials.secretKey == "temporary/secret")
        #expect(credentials.sessionToken == "token==")
        #expect(credentials.expiration?.timeIntervalSince1970 == 1_795_190_761)
        let webIdentity = SampleDocument.role.replacing("AssumeRole", with: "AssumeRoleWithWebIdentity")
        #expect(try RoleDocument.credentials(bytes(webIdentity), isWebIdentity: true) == credentials)
        for element in ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"] {
            let cut = SampleDocument.role.replacing(try Regex("<\(element)>[^<]*</\(element)>"), with: "")
            #expect(
                message {
                    try RoleDocument.credentials(bytes(cut), isWebIdentity: false)
                } == "<AssumeRoleResponse> has no <\(element)>")
        }
    }
}
