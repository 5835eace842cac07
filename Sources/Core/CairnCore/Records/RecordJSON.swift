import CairnSchema

/// Records of one table as JSON objects by the names of their columns: what files, commands and `JSONRecordCodec` show.
///
/// The text is canonical: the same values give the same bytes. Reading takes any order and any white space, refuses members
/// the table does not have and members that stand there twice, and gives what is missing its default, as a typed record's
/// initialiser does.
package struct RecordJSON: Sendable {
    /// Which of the texts of a record is the canonical one, and what a column that is missing gets.
    package enum Form: Sendable {
        /// Columns in the order of the table, and every default.
        case declared
        /// For stores that others read and write: columns in the order of their names, because programs with the same schema
        /// may declare them in different orders and must write the same bytes. Of the defaults only those that are the same
        /// at each reading.
        case stored
    }

    package let table: Table
    private let form: Form
    /// The position of each column in the order of writing, and the place in that order of each position; nil where the
    /// order is that of the table.
    private let order: (positions: [Int], places: [Int])?
    private let names: MemberNames
    /// In the order of writing.
    private let shapes: [Shape]

    /// What reading a column needs to know of it: a column is much larger, and copying one for each value is dear.
    private struct Shape: Sendable {
        let type: ValueType
        let isNullable: Bool
        /// The values of an enum, for texts of any bytes; nil for other columns.
        let cases: Set<Value>?

        init(_ column: Column) {
            type = column.valueType
            isNullable = column.isNullable
            if case .enumeration(let values) = column.type {
                cases = Set(values.map(Value.string))
            } else {
                cases = nil
            }
        }
    }

    package init(_ table: Table, form: Form = .declared) {
        self.table = table
        self.form = form
        order = form == .stored ? RecordJSON.orderByName(table) : nil
        let columns = order.map { $0.positions.map { table.columns[$0] } } ?? table.columns
        names = MemberNames(columns.map(\.name) + RecordJSON.metadata)
        shapes = columns.map(Shape.init)
    }

    private static func orderByName(_ table: Table) -> (positions: [Int], places: [Int])? {
        let positions = table.columns.indices.sorted {
            Utf8.isLess(table.columns[$0].name, table.columns[$1].name)
        }
        if positions.elementsEqual(table.columns.indices) { return nil }
        var places = positions
        for (place, position) in positions.enumerated() { places[position] = place }
        return (positions, places)
    }

    private func column(at place: Int) -> Column { table.columns[order?.positions[place] ?? place] }

    /// The members that carry the metadata. No column begins with `_`.
    private static let metadata = ["_revision", "_created_at", "_updated_at"]

    // MARK: Writing

    /// About how many bytes a record has.
    package var typicalLength: Int { names.length + 32 * (shapes.count + 3) }

    /// Writes the columns as an object.
    package func writeFields(_ values: [Value], to writer: inout JSONWriter) {
        writer.object { writeColumns(values, to: &$0) }
    }

    /// Writes the columns and the metadata as an object.
    package func write(_ values: [Value], _ metadata: RecordMetadata, to writer: inout JSONWriter) {
        writer.object { writer in
            writeColumns(values, to: &writer)
            names.write(shapes.count, to: &writer)
            writer.int(metadata.revision)
            names.write(shapes.count + 1, to: &writer)
            writer.timestamp(metadata.createdAt)
            names.write(shapes.count + 2, to: &writer)
            writer.timestamp(metadata.updatedAt)
        }
    }

    private func writeColumns(_ values: [Value], to writer: inout JSONWriter) {
        for place in shapes.indices {
            names.write(place, to: &writer)
            writer.compact { ValueJSON.write(values[order?.positions[place] ?? place], to: &$0) }
        }
    }

    // MARK: Reading

    /// Reads an object of columns.
    /// - Throws: `storage.invalid` naming the column that is missing, unknown, given twice or of another type; `JSONError` for
    ///   text that is not JSON.
    package func readFields(_ scanner: inout JSONScanner, depth: Int = 0) throws -> [Value] {
        var reading = Reading(table, takesMetadata: false)
        return try read(&scanner, depth: depth, &reading)
    }

    /// Reads an object of columns and metadata; metadata that is missing is that of a record that was never stored.
    /// - Throws: as ``readFields(_:depth:)``.
    package func read(_ scanner: inout JSONScanner) throws -> (values: [Value], metadata: RecordMetadata) {
        var reading = Reading(table, takesMetadata: true)
        let values = try read(&scanner, depth: 0, &reading)
        return (values, reading.metadata)
    }

    /// What was read so far of one record.
    private struct Reading {
        /// The columns from the first on without a gap: almost always all, in their order.
        var values: [Value] = []
        /// Columns beyond a gap, by place.
        var later: [Int: Value] = [:]
        let takesMetadata: Bool
        var metadata = RecordMetadata()
        /// The metadata members that were met, one bit each.
        var metadataSeen = 0

        init(_ table: Table, takesMetadata: Bool) {
            self.takesMetadata = takesMetadata
            values.reserveCapacity(table.columns.count)
        }

        /// The place of the member that comes next in canonical text.
        var expected: Int { values.count + metadataSeen.nonzeroBitCount }

        func has(_ place: Int) -> Bool { place < values.count || later[place] != nil }

        mutating func take(_ value: consuming Value, at place: Int) {
            guard place == values.count else {
                later[place] = value
                return
            }
            values.append(value)
            while !later.isEmpty, let next = later.removeValue(forKey: values.count) { values.append(next) }
        }
    }

    private func read(_ scanner: inout JSONScanner, depth: Int, _ reading: inout Reading) throws -> [Value] {
        try scanner.open(.object, depth: depth)
        var isFirst = true
        while try scanner.hasNext(.object, isFirst: isFirst) {
            isFirst = false
            let expected = reading.expected
            if names.take(expected, from: &scanner) {
                try readMember(expected, &scanner, depth, &reading)
            } else {
                let name = try scanner.string()
                try scanner.expect(UInt8(ascii: ":"), "':' after the name of a member")
                try readMember(try place(of: name, reading), &scanner, depth, &reading)
            }
        }
        while reading.values.count < shapes.count {
            let place = reading.values.count
            reading.values.append(try reading.later[place] ?? valueWhenMissing(column(at: place)))
        }
        guard let order else { return reading.values }
        return order.places.map { reading.values[$0] }
    }

    private func valueWhenMissing(_ column: Column) throws -> Value {
        guard form == .stored else { return try column.valueWhenMissing(in: table) }
        switch column.defaultValue {
        case nil, .literal: return try column.valueWhenMissing(in: table)
        case .now, .uuid:
            // What is made anew would be another value at each reading.
            if column.isNullable { return .null }
            throw StorageError.invalid(table, column, "a value is missing")
        }
    }

    /// The place of a member in `names`.
    private func place(of name: String, _ reading: Reading) throws -> Int {
        if let column = table.column(named: name) { return order?.places[column.position] ?? column.position }
        if reading.takesMetadata, let member = RecordJSON.metadata.firstIndex(of: name) { return shapes.count + member }
        throw StorageError(
            .invalid, "table '\(table.name)' has no column '\(name)'",
            remedy: NearestName.hint(name, among: table.columns.map(\.name)))
    }

    private func readMember(
        _ place: Int, _ scanner: inout JSONScanner, _ depth: Int, _ reading: inout Reading
    ) throws {
        guard place < shapes.count else { return try readMetadata(place - shapes.count, &scanner, &reading) }
        guard !reading.has(place) else {
            throw StorageError.invalid(table, column(at: place), "it is given twice")
        }
        reading.take(try value(&scanner, at: place, depth), at: place)
    }

    private func readMetadata(_ member: Int, _ scanner: inout JSONScanner, _ reading: inout Reading) throws {
        guard reading.takesMetadata, reading.metadataSeen & 1 << member == 0 else {
            throw invalid(member, reading.takesMetadata ? "it is given twice" : "it does not belong here")
        }
        reading.metadataSeen |= 1 << member
        let value: Value
        do {
            value = try ValueJSON.read(&scanner, as: member == 0 ? .int : .timestamp)
        } catch {
            throw invalid(member, error.description)
        }
        switch (member, value) {
        case (0, .int(let revision)) where revision >= 0: reading.metadata.revision = revision
        case (1, .timestamp(let time)): reading.metadata.createdAt = time
        case (2, .timestamp(let time)): reading.metadata.updatedAt = time
        default: throw invalid(member, "it is a number from 0")
        }
    }

    private func invalid(_ member: Int, _ problem: String) -> StorageError {
        StorageError(.invalid, "'\(RecordJSON.metadata[member])' of a record of table '\(table.name)': \(problem)")
    }

    private func value(_ scanner: inout JSONScanner, at place: Int, _ depth: Int) throws -> Value {
        let shape = shapes[place]
        if try scanner.peek() == UInt8(ascii: "n"), shape.isNullable || shape.type != .json {
            _ = try scanner.literal()
            guard shape.isNullable else {
                throw StorageError.invalid(table, column(at: place), "it may not be null")
            }
            return .null
        }
        let value: Value
        do {
            value = try ValueJSON.read(&scanner, as: shape.type, depth: depth + 1)
        } catch {
            let column = column(at: place)
            // What was found may be the value itself.
            let problem =
                column.isSensitive
                ? "expected \(ValueJSON.expectation(of: shape.type)) (at byte \(error.offset))" : error.description
            throw StorageError.invalid(table, column, problem)
        }
        if let cases = shape.cases, !cases.contains(value), case .string(let text) = value {
            throw StorageError.unknownCase(text, table, column(at: place))
        }
        return value
    }
}

/// `"name":` of each member of a record, in their order: the columns, then the metadata.
///
/// All in one array, because handing out an array for each name would count references on the hot path.
private struct MemberNames: Sendable {
    private var bytes: [UInt8] = []
    private var ends: [Int] = []

    init(_ names: [String]) {
        for name in names {
            var writer = JSONWriter()
            writer.string(name)
            bytes += writer.bytes + [UInt8(ascii: ":")]
            ends.append(bytes.count)
        }
    }

    /// How long a record is without its values.
    var length: Int { bytes.count + ends.count }

    private func range(_ index: Int) -> Range<Int> { (index == 0 ? 0 : ends[index - 1])..<ends[index] }

    func write(_ index: Int, to writer: inout JSONWriter) {
        bytes.withUnsafeBufferPointer { writer.name(quoted: UnsafeBufferPointer(rebasing: $0[range(index)])) }
    }

    /// Consumes a name if it comes next; there may be none of that index.
    func take(_ index: Int, from scanner: inout JSONScanner) -> Bool {
        guard index < ends.count else { return false }
        return bytes.withUnsafeBufferPointer { scanner.take(UnsafeBufferPointer(rebasing: $0[range(index)])) }
    }
}
