package import ObjectStores

/// One request to a simulated bucket.
package struct SimulatedRequest: Sendable {
    /// What is asked.
    package enum Action: Sendable {
        case get(GetOptions)
        case head(ReadConditions)
        case put([UInt8], PutMode, ObjectAttributes)
        case delete(ifMatch: ETag?)
        case deleteAll([String])
        /// A page that begins behind a name.
        case list(ListOptions, after: String?)
        case copy(from: String, CopyOptions)
    }

    package let key: String
    package let action: Action
    /// Second of the bucket's clock that the signature has.
    package let signed: Int
    /// Whether that is the caller's choice, so that nobody signs it again.
    package let isFenced: Bool

    /// Whether it changes what is stored.
    package var isWrite: Bool {
        switch action {
        case .get, .head, .list: false
        case .put, .delete, .deleteAll, .copy: true
        }
    }

    /// Whether it has a condition on what is stored.
    package var isConditional: Bool {
        switch action {
        case .put(_, let mode, _): mode != .overwrite
        case .delete(let ifMatch): ifMatch != nil
        case .copy(_, let options): options.mode != .overwrite
        case .get, .head, .deleteAll, .list: false
        }
    }
}

extension SimulatedRequest: CustomStringConvertible {
    package var description: String {
        switch action {
        case .get(let options): "GET \(key)" + (options.range.map { " \($0)" } ?? "")
        case .head: "HEAD \(key)"
        case .put(let bytes, .overwrite, _): "PUT \(key) \(bytes.count) bytes"
        case .put(let bytes, .create, _): "PUT \(key) \(bytes.count) bytes if none"
        case .put(let bytes, .ifMatch(let etag), _): "PUT \(key) \(bytes.count) bytes if \(etag)"
        case .delete(let etag): "DELETE \(key)" + (etag.map { " if \($0)" } ?? "")
        case .deleteAll(let keys): "DELETE \(keys.count) keys from \(key)"
        case .list(let options, let after):
            "LIST \(options.prefix)" + (after.map { " after \($0)" } ?? "") + " at most \(options.pageSize)"
        case .copy(let source, _): "COPY \(source) to \(key)"
        }
    }
}

/// What a bucket answers.
package enum SimulatedAnswer: Sendable {
    case object(ObjectInfo, [UInt8], Range<Int>)
    case info(ObjectInfo)
    case deleted(AnswerDetails)
    case page(ListPage)

    /// In a few words.
    var text: String {
        switch self {
        case .object(_, _, let range): "200, \(range.count) bytes"
        case .info(let info): "200, \(info.etag)"
        case .deleted: "204"
        case .page(let page): "200, \(page.entries.count) entries" + (page.isLast ? "" : ", more")
        }
    }
}
