public import CairnCore
import CairnSchema
import ObjectStores

/// Which tags the files of records carry, beside those in ``ObjectStorageOptions/recordAttributes``: for lifecycle rules, bills, and
/// policies of a bucket, which read tags and no JSON.
///
/// Tags are written with the file of each revision. A file that was written without them gets them with its next revision. Every
/// process that writes the store should be given the same: the file of a record is written by whoever comes to it.
public struct RecordTags: Sendable {
    let tags: @Sendable (Record) throws -> [String: String]
    /// The columns it was made of, as they were named; nil for a callback.
    let columns: [String]?

    /// Tags that a callback gives, at most 10 a record, with those that all have; of at most 128 and 256 characters: letters, digits,
    /// spaces and `_ . : / = + - @`.
    ///
    /// It is called for every record that is written, before the commit and again when its file is written, maybe by another process
    /// later: what it says must follow from the record alone. It does not hear of deleted records, whose files have only the tags
    /// that all have.
    /// - Parameter tags: What it throws fails the write, as do tags that no object may have.
    public init(_ tags: @escaping @Sendable (Record) throws -> [String: String]) {
        self.tags = tags
        columns = nil
    }

    /// The values of columns, under the names of the columns. A null gives no tag.
    ///
    /// A record whose value no tag can have is refused with `storage.invalid` when it is written.
    /// - Parameter names: `country`, for every table that has such a column, or `cities.country`, for one. A name that no table has
    ///   fails the opening with `config.invalid`, which names the nearest one; so does a column of JSON, bytes or several values, and
    ///   more than 10 columns of one table.
    public static func columns(_ names: [String]) -> RecordTags { RecordTags(columns: names) }

    private init(columns names: [String]) {
        columns = names
        tags = { record in
            var tags: [String: String] = [:]
            for column in record.table.columns where RecordTags.names(names, column, record.table) {
                tags[column.name] = RecordTags.text(record.values[column.position])
            }
            return tags
        }
    }

    private static func names(_ names: [String], _ column: Column, _ table: Table) -> Bool {
        names.contains { Utf8.equal($0, column.name) || Utf8.equal($0, "\(table.name).\(column.name)") }
    }

    /// A value as the text of a tag; nil for null.
    private static func text(_ value: Value) -> String? {
        switch value {
        case .null: nil
        case .string(let text): text
        case .bool(let bool): "\(bool)"
        case .int(let int): "\(int)"
        case .double(let double): "\(double)"
        case .timestamp(let time): time.description
        case .date(let date): date.description
        case .decimal(let decimal): decimal.description
        case .uuid(let uuid): uuid.uuidString.lowercased()
        case .bytes, .json, .array: nil
        }
    }

    // MARK: Checking

    /// Checks that columns are those of a schema, before anything is written.
    /// - Parameter others: How many tags each file has beside these.
    /// - Throws: `config.invalid`.
    func check(_ schema: Schema, beside others: Int) throws {
        guard let columns else { return }
        let known = schema.tables.flatMap { table in
            table.columns.flatMap { [$0.name, "\(table.name).\($0.name)"] }
        }
        for name in columns where !known.contains(where: { Utf8.equal($0, name) }) {
            throw StorageError(
                .configuration, "tags are to be made of the column '\(name)', which no table has",
                remedy: NearestName.hint(name, among: known)
                    ?? "name a column, such as \(known.first ?? "country"), or TABLE.COLUMN")
        }
        for table in schema.tables {
            let tagged = table.columns.filter { RecordTags.names(columns, $0, table) }
            for column in tagged where !RecordTags.canBeTag(column.valueType) {
                throw StorageError(
                    .configuration,
                    "tags are to be made of column '\(column.name)' of table '\(table.name)', which is \(column.valueType)",
                    remedy: "choose columns of one text, number, time or yes and no")
            }
            if let problem = ObjectRules.problem(ofTagCount: tagged.count + others) {
                throw StorageError(
                    .configuration, "table '\(table.name)': \(problem.message)", remedy: problem.remedy)
            }
        }
    }

    private static func canBeTag(_ type: ValueType) -> Bool {
        switch type {
        case .bytes, .json, .array: false
        default: true
        }
    }
}
