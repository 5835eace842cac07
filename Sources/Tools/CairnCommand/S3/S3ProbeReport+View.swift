import CairnSchema
import S3Client

/// A report of a probe as it is shown, by `cairn s3 doctor` and by `cairn doctor`.
extension S3ProbeReport {
    /// What follows from it, in sentences.
    var remarks: [String] {
        var lines: [String] = []
        if dialect.wantsUnquotedIfMatch == true {
            lines.append("If-Match is compared with the ETag without its quotes; the client sends it so.")
        }
        if self[.signature]?.outcome == .no {
            lines.append("This server takes any signature: whoever reaches it can write.")
        }
        lines.append(
            "\(requests) requests to \(server.map { "'\(Printable.line($0))'" } ?? "a server that does not say what it is")."
        )
        if !leftovers.isEmpty { lines.append("Not removed: \(Printable.line(leftovers.joined(separator: " ")))") }
        return lines
    }

    /// Writes it as the members of an object.
    func write(_ writer: inout JSONWriter) {
        writer.members("checks", checks) { check, writer in
            writer.member("name", .string(check.name.rawValue))
            writer.member("needed", .bool(check.name.isNeeded))
            writer.member("outcome", .string(check.outcome.rawValue))
            writer.member("detail", .string(check.detail))
        }
        writer.member("missing", .array(missing.map { .string($0.name.rawValue) }))
        writer.name("dialect")
        writer.object { writer in
            for (name, value) in shownDialect { writer.member(name, value.map(JSONValue.bool) ?? .null) }
        }
        writer.member("server", server.map(JSONValue.string) ?? .null)
        writer.member("clock_offset_seconds", clockOffset.map(JSONValue.int) ?? .null)
        writer.member("put_microseconds", putTime.map(S3ProbeReport.microseconds) ?? .null)
        writer.member("get_microseconds", getTime.map(S3ProbeReport.microseconds) ?? .null)
        writer.member("prefix", .string(prefix))
        writer.member("requests", .int(requests))
        writer.member("leftovers", .array(leftovers.map(JSONValue.string)))
    }

    private static func microseconds(_ duration: Duration) -> JSONValue { .int(Int(duration / .microseconds(1))) }

    /// What follows for a client; nil where it could not be asked.
    private var shownDialect: [(String, Bool?)] {
        let all: [(String, Bool?, S3ProbeCheck.Name)] = [
            ("create", dialect.canCreate, .create), ("compare_and_swap", dialect.canCompareAndSwap, .swap),
            ("unquoted_if_match", dialect.wantsUnquotedIfMatch, .swap),
            ("conditional_delete", dialect.canDeleteConditionally, .conditionalDelete),
            ("conditional_copy", dialect.canCopyConditionally, .conditionalCopy),
            ("copy_source", dialect.checksCopySource, .copySource),
            ("conditional_complete", dialect.canCompleteConditionally, .conditionalComplete),
            ("enforces_dates", dialect.enforcesDates, .fence),
            ("checks_signatures", dialect.checksSignatures, .signature), ("md5_etags", dialect.hasMD5ETags, .md5ETags),
            ("lists_in_order", dialect.listsInOrder, .listOrder),
        ]
        return all.map { name, value, check in (name, self[check]?.outcome == .unknown ? nil : value) }
    }
}

extension S3ProbeCheck.Name {
    /// Its name in words.
    var title: String { String(rawValue.map { $0 == "_" ? " " : $0 }) }
}
