/// How large objects and parts may be (S3 user guide, "Amazon S3 multipart upload limits").
enum SizeRules {
    /// Bytes of an object put in one request.
    static let maximumPutBytes = 5 << 30
    /// Bytes of every part of an upload but the last.
    static let minimumPartBytes = 5 << 20
    /// Bytes of a part.
    static let maximumPartBytes = 5 << 30
    /// Parts of an upload.
    static let maximumParts = 10_000
    /// Bytes of an object: what so many parts hold. Some servers take less and say so themselves.
    static let maximumObjectBytes = maximumParts * maximumPartBytes

    /// The sizes of parts are multiples of this when they were chosen here.
    static let partStep = 1 << 20

    /// Checks the length of a body that goes in one request.
    static func checkPut(bytes: Int) throws(S3Error) {
        guard bytes >= 0 else { throw S3Error(.invalid, "a body cannot have \(bytes) bytes") }
        guard bytes <= maximumPutBytes else {
            throw S3Error(
                .invalid, "a body of \(bytes) bytes is too large for one request, which takes 5 GiB",
                remedy: "upload it in parts")
        }
    }

    /// Checks a size of parts that someone chose.
    static func checkPart(bytes: Int) throws(S3Error) {
        guard (minimumPartBytes...maximumPartBytes).contains(bytes) else {
            throw S3Error(.invalid, "parts cannot have \(bytes) bytes", remedy: "choose from 5 MiB to 5 GiB")
        }
    }

    /// The size of the parts for a body of known length: the preferred one, or the least greater one whose parts are few enough.
    /// All parts but the last are of one size, which some servers ask for.
    static func partBytes(for length: Int, preferred: Int) throws(S3Error) -> Int {
        try checkPart(bytes: preferred)
        guard (0...maximumObjectBytes).contains(length) else {
            throw S3Error(
                .invalid, "an object cannot have \(length) bytes", remedy: "the most is 48.8 TiB, 10,000 parts of 5 GiB"
            )
        }
        let least = (length + maximumParts - 1) / maximumParts
        if least <= preferred { return preferred }
        return min((least + partStep - 1) / partStep * partStep, maximumPartBytes)
    }

    /// Checks that another part may follow, for bodies of unknown length.
    static func checkPart(number: Int, partBytes: Int) throws(S3Error) {
        guard number <= maximumParts else {
            throw S3Error(
                .invalid, "the body is longer than \(maximumParts) parts of \(partBytes) bytes",
                remedy: "choose larger parts; the length was not known when the upload began")
        }
    }
}
