import CairnCore
import CairnSchema
import ObjectStores

/// What the files of records carry beside their bytes: attributes that all have, and tags that follow from each record.
struct RecordAttributes: Sendable {
    /// What all have.
    let common: ObjectAttributes
    private let tags: RecordTags?
    private let tell: (@Sendable (String) -> Void)?

    init(_ options: ObjectStorageOptions, _ access: StoreAccess) {
        self.init(options.recordAttributes, options.recordTags, access, options.verbose)
    }

    /// - Parameter tell: Hears of tags that are left out.
    init(
        _ attributes: ObjectAttributes, _ tags: RecordTags?, _ access: StoreAccess,
        _ tell: (@Sendable (String) -> Void)?
    ) {
        var attributes = attributes
        let kept = access.attributes()
        if attributes.contentType == nil { attributes.contentType = kept.contentType }
        if attributes.cacheControl == nil { attributes.cacheControl = kept.cacheControl }
        common = attributes
        self.tags = tags
        self.tell = tell
    }

    /// Refuses options that the files of a store cannot have.
    /// - Throws: `storage.unsupported` for attributes the store does not keep; `config.invalid` for tags that none may have.
    static func check(_ options: ObjectStorageOptions, _ access: StoreAccess) throws {
        var given = options.recordAttributes.given
        if options.recordTags != nil { given.insert(.tags) }
        for kind in given.subtracting(access.capabilities.attributes).sorted(by: { $0.rawValue < $1.rawValue }) {
            throw StorageError(
                .unsupported, "\(access.capabilities.location) cannot keep '\(kind.rawValue)' with record files",
                remedy: "leave the option out")
        }
        if let problem = RecordAttributes.problem(of: options.recordAttributes.tags ?? [:]) {
            throw StorageError(.configuration, "tags of record files: \(problem.message)", remedy: problem.remedy)
        }
    }

    /// Checks the tags of what is about to be committed.
    /// - Throws: `storage.invalid`, naming the record; what a callback throws.
    func check(_ operations: [LoggedOperation]) throws {
        guard tags != nil else { return }
        for operation in operations {
            let tags = try all(operation.after, operation.table)
            guard let problem = RecordAttributes.problem(of: tags) else { continue }
            var details = StorageError.Details()
            details.table = operation.table.name
            details.id = KeyText.encode(operation.key)
            throw StorageError(
                .invalid,
                "the tags of record \(KeyText.encode(operation.key)) of table '\(operation.table.name)': \(problem.message)",
                remedy: problem.remedy, details: details)
        }
    }

    /// What the file of an image carries.
    ///
    /// Of a record that was committed by a process with other options the tags may be what no object may have: a file without them is
    /// better than none.
    func attributes(of image: RecordImage, _ table: Table) -> ObjectAttributes {
        guard tags != nil, image.isLive else { return common }
        var attributes = common
        do {
            let tags = try all(image, table)
            if let problem = RecordAttributes.problem(of: tags) {
                tell?("a record file of table '\(table.name)' is written without its tags: \(problem.message)")
            } else {
                attributes.tags = tags.isEmpty ? nil : tags
            }
        } catch {
            tell?("a record file of table '\(table.name)' is written without its tags: \(error)")
        }
        return attributes
    }

    /// The tags of an image, with those that all have; those of the record count more.
    private func all(_ image: RecordImage, _ table: Table) throws -> [String: String] {
        guard let tags, let values = image.values else { return common.tags ?? [:] }
        let own = try tags.tags(Record(table, values: values, metadata: image.metadata))
        return (common.tags ?? [:]).merging(own) { _, own in own }
    }

    private static func problem(of tags: [String: String]) -> ObjectRules.TagProblem? {
        if let problem = ObjectRules.problem(ofTagCount: tags.count) { return problem }
        for (key, value) in tags.sorted(by: { Utf8.isLess($0.key, $1.key) }) {
            if let problem = ObjectRules.problem(ofTag: key, value) { return problem }
        }
        return nil
    }
}
