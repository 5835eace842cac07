/// Answers as real servers write them.
enum SampleDocument {
    static let all = [list, versions, deleteResult, parts, accessDenied, role, tagging]

    /// As AWS writes it: one line, quotes as entities.
    static let list = """
        <?xml version="1.0" encoding="UTF-8"?>
        <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bucket</Name><Prefix>a</Prefix>\
        <NextContinuationToken>1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=</NextContinuationToken>\
        <KeyCount>3</KeyCount><MaxKeys>3</MaxKeys><Delimiter>%2F</Delimiter><EncodingType>url</EncodingType>\
        <IsTruncated>true</IsTruncated>\
        <Contents><Key>a+b%2Bc%25d%F0%9F%A6%86</Key><LastModified>2026-11-20T15:06:01.000Z</LastModified>\
        <ETag>&quot;70ee1738b6b21e2c8a43f3a5ab0eee71&quot;</ETag><ChecksumAlgorithm>CRC32C</ChecksumAlgorithm>\
        <Size>11</Size><Owner><ID>75aa57f0</ID><DisplayName>me</DisplayName></Owner>\
        <StorageClass>INTELLIGENT_TIERING</StorageClass></Contents>\
        <Contents><Key>az</Key><LastModified>2026-11-20T15:06:02.000Z</LastModified>\
        <ETag>&#34;70ee1738b6b21e2c8a43f3a5ab0eee71-3&#34;</ETag><Size>0</Size></Contents>\
        <CommonPrefixes><Prefix>a/b+c/</Prefix></CommonPrefixes></ListBucketResult>
        """

    static let versions = """
        <?xml version="1.0" encoding="UTF-8"?>
        <ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
          <Name>bucket</Name><KeyMarker></KeyMarker><VersionIdMarker></VersionIdMarker><MaxKeys>5</MaxKeys>
          <EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>
          <NextKeyMarker>my+image.jpg</NextKeyMarker><NextVersionIdMarker>03jpff543dhffds434rfdsFDN943fdsFkdmqnh892</NextVersionIdMarker>
          <DeleteMarker><Key>my+image.jpg</Key><VersionId>marker-1</VersionId><IsLatest>true</IsLatest>
            <LastModified>2026-11-12T17:50:30.000Z</LastModified></DeleteMarker>
          <Version><Key>my+image.jpg</Key><VersionId>null</VersionId><IsLatest>false</IsLatest>
            <LastModified>2026-10-10T17:50:30.000Z</LastModified><ETag>"fba9dede5f27731c9771645a39863328"</ETag>
            <Size>434234</Size><StorageClass>STANDARD</StorageClass></Version>
        </ListVersionsResult>
        """

    static let deleteResult = """
        <DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Deleted><Key>a &amp; b</Key></Deleted>\
        <Deleted><Key>c</Key><DeleteMarker>true</DeleteMarker><DeleteMarkerVersionId>m1</DeleteMarkerVersionId></Deleted>\
        <Error><Key>d</Key><VersionId>v1</VersionId><Code>AccessDenied</Code><Message>Access Denied</Message></Error>\
        </DeleteResult>
        """

    static let parts = """
        <ListPartsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Bucket>b</Bucket><Key>k</Key>\
        <UploadId>u</UploadId><PartNumberMarker>1</PartNumberMarker><NextPartNumberMarker>3</NextPartNumberMarker>\
        <MaxParts>2</MaxParts><IsTruncated>true</IsTruncated>\
        <Part><PartNumber>2</PartNumber><LastModified>2026-11-10T20:48:34.000Z</LastModified>\
        <ETag>"7778aef83f66abc1fa1e8477f296d394"</ETag><Size>10485760</Size></Part>\
        <Part><PartNumber>3</PartNumber><LastModified>2026-11-10T20:48:33.000Z</LastModified>\
        <ETag>"aaaa18db4cc2f85cedef654fccc4a4x8"</ETag><Size>10485761</Size>\
        <ChecksumCRC32C>sOO8/Q==</ChecksumCRC32C></Part></ListPartsResult>
        """

    static let accessDenied = """
        <?xml version="1.0" encoding="UTF-8"?>
        <Error><Code>SignatureDoesNotMatch</Code><Message>The request signature we calculated does not match the \
        signature you provided.</Message><AWSAccessKeyId>AKIAIOSFODNN7EXAMPLE</AWSAccessKeyId>\
        <StringToSign>AWS4-HMAC-SHA256</StringToSign><SignatureProvided>deadbeef</SignatureProvided>\
        <CanonicalRequest>x-amz-security-token:SECRET-TOKEN</CanonicalRequest><BucketName>bucket</BucketName>\
        <RequestId>4442587FB7D0A2F9</RequestId><HostId>host-id</HostId></Error>
        """

    static let role = """
        <AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>\
        <SourceIdentity>Alice</SourceIdentity><AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/demo/T</Arn>\
        <AssumedRoleId>ARO123:T</AssumedRoleId></AssumedRoleUser><Credentials><AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId>\
        <SecretAccessKey>temporary/secret</SecretAccessKey><SessionToken>token==</SessionToken>\
        <Expiration>2026-11-20T16:06:01Z</Expiration></Credentials><PackedPolicySize>6</PackedPolicySize></AssumeRoleResult>\
        <ResponseMetadata><RequestId>c6104cbe-af31-11e0-8154-cbc7ccf896c7</RequestId></ResponseMetadata></AssumeRoleResponse>
        """

    static let tagging = """
        <Tagging><TagSet><Tag><Key>a</Key><Value>1 &lt; 2</Value></Tag><Tag><Key>b</Key><Value/></Tag></TagSet></Tagging>
        """
}
