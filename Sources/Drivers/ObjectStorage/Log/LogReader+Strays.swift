import CairnCore
import CairnSchema

/// What of another store lies among the records of the log. See ``Ownership``.
extension LogReader {
    /// What stands at a number, whosesoever it is.
    enum Standing: Sendable {
        case found(Found)
        /// A record of another store, as of a moment of the store's clock.
        case stray(Ownership.Stray, StoreDate?)
        /// Nothing, as of a moment of the store's clock.
        case absent(StoreDate?)

        var isFound: Bool { if case .found = self { true } else { false } }
    }

    /// Reads what stands at a number. One GET, and one for each part of a record; one more for a record of another store.
    func standing(_ number: Int) async throws -> Standing {
        let name = ObjectNames.record(number)
        switch try await access.read(name) {
        case .absent(let date): return .absent(date)
        case .found(let object):
            // What is gone by the second look was collected, and its parts with it, while it was read.
            let decoded = try await access.decoded(name, object) { object in
                try await meaning(of: object.bytes, number, object.serverDate)
            }
            switch decoded {
            case .value(let standing): return standing
            case .absent(let date): return .absent(date)
            }
        }
    }

    /// What bytes at a number are.
    /// - Parameter date: The store's time when they were read.
    func meaning(of bytes: [UInt8], _ number: Int, _ date: StoreDate?) async throws -> Standing {
        do {
            var found = try await decode(bytes, number)
            try owner?.check(found.record.store, ObjectNames.record(number))
            found.date = date
            return .found(found)
        } catch let error as StorageError where error.mayBeOfAStray {
            guard let stray = try await owner?.stray(ObjectNames.record(number), bytes) else { throw error }
            return .stray(stray, date)
        }
    }

    /// What stands at a number, in terms of its own schema. As ``standing(_:)``, and two GETs more for a record of another schema.
    func standingOfAnyEra(_ number: Int) async throws -> Standing {
        do {
            return try await standing(number)
        } catch let error as StorageError where error.code == .schemaMismatch {
            guard case .found(let object) = try await access.read(ObjectNames.record(number)) else {
                return .absent(nil)
            }
            guard let id = LogReader.schema(ofRecord: object.bytes) else { throw error }
            return try await LogReader(access, try await access.schema(id), of: owner?.store).standing(number)
        }
    }

    /// Reads what stands behind the end of a log. As ``read(_:)``; for a record of another store as ``passes(_:_:after:)``, the
    /// first time.
    /// - Parameter hash: Of the last record.
    /// - Throws: `storage.damaged` when a record that names another store must be one of this log.
    func next(_ number: Int, after hash: [UInt8]) async throws -> Reading {
        while true {
            try Deadline.check()
            switch try await standing(number) {
            case .found(let found): return .found(found)
            case .absent(let date): return .absent(date)
            case .stray(let stray, let date):
                // No record of this log comes behind it while it stands.
                if passed.withLock({ $0 }) == PassedStray(stray, after: hash) { return .absent(date) }
                if try await passes(stray, number, after: hash) { return .absent(date) }
            }
        }
    }

    /// Whether a stray behind the end of a log may be passed over and replaced. One LIST, a GET for some records behind it, and one more.
    /// - Parameter hash: Of the last record of the log.
    /// - Returns: false when it is no longer there: look again.
    /// - Throws: `storage.damaged` when it must be a record of this log.
    func passes(_ stray: Ownership.Stray, _ number: Int, after hash: [UInt8]) async throws -> Bool {
        if stray.continues(hash) {
            throw LogReader.gap(
                "commit record \(number) continues this log, and names another store, '\(stray.store)'")
        }
        let numbers = try await access.names(ObjectNames.log, after: stray.name, limit: 1_000).compactMap {
            ObjectNames.number(ofRecord: $0)
        }
        guard let own = try await firstOwn(of: numbers) else {
            passed.withLock { $0 = PassedStray(stray, after: hash) }
            return true
        }
        // Somebody may have replaced it and gone on since it was read.
        guard case .stray = try await standing(number) else { return false }
        throw LogReader.gap(
            "commit record \(number) is of another store, '\(stray.store)', and record \(own) behind it is of this one")
    }

    /// The records that are looked at where strays are expected: ours would begin the line, or end it.
    private static let sample = 8

    /// The first of some numbers at which no stray stands, as far as the first few and the last tell. A GET for each, and one more.
    func firstOwn(of all: [Int]) async throws -> Int? {
        guard let owner else { return all.first }
        let numbers = all.prefix(LogReader.sample) + all.dropFirst(LogReader.sample).suffix(1)
        let own = try await Array(numbers).concurrently(LogReader.width) { [self] in try await isOwn($0, owner) }
        // After they were read: else they may be of the store that the place has by now.
        if own.contains(false) { try await owner.checkPlace() }
        return zip(numbers, own).first { $0.1 }?.0
    }

    /// Whether what stands at a number is no stray.
    private func isOwn(_ number: Int, _ owner: Ownership) async throws -> Bool {
        let name = ObjectNames.record(number)
        guard case .found(let object) = try await access.read(name) else { return false }
        if let label = ObjectLabel(object.bytes, name) { return Ownership.isAlike(label.store, owner.store) }
        do {
            // The answer may have been damaged on its way.
            return try await standing(number).isFound
        } catch let error as StorageError where error.mayBeOfAStray {
            // Whatever it is, it is no stray.
            return true
        }
    }

    /// The numbers of a log that is being opened, without the strays at its end, and its newest record. A GET of that; where it is a stray,
    /// two for each halving of their number.
    func withoutStrays(_ numbers: [Int]) async throws -> (numbers: [Int], newest: [UInt8]?) {
        guard let newest = try await last(of: numbers) else { return (numbers, nil) }
        guard try await owner?.stray(ObjectNames.record(newest.number), newest.bytes) != nil,
            let place = try await owner?.firstStray(in: numbers.map(ObjectNames.record))
        else { return (numbers, newest.bytes) }
        let own = Array(numbers[..<place])
        return (own, try await last(of: own)?.bytes)
    }

    private func last(of numbers: [Int]) async throws -> (number: Int, bytes: [UInt8])? {
        guard let number = numbers.last, case .found(let object) = try await access.read(ObjectNames.record(number))
        else { return nil }
        return (number, object.bytes)
    }
}

/// A stray that was found to have no record of the log behind it.
struct PassedStray: Sendable, Equatable {
    let name: String
    /// The hash of its bytes.
    let digest: [UInt8]
    /// The hash of the last record of the log.
    let last: [UInt8]

    init(_ stray: Ownership.Stray, after last: [UInt8]) {
        name = stray.name
        digest = stray.digest
        self.last = last
    }
}

extension StorageError {
    /// Whether it is what a reader says of an object of another store, whose schema or version it may not know.
    var mayBeOfAStray: Bool { [.damaged, .schemaMismatch, .upgradeRequired].contains(code) }
}
