/// The names that generated Swift finds taken.
extension SwiftNames {
    /// Names no member type can have: after a dot they mean a metatype.
    static let metatypes: Set<String> = ["Self", "Type", "Protocol", "Any"]

    /// Type names that no table or database can have: the members that generated types have of the same names would hide
    /// them, or the compiler takes them for the types of all literals.
    static let reservedTypes: Set<String> = metatypes.union([
        "ID", "Columns", "CodingKeys", "TransactionScope", "SnapshotScope", "IntegerLiteralType", "FloatLiteralType",
        "BooleanLiteralType", "StringLiteralType", "ExtendedGraphemeClusterLiteralType", "UnicodeScalarLiteralType",
    ])

    /// Members of every record that a column must not be called like.
    static let recordMembers = [
        "revision": "every record has its revision there",
        "createdAt": "every record has the time it was created there, kept by Cairn",
        "updatedAt": "every record has the time it was last updated there, kept by Cairn",
        "hashValue": "Swift's Hashable has it already",
    ]

    /// Members of the generated database type that a table must not be called like.
    static let databaseMembers: Set<String> = [
        "store", "session", "schemaText", "schemaID", "entities", "transaction", "snapshot", "savepoint", "close",
        "write",
    ]

    /// Types of Swift, Foundation and Cairn that a generated type would hide in the module it is in.
    static let knownTypes: Set<String> = [
        "Array", "Bool", "Character", "Codable", "Date", "Data", "Dictionary", "Double", "Duration", "Error", "Float",
        "Hasher", "Int", "Mirror", "Never", "Optional", "Range", "Result", "Sequence", "Set", "String", "Substring",
        "Task",
        "TaskGroup", "Actor", "MainActor", "Clock", "Regex", "Collection", "Identifiable", "Hashable", "Sendable",
        "URL",
        "UUID", "Calendar", "Locale", "Process", "Thread", "Timer", "Bundle", "Notification", "Operation", "Decimal",
        "Measurement", "Unit", "Formatter", "FileHandle", "FileManager", "Stream", "Host", "Port", "Progress", "Column",
        "ColumnType", "Cursor", "Database", "Entity", "Index", "Key", "Predicate", "Condition", "Query", "Record",
        "Reference",
        "Repository", "RowReader", "RowWriter", "Schema", "Session", "Snapshot", "Storage", "StorageError", "Store",
        "Table",
        "Timestamp", "CalendarDate", "DecimalNumber", "Transaction", "Value", "Page", "Batch", "Receipt", "JSONValue",
    ]
}
