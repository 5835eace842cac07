import CairnCore
import CairnSchema
import ObjectStorage
import ObjectStores
import S3Client

/// The parameters of stores on folders and buckets.
extension StoreURL {
    /// The shortest time that is given to a request.
    private static let shortestTimeout = 0.001

    /// The options of a store of objects.
    /// - Parameter mode: What holds when the address does not say.
    /// - Throws: `config.invalid` for a value that is none.
    func objectOptions(mode: ObjectStorageOptions.Mode = .create) throws -> ObjectStorageOptions {
        var options = ObjectStorageOptions()
        options.mode = try choice("mode", ObjectStorageOptions.Mode.self) ?? mode
        if let freshness = try freshness() { options.freshness = freshness }
        if let durability = try choice("durability", ObjectStorageOptions.Durability.self) {
            options.durability = durability
        }
        if let timeout = try timeout() { options.timeout = timeout }
        options.isSingleWriter = try flag("single_writer") ?? false
        options.recordAttributes.storageClass = try storageClass()
        options.recordTags = try tags()
        options.cacheFolder = try cacheFolder()
        if let bytes = try count("cache_size", in: StoreURL.cacheSizes) { options.cacheFolderBytes = bytes }
        return options
    }

    /// Bytes that the folder of a cache may take.
    private static let cacheSizes = 1 << 20...1 << 40

    /// The folder that keeps blocks of index files; nil when the address does not say.
    private func cacheFolder() throws -> String? {
        guard let path = parameters["cache"] else {
            if parameters["cache_size"] == nil { return nil }
            throw StoreURL.error("'cache_size' is of a folder that 'cache' names", "write cache=folder, too")
        }
        if path.isEmpty || path.utf8.contains(0) { throw StoreURL.error("'cache' is a folder, found '\(path)'", nil) }
        if path.hasPrefix("~/") { throw StoreURL.error("`~` is not expanded here", "write the full path") }
        return path
    }

    /// The options of the folder of a store.
    /// - Throws: `config.invalid` for a value that is none.
    func folderOptions() throws -> FolderObjectStore.Options {
        var options = FolderObjectStore.Options()
        if let names = try choice("names", FolderObjectStore.Options.Names.self) { options.names = names }
        if let isDurable = try flag("durable") { options.isDurable = isDurable }
        if let timeout = try timeout() { options.lockTimeout = timeout }
        return options
    }

    /// How long a call may wait; nil when the address does not say.
    func timeout() throws -> Duration? { try seconds("timeout", from: StoreURL.shortestTimeout) }

    /// Whether each request is told.
    func isVerbose() throws -> Bool { try flag("verbose") ?? false }

    /// How current reads are: `freshness=30` and `cache_time=30` mean the same, as does `freshness=bounded&cache_time=30`.
    private func freshness() throws -> Freshness? {
        let time = try count("cache_time", in: StoreURL.cacheTimes)
        switch (parameters["freshness"], time) {
        case (nil, nil): return nil
        case (nil, let seconds?), ("bounded", let seconds?): return .bounded(seconds: seconds)
        case ("latest", nil): return .latest
        case ("cached", nil): return .cached
        case ("bounded", nil):
            throw StoreURL.error("'freshness=bounded' does not say how old answers may be", "say cache_time=30")
        case (let text?, nil):
            guard let seconds = Int(text) else { throw StoreURL.none(text, of: "freshness", among: freshnessWords) }
            guard StoreURL.cacheTimes.contains(seconds) else {
                throw StoreURL.error("'freshness' is 1 to 86400 seconds, found '\(text)'", "or write latest, or cached")
            }
            return .bounded(seconds: seconds)
        case (let text?, _?):
            throw StoreURL.error(
                "'freshness=\(text)' and 'cache_time' are two answers to how old answers may be",
                "leave one of them out")
        }
    }

    /// Seconds for which an answer may be taken from what is known.
    private static let cacheTimes = 1...86_400

    private var freshnessWords: [String] { ["latest", "cached", "bounded", "a number of seconds"] }

    // MARK: What is stored with objects

    /// How the server encrypts objects; nil when the address does not say.
    /// - Throws: `config.invalid` for a value that is none.
    func encryption() throws -> S3Encryption? {
        guard let text = parameters["sse"] else { return nil }
        if text == "AES256" { return .aes256 }
        if text == "aws:kms" { return .kms() }
        let key = text.dropFirst("aws:kms:".utf8.count)
        guard text.hasPrefix("aws:kms:"), !key.isEmpty, key != "dsse",
            key.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw StoreURL.none(text, of: "sse", among: ["AES256", "aws:kms", "aws:kms:KEYID"])
        }
        return .kms(keyID: String(key))
    }

    /// The columns whose values become tags of record files; nil when the address does not say. Whether there are such columns shows
    /// when the schema is known.
    /// - Throws: `config.invalid` for a list that names none.
    private func tags() throws -> RecordTags? {
        guard let text = parameters["tags"] else { return nil }
        let names = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard names.allSatisfy({ !$0.isEmpty && !$0.contains(" ") }) else {
            throw StoreURL.error(
                "'tags' are columns with a comma between two, found '\(text)'",
                "write tags=country,cities.population")
        }
        return .columns(names)
    }

    /// The class of record files; nil when the address does not say.
    private func storageClass() throws -> String? {
        guard let text = parameters["storage_class"] else { return nil }
        let known: [StorageClass] = [
            .standard, .infrequentAccess, .intelligentTiering, .archiveInstantRetrieval,
        ]
        if known.contains(StorageClass(rawValue: text)) { return text }
        if [StorageClass.archive, .deepArchive].contains(StorageClass(rawValue: text)) {
            throw StoreURL.error(
                "records in the storage class '\(text)' could not be read before they are restored",
                "use \(StorageClass.archiveInstantRetrieval), which is read at once")
        }
        // Providers have classes of their own; what is nearly one of AWS's is a slip.
        let isName = text.utf8.allSatisfy { (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
        guard isName, !text.isEmpty, NearestName.of(text, among: known.map(\.rawValue)) == nil else {
            throw StoreURL.none(text, of: "storage_class", among: known.map(\.rawValue))
        }
        return text
    }
}
