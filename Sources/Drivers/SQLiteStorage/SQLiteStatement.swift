import CSQLite
import CairnCore

#if canImport(FoundationEssentials)
    import struct FoundationEssentials.UUID
#else
    import struct Foundation.UUID
#endif

/// A prepared statement with the memory its parameters need.
///
/// Texts and blobs are copied once, into a buffer that the statement reuses, and bound without another copy. Not Sendable: it
/// belongs to its connection, and is used under the connection's lock.
///
/// Safety of the unsafe code: `buffer` is allocated and freed here. SQLite is given pointers into it (`SQLITE_STATIC`) that
/// must stay valid until the parameters are bound again or the statement is finalized: the buffer is written only by
/// `bind`, which binds all parameters anew after its last write, and freed in `deinit` after `sqlite3_finalize`.
final class SQLiteStatement {
    let handle: OpaquePointer
    private let connection: OpaquePointer
    private let watch: SchemaWatch
    /// How often SQLite had prepared it anew when that was last looked at.
    private var preparations: Int32 = 0
    private var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256, alignment: 8)
    private var used = 0
    private var slices: [Slice] = []

    /// A parameter whose bytes stand in the buffer.
    private struct Slice {
        let index: Int32
        let offset: Int
        let count: Int
        let isText: Bool
    }

    init(_ sql: String, on connection: OpaquePointer, _ watch: SchemaWatch, isPersistent: Bool = true) throws {
        self.connection = connection
        self.watch = watch
        var statement: OpaquePointer?
        var sql = sql
        let code = sql.withUTF8 { text in
            text.withMemoryRebound(to: CChar.self) {
                sqlite3_prepare_v3(
                    connection, $0.baseAddress, Int32($0.count), isPersistent ? UInt32(SQLITE_PREPARE_PERSISTENT) : 0,
                    &statement, nil)
            }
        }
        guard code == SQLITE_OK, let statement else {
            let failure = SQLiteFailure(connection)
            // What it names may be gone because the schema is another now.
            watch.suspect()
            if failure.primaryCode == SQLITE_ERROR { try watch.verify() }
            throw failure
        }
        handle = statement
    }

    deinit {
        sqlite3_finalize(handle)
        buffer.deallocate()
    }

    // MARK: Running

    /// Moves to the next row.
    /// - Returns: Whether there is one.
    /// - Throws: `storage.schema_mismatch` when the file got another schema; failures of SQLite.
    func step() throws -> Bool {
        let code = sqlite3_step(handle)
        let count = sqlite3_stmt_status(handle, SQLITE_STMTSTATUS_REPREPARE, 0)
        if count != preparations || watch.isSuspect || code & 0xFF == SQLITE_ERROR {
            preparations = count
            try look(code)
        }
        switch code {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw SQLiteFailure(connection)
        }
    }

    /// Looks whether the file still has the schema that the statement was made for.
    private func look(_ code: Int32) throws {
        guard code != SQLITE_ROW, code != SQLITE_DONE else { return try watch.verify() }
        // What it failed with is forgotten once the file is asked.
        let failure = SQLiteFailure(connection)
        watch.suspect()
        if failure.primaryCode == SQLITE_ERROR || failure.primaryCode == SQLITE_CONSTRAINT { try watch.verify() }
        throw failure
    }

    /// Runs a statement that gives no rows. Failed or not, it can be run again.
    func run() throws {
        defer { reset() }
        while try step() {}
    }

    /// Ends the run and lets go of what it holds in the database.
    func reset() {
        sqlite3_reset(handle)
    }

    // MARK: Binding

    /// Binds all parameters, the first value to the first parameter.
    func bind(_ values: [Value]) {
        beginBinding()
        for (index, value) in values.enumerated() { add(value, at: Int32(index + 1)) }
        endBinding()
    }

    /// Starts to bind; every parameter is bound before `endBinding`.
    func beginBinding() {
        used = 0
        slices.removeAll(keepingCapacity: true)
    }

    /// Binds an integer.
    func add(_ value: Int, at index: Int32) {
        sqlite3_bind_int64(handle, index, Int64(value))
    }

    /// Binds a value in the form SQLite keeps it in (`SQLiteColumn`).
    func add(_ value: Value, at index: Int32) {
        switch value {
        case .null: sqlite3_bind_null(handle, index)
        case .bool(let bool): sqlite3_bind_int64(handle, index, bool ? 1 : 0)
        case .int(let int): sqlite3_bind_int64(handle, index, Int64(int))
        case .double(let double): sqlite3_bind_double(handle, index, double)
        case .timestamp(let time): sqlite3_bind_int64(handle, index, time.microseconds)
        case .date(let date): sqlite3_bind_int64(handle, index, Int64(date.daysSinceEpoch))
        case .string(var text): text.withUTF8 { append($0, at: index, isText: true) }
        case .bytes(let bytes): bytes.withUnsafeBufferPointer { append($0, at: index, isText: false) }
        case .uuid(let uuid):
            withUnsafeBytes(of: uuid.uuid) { append($0.bindMemory(to: UInt8.self), at: index, isText: false) }
        case .decimal(let decimal):
            SQLiteColumn.bytes(of: decimal).withUnsafeBufferPointer { append($0, at: index, isText: false) }
        case .json, .array:
            var text = ValueJSON.value(value).description
            text.withUTF8 { append($0, at: index, isText: true) }
        }
    }

    /// Binds text by its bytes, which need not be valid UTF-8: the end of a range of texts often is not.
    func add(text bytes: [UInt8], at index: Int32) {
        bytes.withUnsafeBufferPointer { append($0, at: index, isText: true) }
    }

    private func append(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int32, isText: Bool) {
        if used + bytes.count > buffer.count {
            let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * (used + bytes.count), alignment: 8)
            larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[..<used]))
            buffer.deallocate()
            buffer = larger
        }
        UnsafeMutableRawBufferPointer(rebasing: buffer[used..<used + bytes.count]).copyBytes(from: bytes)
        slices.append(Slice(index: index, offset: used, count: bytes.count, isText: isText))
        used += bytes.count
    }

    /// Binds what stands in the buffer, now that it will not move any more.
    func endBinding() {
        guard let base = buffer.baseAddress else { return }
        for slice in slices {
            let start = base + slice.offset
            if slice.isText {
                let text = start.assumingMemoryBound(to: CChar.self)
                cairn_sqlite3_bind_text_static(handle, slice.index, text, Int32(slice.count))
            } else {
                cairn_sqlite3_bind_blob_static(handle, slice.index, start, Int32(slice.count))
            }
        }
    }
}

/// How the values of columns stand in SQLite.
///
/// | Cairn | SQLite | |
/// |---|---|---|
/// | string | `TEXT` | compared by bytes (`BINARY`) |
/// | int, bool, timestamp, date | `INTEGER` | bool 0 or 1, timestamp in microseconds, date in days, from 1970 |
/// | double | `REAL` | |
/// | uuid, bytes | `BLOB` | |
/// | decimal | `BLOB` | the order-preserving encoding of keys, so that indexes sort by number |
/// | json, arrays | `TEXT` | canonical JSON |
enum SQLiteColumn {
    static func type(of type: ValueType) -> String {
        switch type {
        case .string, .json, .array: "TEXT"
        case .int, .bool, .timestamp, .date: "INTEGER"
        case .double: "REAL"
        case .uuid, .bytes, .decimal: "BLOB"
        }
    }

    private static let decimalLayout = KeyLayout(valueType: .decimal)

    static func bytes(of decimal: DecimalNumber) -> [UInt8] {
        var bytes: [UInt8] = []
        decimalLayout.append(.decimal(decimal), part: 0, to: &bytes)
        return bytes
    }

    static func decimal(_ bytes: [UInt8]) -> DecimalNumber? {
        guard case .decimal(let decimal)? = decimalLayout.decode(bytes)?.first else { return nil }
        return decimal
    }
}
