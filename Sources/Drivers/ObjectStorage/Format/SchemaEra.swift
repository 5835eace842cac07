import CairnCore
package import CairnSchema

/// The time before a migration, when commits followed the schema it began with.
///
/// A migration writes no record file anew. A file says by its `commit` which era it is of, and is read as the migrations since have
/// made its record; it takes the form of the newest schema when the record is changed.
package struct SchemaEra: Sendable, Hashable {
    /// The schema of the era.
    package var schema: SchemaID
    /// The number of the commit that ended it: the first of the next one.
    package var end: Int
    /// The time of that commit: what `now` is for the columns it added.
    package var time: Timestamp
    /// Whether that commit made values of others, which whoever reads a file of the era must know how to do.
    package var isConverted = false
    /// Whether values that records got in that commit are kept beside them, where whoever reads a file of the era must look.
    package var hasKeptValues = false

    package init(
        schema: SchemaID, end: Int, time: Timestamp, isConverted: Bool = false, hasKeptValues: Bool = false
    ) {
        self.schema = schema
        self.end = end
        self.time = time
        self.isConverted = isConverted
        self.hasKeptValues = hasKeptValues
    }

    // MARK: JSON

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.name("seq")
            writer.int(end)
            writer.name("from")
            writer.plain(schema.description)
            writer.name("at")
            writer.timestamp(time)
            if isConverted {
                writer.name("converted")
                writer.bool(true)
            }
            if hasKeptValues {
                writer.name("kept_values")
                writer.bool(true)
            }
        }
    }

    static func read(_ scanner: inout JSONScanner) throws -> SchemaEra {
        var schema: SchemaID?
        var end: Int?
        var time: Timestamp?
        var isConverted: Bool?
        var hasKeptValues: Bool?
        try scanner.forEachMember(depth: 2) { member, scanner in
            switch member {
            case "seq": try end.set(try scanner.int(member, in: 1...StoreFormat.largest), member)
            case "from": try schema.set(try scanner.schemaID(member), member)
            case "at": try time.set(try scanner.time(member), member)
            case "converted": try isConverted.set(try scanner.flag(member), member)
            case "kept_values": try hasKeptValues.set(try scanner.flag(member), member)
            default: try scanner.skipValue(depth: 3)
            }
        }
        return SchemaEra(
            schema: try schema.needed("from"), end: try end.needed("seq"), time: try time.needed("at"),
            isConverted: isConverted ?? false, hasKeptValues: hasKeptValues ?? false)
    }
}

/// Which table, and which columns of it, a migration made of one of before. What was added is not said, unless it was made from what
/// was there.
package struct TableSuccession: Sendable, Hashable {
    package var old: String
    package var new: String
    /// The old and the new name of each column that stayed.
    package var columns: [[String]]
    /// What new columns were made from, by their names.
    package var made: [String: Conversion] = [:]
    /// Whether values of a column that stayed were converted into another type.
    package var convertsTypes = false
    /// Where the values are kept that its records got; nil where they got none but what anybody can make.
    package var values: KeptValues?

    /// Whether something of it was looked up in other tables, and is kept.
    var hasLookups: Bool {
        made.values.contains { if case .lookup = $0.source { true } else { false } }
    }

    /// Whether who reads the files of before must know how values are made of others.
    var needsConversions: Bool { convertsTypes || !made.isEmpty }

    package init(_ pair: TablePair) {
        old = pair.old.name
        new = pair.new.name
        columns = zip(pair.new.columns, pair.sources).compactMap { column, source in
            source.map { [pair.old.columns[$0].name, column.name] }
        }
        for (place, conversion) in pair.conversions { made[pair.new.columns[place].name] = conversion.conversion }
        convertsTypes = zip(pair.new.columns, pair.sources).contains { column, source in
            guard let old = source.map({ pair.old.columns[$0].valueType }), old != column.valueType else {
                return false
            }
            return !old.widens(to: column.valueType)
        }
    }

    init(old: String, new: String, columns: [[String]]) {
        self.old = old
        self.new = new
        self.columns = columns
    }

    /// The same, in terms of two schemas.
    /// - Throws: ``Damage`` for names they do not have.
    func pair(_ from: Schema, _ to: Schema) throws -> TablePair {
        guard let old = from.table(named: old), let new = to.table(named: new) else {
            throw Damage("it makes '\(new)' of '\(old)', and the schemas lack one of them")
        }
        var sources = [Int?](repeating: nil, count: new.columns.count)
        for names in columns {
            guard names.count == 2, let source = old.column(named: names[0]), let column = new.column(named: names[1])
            else { throw Damage("it has columns of '\(new.name)' that the schemas lack") }
            sources[column.position] = source.position
        }
        let kept = Set(sources.compactMap { $0 })
        return TablePair(
            old: old, new: new, sources: sources, dropped: old.columns.indices.filter { !kept.contains($0) },
            conversions: try conversions(of: old, in: from, for: new))
    }

    private func conversions(of old: Table, in schema: Schema, for new: Table) throws -> [Int: ColumnConversion] {
        var conversions: [Int: ColumnConversion] = [:]
        for (name, conversion) in made {
            guard let column = new.column(named: name),
                let found = try? ColumnConversion(conversion, of: old, in: schema, for: column)
            else { throw Damage("it makes '\(name)' of '\(new.name)' from what the schemas lack") }
            conversions[column.position] = found
        }
        return conversions
    }

    // MARK: JSON

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.name("from")
            writer.string(old)
            writer.name("to")
            writer.string(new)
            writer.name("columns")
            writer.write(.array(columns.map { .array($0.map(JSONValue.string)) }))
            if convertsTypes {
                writer.name("converts_types")
                writer.bool(true)
            }
            if !made.isEmpty {
                writer.name("made")
                // In an order: the same are the same bytes.
                let sorted = made.sorted { Utf8.isLess($0.key, $1.key) }
                writer.write(.object(JSONObject(sorted.map { .init(name: $0.key, value: $0.value.value) })))
            }
            if let values {
                writer.name("values")
                values.write(to: &writer)
            }
        }
    }

    static func read(_ scanner: inout JSONScanner) throws -> TableSuccession {
        var old: String?
        var new: String?
        var columns: [[String]]?
        var convertsTypes: Bool?
        var made: [String: Conversion] = [:]
        var values: KeptValues?
        try scanner.forEachMember(depth: 3) { member, scanner in
            switch member {
            case "from": try old.set(try scanner.name(member), member)
            case "to": try new.set(try scanner.name(member), member)
            case "columns":
                try columns.set(try scanner.list(depth: 4) { try $0.list(depth: 5) { try $0.string() } }, member)
            case "values": try values.set(try KeptValues.read(&scanner), member)
            case "converts_types": try convertsTypes.set(try scanner.flag(member), member)
            case "made":
                try scanner.forEachMember(depth: 4) { column, scanner in
                    guard let conversion = try? Conversion(try JSONValue(&scanner, depth: 5)) else {
                        throw Damage("it does not say what '\(column)' is made from")
                    }
                    made[column] = conversion
                }
            default: try scanner.skipValue(depth: 4)
            }
        }
        var table = TableSuccession(
            old: try old.needed("from"), new: try new.needed("to"), columns: try columns.needed("columns"))
        table.convertsTypes = convertsTypes ?? false
        table.made = made
        table.values = values
        return table
    }

    static func write(_ tables: [TableSuccession], to writer: inout JSONWriter) {
        writer.name("tables")
        writer.array { writer in
            for table in tables {
                writer.element()
                table.write(to: &writer)
            }
        }
    }
}

/// What a commit record of kind `schema` says: the tables that stayed, and the manifest of the store under the new schema.
///
/// The record decides, and it has all that must be known to go on: whoever finds it can publish the manifest, and all publish the
/// same. So a migration whose process died behind the record is as done as any other.
package struct SchemaCommit: Sendable, Hashable {
    package var tables: [TableSuccession]
    /// The manifest that covers the record. The hash of the record, which cannot stand in it, is left out.
    package var manifest: Manifest

    package init(tables: [TableSuccession], manifest: Manifest) {
        self.tables = tables
        self.manifest = manifest
    }

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            TableSuccession.write(tables, to: &writer)
            writer.name("manifest")
            ManifestJSON.write(manifest, to: &writer)
        }
    }

    static func read(_ scanner: inout JSONScanner, _ schema: (SchemaID) throws -> Schema) throws -> SchemaCommit {
        var tables: [TableSuccession]?
        var manifest: Manifest?
        try scanner.forEachMember(depth: 1) { member, scanner in
            switch member {
            case "tables": try tables.set(try scanner.list(depth: 2, TableSuccession.read), member)
            case "manifest":
                var reader = ManifestReader(name: nil)
                try manifest.set(try reader.read(&scanner, schema), member)
            default: try scanner.skipValue(depth: 2)
            }
        }
        return SchemaCommit(tables: try tables.needed("tables"), manifest: try manifest.needed("manifest"))
    }
}

/// `_migrations/<number>.json`: what a migration made of the tables. Record files of the era before cannot be read without it.
package struct MigrationFile: Sendable, Hashable {
    package var era: SchemaEra
    /// The schema it made.
    package var to: SchemaID
    package var tables: [TableSuccession]

    package init(era: SchemaEra, to: SchemaID, tables: [TableSuccession]) {
        self.era = era
        self.to = to
        self.tables = tables
    }

    /// The bytes of the file.
    package var encoded: [UInt8] {
        var writer = JSONWriter(indent: 2, capacity: 1024)
        writer.object { writer in
            Requirements.write(needs: StoreFormat.needs(of: tables), to: &writer)
            writer.name("to")
            writer.plain(to.description)
            writer.name("before")
            era.write(to: &writer)
            TableSuccession.write(tables, to: &writer)
        }
        return writer.bytes + [0x0A]
    }

    /// - Throws: `storage.damaged` naming the object, `storage.upgrade_required`.
    package init(decoding bytes: [UInt8], name: String) throws {
        self = try StoredObject.read(bytes, name) { scanner in
            var requirements = Requirements()
            var era: SchemaEra?
            var to: SchemaID?
            var tables: [TableSuccession]?
            try scanner.forEachMember(depth: 0) { member, scanner in
                switch member {
                case "to": try to.set(try scanner.schemaID(member), member)
                case "before": try era.set(try SchemaEra.read(&scanner), member)
                case "tables": try tables.set(try scanner.list(depth: 1, TableSuccession.read), member)
                default: if try !requirements.take(member, &scanner) { try scanner.skipValue(depth: 1) }
                }
            }
            try requirements.checked()
            let file = MigrationFile(
                era: try era.needed("before"), to: try to.needed("to"), tables: try tables.needed("tables"))
            guard ObjectNames.number(ofMigration: name) == file.era.end else {
                throw Damage("it says that it is of commit \(file.era.end)")
            }
            return file
        }
    }
}
