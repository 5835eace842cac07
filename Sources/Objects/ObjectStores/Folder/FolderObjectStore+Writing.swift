import CairnCore
import CairnSchema

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
#if canImport(FoundationEssentials)
    public import struct FoundationEssentials.Date
#else
    public import struct Foundation.Date
#endif

/// Writing. Bytes go into a draft first, and to the disk; then, with the lock, time and condition are checked and the draft gets
/// its name; then the name goes to the disk, and the write is acknowledged. The lock is held for the checks and a rename.
///
/// These calls leave the thread of their caller: they wait for the disk.
extension FolderObjectStore {
    /// How many objects are removed before others get the lock: each may keep a folder open.
    private static let batchKeys = 64

    @concurrent
    public func put(_ key: String, _ body: ObjectBody, _ options: PutOptions) async throws -> ObjectInfo {
        try ObjectRules.check(key: key)
        try ObjectRules.check(options.attributes, of: key, capabilities)
        let hashes = FolderAttributes.needsFile(options.attributes, key)
        let draft = try await draft(of: body, key, hashes: hashes)
        return try await commit(draft, key, options)
    }

    @concurrent
    public func copy(_ source: String, to target: String, _ options: CopyOptions) async throws -> WriteResult {
        try ObjectRules.check(key: source)
        try ObjectRules.check(key: target)
        if let attributes = options.attributes { try ObjectRules.check(attributes, of: target, capabilities) }
        let conditions = ReadConditions(ifMatch: options.sourceIfMatch)
        let original = try await get(source, GetOptions(conditions: conditions))
        let attributes = options.attributes ?? original.info.attributes
        let hashes = FolderAttributes.needsFile(attributes, target)
        let draft = try await draft(of: original.content, target, hashes: hashes)
        let put = PutOptions(mode: options.mode, notAfter: options.notAfter, attributes: attributes)
        let info = try await commit(draft, target, put)
        return WriteResult(etag: info.etag, lastModified: info.lastModified, answer: info.answer)
    }

    @concurrent
    public func delete(_ key: String, _ options: DeleteOptions) async throws -> AnswerDetails {
        try ObjectRules.check(key: key)
        var changed = ChangedFolders()
        let answer = try await exclusively(key, options.notAfter) { control, answer in
            let tree = FolderTree(root: root, path: path, names: control.names)
            if let ifMatch = options.ifMatch {
                try PutMode.ifMatch(ifMatch).check(tree.entry(key)?.etag, of: key, answer: answer)
            }
            try remove(key, tree, control, &changed)
            return answer
        }
        try settle(key, changed)
        return answer
    }

    @concurrent
    public func delete(_ keys: [String], notAfter: Date?) async throws -> BatchDeletion {
        try ObjectRules.check(batch: keys)
        var result = try await delete(keys.prefix(Self.batchKeys), notAfter)
        var rest = keys.dropFirst(Self.batchKeys)
        while !rest.isEmpty {
            do {
                let next = try await delete(rest.prefix(Self.batchKeys), notAfter)
                result = BatchDeletion(failures: result.failures + next.failures, answer: next.answer)
                rest = rest.dropFirst(Self.batchKeys)
            } catch let error as ObjectStoreError {
                // Some are gone already: only the result can say which are not.
                for key in rest {
                    var failure = error
                    failure.key = key
                    result.failures.append(failure)
                }
                return result
            }
        }
        return result
    }

    /// Removes some of several objects.
    private func delete(_ keys: ArraySlice<String>, _ notAfter: Date?) async throws -> BatchDeletion {
        var changed = ChangedFolders()
        let result = try await exclusively(keys.first, notAfter) { control, answer in
            let tree = FolderTree(root: root, path: path, names: control.names)
            var result = BatchDeletion(answer: answer)
            for key in keys {
                do {
                    try translating(key) { try remove(key, tree, control, &changed) }
                } catch let error as ObjectStoreError {
                    result.failures.append(error)
                }
            }
            return result
        }
        try settle(keys.first, changed)
        return result
    }

    /// Removes the file of a key, what belongs to it, and the folders it was alone in.
    private func remove(_ key: String, _ tree: FolderTree, _ control: FolderControl, _ changed: inout ChangedFolders)
        throws
    {
        guard let entry = try tree.entry(key) else { return }
        try Files.remove(entry.folder, entry.name)
        FolderAttributes(control: control.folder).remove(of: key, but: nil)
        var folders = tree.names.path(of: key)
        if entry.name != FolderNames.own { folders.removeLast() }
        try changed.insert(tree.removeEmptyFolders(folders) ?? entry.folder)
    }

    // MARK: Steps of a write

    /// Puts a body into a file nobody sees, and to the disk.
    func draft(of body: ObjectBody, _ key: String, hashes: Bool) async throws -> FolderDraft {
        let draft = try translating(key) { try FolderDraft(in: currentControl().spare, hashes: hashes) }
        let chunks = body.length.map { body.chunks.checked(key, count: $0) } ?? body.chunks
        var iterator = chunks.makeAsyncIterator()
        while let chunk = try await iterator.next() {
            try Task.checkCancellation()
            try translating(key) { try draft.write(chunk) }
        }
        try translating(key) { try finish(draft) }
        return draft
    }

    /// Dates a draft and writes it to the disk.
    func finish(_ draft: FolderDraft) throws {
        // The clock says the microsecond; what comes in the same one, or when the clock stands still, differs behind it.
        let count = drafts.withLock { count in
            count = (count + 1) % 1000
            return count
        }
        try draft.date(options.clock().microsecondsSince1970 * 1000 + count)
        if options.isDurable { try draft.sync() }
    }

    /// Gives a draft its key, if the condition holds and it is not too late.
    /// - Parameter upload: The upload that comes to its end by it, once.
    func commit(
        _ draft: FolderDraft, _ key: String, _ options: PutOptions, completing upload: MultipartUpload? = nil
    ) async throws -> ObjectInfo {
        var changed = ChangedFolders()
        let info = try await exclusively(key, options.notAfter) { control, answer in
            let tree = FolderTree(root: root, path: path, names: control.names)
            let found = try tree.entry(key)
            try options.mode.check(found?.etag, of: key, answer: answer)
            // Of two that complete an upload at once, one finds it gone.
            if let upload { _ = try FolderUploads(control: control.folder).folder(upload) }
            if let found, found.status.time >= draft.time {
                // Each version is later than the one before it: no mark comes twice.
                try draft.date(found.status.time &+ 1)
                if self.options.isDurable { try draft.sync() }
            }
            let attributes = FolderAttributes(control: control.folder)
            let etag = try draft.etag()
            if FolderAttributes.needsFile(options.attributes, key) {
                try attributes.write(
                    options.attributes, of: key, draft, spare: control.spare, isDurable: self.options.isDurable)
            }
            let place = try tree.place(key, spare: control.spare, changed: &changed)
            try move(draft, to: place, key, options.mode, answer)
            // From here on the write has happened: what remains is to tidy up.
            attributes.remove(of: key, but: etag)
            if let upload { try? FolderUploads(control: control.folder).take(upload, to: control.spare) }
            let hasAttributes = options.attributes != ObjectAttributes()
            return ObjectInfo(
                key: key, size: draft.size, etag: etag, lastModified: draft.date,
                attributes: hasAttributes ? options.attributes : FolderAttributes.implied(key), answer: answer)
        }
        try settle(key, changed)
        return info
    }

    /// The one step by which a version comes to be.
    private func move(
        _ draft: FolderDraft, to place: (folder: OpenFile, name: String), _ key: String, _ mode: PutMode,
        _ answer: AnswerDetails
    ) throws {
        guard mode == .create else { return try draft.move(to: place.folder, place.name) }
        do {
            // The lock keeps out other stores, but not a person who puts a file there.
            try draft.move(to: place.folder, place.name, isNew: true)
        } catch let failure as FileFailure where failure.code == EEXIST {
            throw ObjectStoreError.exists(key, answer: answer)
        } catch let failure as FileFailure where failure.code == EINVAL || failure.code == ENOSYS {
            try draft.move(to: place.folder, place.name)
        }
    }

    /// Waits until new names are on the disk.
    private func settle(_ key: String?, _ changed: ChangedFolders) throws {
        guard options.isDurable else { return }
        do {
            for folder in changed.folders { try Files.sync(folder) }
        } catch let failure as FileFailure {
            throw ObjectStoreError.outcomeUnknown(of: failure.storeError(key, in: path))
        }
    }

    // MARK: Lock

    /// Runs `body` alone in this folder, among all processes.
    /// - Throws: `object.expired` when it is too late; `object.timeout` when others have the lock for too long.
    func exclusively<Result>(
        _ key: String?, _ notAfter: Date? = nil, _ body: (FolderControl, AnswerDetails) throws -> Result
    ) async throws -> Result {
        try Task.checkCancellation()
        do {
            _ = try await queue.wait(nil)
        } catch let error as StorageError {
            throw ObjectStoreError.timeout(
                "waiting to write in \(path)", key: key, mayHaveTakenEffect: false, underlying: error)
        }
        defer { queue.release() }
        let control = try await lockedControl(key)
        defer { control.unlock() }
        return try translating(key) {
            let now = options.clock()
            let answer = AnswerDetails(serverDate: now)
            if let notAfter, notAfter < now { throw ObjectStoreError.expired(key ?? "", answer: answer) }
            return try body(control, answer)
        }
    }

    /// Takes the lock of the folder.
    private func lockedControl(_ key: String?) async throws -> FolderControl {
        let deadline = Deadline.earliest(within: options.lockTimeout)
        var backoff = Backoff(first: .microseconds(50), largest: .milliseconds(5))
        while true {
            let control = try translating(key) { try currentControl() }
            if try translating(key, { try control.lock() }) {
                if try translating(key, { try control.isCurrent(in: root) }) { return control }
                control.unlock()
            }
            guard .now < deadline else {
                throw ObjectStoreError(
                    .timeout, "another process holds \(path)/\(FolderNames.control)/lock", key: key,
                    remedy: "see who has it open (lslocks), or allow more time", isRetryable: true)
            }
            try await Task.sleep(for: backoff.next())
        }
    }

    /// What is needed to write, made with the first write, and again when somebody removed it.
    func currentControl() throws -> FolderControl {
        try control.withLock { control in
            if let control, try control.isCurrent(in: root) { return control }
            let style = FolderNames.Style(rawValue: options.names.rawValue)
            let fresh = try FolderControl(root, path: path, style: style)
            control = fresh
            return fresh
        }
    }
}
