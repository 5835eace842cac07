import CairnCore
import ObjectStorage
import ObjectStores
import S3Client

/// Opens the store in a bucket.
///
/// Requests are made only where the driver would not make them itself: none for a store that is there and opened as such; one look
/// for a store that may have to be made, and, when it has, one for each prefix it would lie in, and those that find out what the
/// server really does. Before the first write to a store that was there the server is asked the same.
struct BucketOpening {
    private let place: BucketPlace
    private let options: ObjectStorageOptions
    private let clientOptions: S3ClientOptions
    private let encryption: S3Encryption?
    private let log: RequestLog?

    /// - Parameter credentials: nil for those that environment and profile give.
    /// - Throws: `config.invalid` for a parameter that cannot be, before anything is asked.
    init(_ address: StoreURL, _ use: StoreUse, credentials: CredentialsSource? = nil) throws {
        guard let place = address.bucket else {
            throw StoreURL.error("\(address) names no bucket", "write s3://bucket/prefix")
        }
        self.place = place
        var options = try address.objectOptions(mode: use.objectMode)
        encryption = try address.encryption()
        log = try address.isVerbose() ? RequestLog() : nil
        if let log { options.verbose = { log.tell($0) } }
        self.options = options
        let timeout = try address.timeout()
        var clientOptions: S3ClientOptions
        do throws(S3Error) {
            clientOptions = try S3ClientOptions(
                endpoint: place.address.endpoint, region: place.address.region, profile: place.address.profile,
                timeout: timeout)
        } catch {
            throw StoreURL.error(error.message, error.remedy)
        }
        if let credentials { clientOptions.credentials = credentials }
        self.clientOptions = clientOptions
    }

    func storage() async throws -> any Storage {
        try await translating { try await open() }
    }

    private func translating<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as S3Error {
            throw inWords(StorageError(opening: ObjectStoreError(error)))
        } catch let error as ObjectStoreError {
            throw inWords(StorageError(opening: error))
        } catch let error as StorageError {
            throw inWords(error)
        }
    }

    private func open() async throws -> any Storage {
        let (logged, store) = try store()
        if options.mode == .readOnly { return try await ObjectStorage.open(logged, options) }
        let objects = probing(logged, store)
        if options.mode == .create, try await !isThere(objects, store.bucket) {
            try await checkPlace(store.bucket)
            try await objects.prepareWriting()
        }
        return try await ObjectStorage.open(
            options.isSingleWriter ? SingleWriterObjectStore(objects) : objects, options)
    }

    /// The objects, whatever they are.
    /// - Parameter writes: Whether they will be written: then the server is asked first what it does.
    func objects(writes: Bool) async throws -> OpenedObjects {
        try await translating {
            let (logged, store) = try store()
            guard writes else { return OpenedObjects(objects: logged, options: options) }
            let objects = probing(logged, store)
            try await objects.prepareWriting()
            return OpenedObjects(
                objects: options.isSingleWriter ? SingleWriterObjectStore(objects) : objects, options: options)
        }
    }

    /// Asks the server what it really does, the quick way, also where the store itself is only read.
    /// - Throws: `CancellationError`, and what a provider of credentials of the caller's throws. What the client meets is told.
    func probe(observer: (@Sendable (S3ProbeCheck) -> Void)? = nil) async throws -> ServerProbe {
        guard options.mode != .readOnly else {
            return ServerProbe(.notMade("the address says mode=read_only, and asking writes"), options)
        }
        do {
            let client = try S3Client(clientOptions)
            let outcome: Result<S3ProbeReport, any Error>
            do {
                let bucket = try client.bucket(place.address.bucket)
                outcome = .success(
                    try await bucket.probe(place.prefix, quick: true, encryption: encryption, observer: observer))
            } catch {
                outcome = .failure(error)
            }
            await client.close()
            let report = try outcome.get()
            log?.tell(report)
            return ServerProbe(.made(report), options)
        } catch let error as S3Error {
            let why = error.code == .accessDenied ? "these credentials may not write here: " : ""
            return ServerProbe(.notMade("\(why)\(error.message)"), options)
        }
    }

    private func store() throws -> (logged: any ObjectStore, store: S3ObjectStore) {
        let bucket = try S3Client(clientOptions).bucket(place.address.bucket)
        let store = try S3ObjectStore(bucket, prefix: place.prefix, encryption: encryption)
        return (logged(store), store)
    }

    private func probing(_ logged: any ObjectStore, _ store: S3ObjectStore) -> ProbingObjectStore {
        ProbingObjectStore(
            logged, of: store, isSingleWriter: options.isSingleWriter, tell: { [log] in log?.tell($0) })
    }

    /// What a client of S3 is told to do, as what can be done with an address.
    private static let remedies = [
        ("name a profile, or choose anonymous access", "or name a profile with profile= in the address"),
        ("open the client with the region of the bucket", "say region= in the address"),
        ("allow more time", "allow more time with timeout= in the address"),
    ]

    private func inWords(_ error: StorageError) -> StorageError {
        guard var remedy = error.remedy else { return error }
        for (said, meant) in BucketOpening.remedies { remedy = remedy.replacing(said, with: meant) }
        return StorageError(
            error.code, error.message, remedy: remedy, isRetryable: error.isRetryable, details: error.details)
    }

    /// The store, whose calls are told if the address asks for it.
    private func logged(_ store: S3ObjectStore) -> any ObjectStore {
        guard let log else { return store }
        return LoggingObjectStore(store) { log.tell($0) }
    }

    /// Whether there is a store. One GET: unlike that to a HEAD, its answer tells a bucket that is missing from an object that is.
    private func isThere(_ objects: any ObjectStore, _ bucket: S3Bucket) async throws -> Bool {
        do {
            _ = try await objects.bytes(ObjectNames.store)
            return true
        } catch let error as ObjectStoreError where error.code == .notFound {
            return false
        } catch let error as ObjectStoreError where error.code == .noSuchContainer {
            throw StorageError(
                .notAStore, "there is no bucket '\(bucket.name)' at \(bucket.client.endpoint)",
                remedy: "check its name, the endpoint and the account, or make it: cairn s3 mb \(bucketAddress(bucket))"
            )
        }
    }

    /// The address of the bucket for the shell, with what the server needs to be found.
    private func bucketAddress(_ bucket: S3Bucket) -> String {
        let endpoint = place.address.endpoint.map { " --endpoint \($0)" } ?? ""
        let region = place.address.region.map { " --region \($0)" } ?? ""
        return "s3://\(bucket.name)\(endpoint)\(region)"
    }

    /// Makes sure that a new store is inside of no other: whoever copies or removes the outer one would take it along. One HEAD for
    /// each prefix above; what these credentials may not look at is not theirs to open either.
    private func checkPlace(_ bucket: S3Bucket) async throws {
        for prefix in place.ancestors {
            let above = logged(try S3ObjectStore(bucket, prefix: prefix))
            do {
                guard try await above.exists(ObjectNames.store) else { continue }
                throw StorageError.inside(place.description, place.describe(prefix))
            } catch let error as ObjectStoreError where error.code == .accessDenied {
                continue
            }
        }
    }
}
