/// What an object is, told from its name as the design has it.
enum ObjectKind: String, Sendable {
    case manifest
    case indexFile = "index_file"
    case logRecord = "log_record"
    case part
    case recordFile = "record_file"

    private static let prefixes: [(prefix: String, kind: ObjectKind)] = [
        ("_checkpoints/main/m", .manifest), ("_index/main/", .indexFile), ("_log/main/", .logRecord),
        ("_parts/", .part), ("tables/", .recordFile),
    ]

    /// nil: something else, such as the object that tells whose store it is.
    init?(_ key: String) {
        guard let found = ObjectKind.prefixes.first(where: { key.hasPrefix($0.prefix) }) else { return nil }
        self = found.kind
    }
}
