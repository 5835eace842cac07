import CairnCore
import CairnSchema

/// Reads objects that Cairn stored as JSON, and says what is wrong with one that is not what Cairn wrote.
///
/// Every reader goes through ``read(_:_:_:)``: whatever it meets, it ends with a value or with a `StorageError` that names the
/// object. An object that a newer Cairn wrote is never called damaged, even if nothing of it can be read but its `format`.
enum StoredObject {
    /// Reads all of an object.
    /// - Parameters:
    ///   - details: What errors name, unless they know better.
    ///   - isSealed: Whether it may have a checksum of its own; other programs may have written what has none.
    ///   - body: Consumes one value; throws ``Damage``, `JSONError` or a `StorageError` of a codec for what is wrong,
    ///     ``PassedOn`` for what went wrong elsewhere.
    /// - Throws: `storage.upgrade_required`, `storage.damaged`; what was passed on.
    static func read<Result>(
        _ bytes: [UInt8], _ name: String, details: StorageError.Details = StorageError.Details(),
        isSealed: Bool = false, _ body: (inout JSONScanner) throws -> Result
    ) throws -> Result {
        do {
            var scanner = try JSONScanner(bytes)
            let result = try body(&scanner)
            try scanner.end()
            // What else is wrong says more than that something is.
            if isSealed { try Seal.check(bytes) }
            return result
        } catch let passed as PassedOn {
            throw passed.error
        } catch let newer as Newer {
            throw upgradeRequired(name, newer)
        } catch {
            try refuseNewer(bytes, name)
            throw damaged(name, error, details)
        }
    }

    /// Looks, in an object that could not be read, for what says that a newer Cairn wrote it.
    /// - Throws: `storage.upgrade_required`.
    private static func refuseNewer(_ bytes: [UInt8], _ name: String) throws {
        do {
            var scanner = try JSONScanner(bytes)
            var requirements = Requirements()
            try scanner.forEachMember(depth: 0) { member, scanner in
                if try !requirements.take(member, &scanner) { try scanner.skipValue(depth: 1) }
            }
        } catch let newer as Newer {
            throw upgradeRequired(name, newer)
        } catch {
            // The error that brought us here says more.
        }
    }

    private static func damaged(_ name: String, _ error: any Error, _ details: StorageError.Details) -> StorageError {
        let (message, found): (String, StorageError.Details) =
            switch error {
            case let damage as Damage: (damage.message, damage.details)
            case let error as StorageError: (error.message, error.details)
            default: ("\(error)", StorageError.Details())
            }
        var merged = details
        // The record that was asked for, whatever the object says it is.
        merged.table = details.table ?? found.table
        merged.id = details.id ?? found.id
        if let column = found.column { merged.column = column }
        return damaged(name, message, merged)
    }

    /// The error that an object is not what Cairn wrote.
    static func damaged(
        _ name: String, _ message: String, _ details: StorageError.Details = StorageError.Details()
    ) -> StorageError {
        StorageError(
            .damaged, "the object '\(name)' is damaged: \(message)",
            remedy: "run 'cairn doctor', which says what can be mended", details: details)
    }

    private static func upgradeRequired(_ name: String, _ newer: Newer) -> StorageError {
        StorageError(
            .upgradeRequired, "the object '\(name)' was written by a newer Cairn: \(newer.message)",
            remedy: "use a newer version of Cairn; nothing was changed")
    }
}

/// Something is wrong with the object being read. Its name is put to it by ``StoredObject/read(_:_:_:)``.
struct Damage: Error {
    let message: String
    var details = StorageError.Details()

    init(_ message: String) {
        self.message = message
    }

    /// - Parameter id: The text of the key.
    init(_ table: String, id: String?, _ message: String) {
        self.message = message
        details.table = table
        details.id = id
    }
}

/// An error that is not about the object being read: it reaches the caller as it is.
struct PassedOn: Error {
    let error: any Error

    /// Runs what reads something else.
    static func from<Result>(_ body: () throws -> Result) throws -> Result {
        do { return try body() } catch { throw PassedOn(error: error) }
    }

    static func from<Result>(_ body: () async throws -> Result) async throws -> Result {
        do { return try await body() } catch { throw PassedOn(error: error) }
    }
}

/// A newer Cairn wrote the object.
struct Newer: Error {
    let message: String
}

/// What a program must know to read an object: `format` and `needs`. Every object of Cairn's but record files and schemas, which
/// other programs read too, has them as its first members.
struct Requirements {
    private var format: Int?
    private var needs: [String]?

    /// Writes both members.
    static func write(needs: [String] = [], to writer: inout JSONWriter) {
        writer.name("format")
        writer.int(StoreFormat.current)
        writer.name("needs")
        writer.array { writer in
            for feature in needs {
                writer.element()
                writer.string(feature)
            }
        }
    }

    /// Reads the value of a member if it is one of the two.
    /// - Throws: ``Newer`` as soon as one says so.
    mutating func take(_ member: String, _ scanner: inout JSONScanner) throws -> Bool {
        switch member {
        case "format":
            let found = try scanner.int("format", in: 1...Int.max)
            guard found <= StoreFormat.current else {
                throw Newer(message: "it has format \(found), and this version reads up to \(StoreFormat.current)")
            }
            try format.set(found, "format")
        case "needs":
            var features: [String] = []
            try scanner.forEachElement(depth: 1) { features.append(try $0.string()) }
            if let unknown = features.first(where: { !StoreFormat.features.contains($0) }) {
                throw Newer(message: "it needs '\(unknown)', which this version does not know")
            }
            try needs.set(features, "needs")
        default: return false
        }
        return true
    }

    /// Checks that both were there.
    /// - Returns: The features the object needs, all known.
    @discardableResult
    func checked() throws -> [String] {
        _ = try format.needed("format")
        return try needs.needed("needs")
    }
}
