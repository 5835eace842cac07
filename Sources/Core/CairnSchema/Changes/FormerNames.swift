/// What tables and columns of a schema are in another one: their names, of those alone that have other names there, and what new
/// columns are made from.
package struct FormerNames: Sendable, Hashable {
    /// The old name of a table, by its new one.
    package var tables: [String: String] = [:]
    /// The old names of columns by their new ones, by the new name of the table.
    package var columns: [String: [String: String]] = [:]
    /// What new columns are made from, by their names, by the new name of the table.
    package var conversions: [String: [String: Conversion]] = [:]

    /// Whether these are all there are; not where nobody has written them down.
    package var isComplete = true

    /// None.
    package init() {}

    /// What the new schema's tables and columns are called in the old one.
    package init(_ pairs: [TablePair]) {
        for pair in pairs {
            for (column, source) in zip(pair.new.columns, pair.sources) {
                if let source { add(pair.old.columns[source].name, column.name, in: pair.new.name) }
            }
            for (column, made) in pair.conversions {
                conversions[pair.new.name, default: [:]][pair.new.columns[column].name] = made.conversion
            }
            add(pair.old.name, pair.new.name)
        }
    }

    /// What the old schema's tables and columns are called in the new one.
    package init(reversing pairs: [TablePair]) {
        for pair in pairs {
            for (column, source) in zip(pair.new.columns, pair.sources) {
                if let source { add(column.name, pair.old.columns[source].name, in: pair.old.name) }
            }
            add(pair.new.name, pair.old.name)
        }
    }

    /// Takes a table in, if it has two names.
    package mutating func add(_ old: String, _ new: String) {
        if old != new { tables[new] = old }
    }

    /// Takes a column in, if it has two names.
    package mutating func add(_ old: String, _ new: String, in table: String) {
        if old != new { columns[table, default: [:]][new] = old }
    }
}

extension Schema {
    /// The same schema, which says these old names and conversions, and no others. When they are all there are nothing is left to ask.
    package func with(_ names: FormerNames) -> Schema {
        var notes = notes
        notes.namesAreSettled = names.isComplete
        let tables = tables.map { table in
            table.with(
                table.columns.map { column in
                    column.with(
                        renamedFrom: names.columns[table.name]?[column.name],
                        conversion: names.conversions[table.name]?[column.name])
                },
                renamedFrom: names.tables[table.name])
        }
        return Schema(database: database, tables: tables, window: window).with(notes)
    }
}

extension Schema {
    /// The same schema, which says what an ambiguity is: that the new one is the old one by another name, or that it is new.
    package func answering(_ ambiguity: SchemaAmbiguity, isRenamed: Bool) -> Schema {
        var names = FormerNames()
        names.isComplete = notes.namesAreSettled
        for table in tables {
            // Their own names, too: they say that something is new.
            names.tables[table.name] = table.renamedFrom
            for column in table.columns {
                names.columns[table.name, default: [:]][column.name] = column.renamedFrom
                names.conversions[table.name, default: [:]][column.name] = column.conversion
            }
        }
        let former = isRenamed ? ambiguity.old : ambiguity.new
        if let table = ambiguity.table {
            names.columns[table, default: [:]][ambiguity.new] = former
        } else {
            names.tables[ambiguity.new] = former
        }
        return with(names)
    }
}

extension Table {
    /// The same table with other columns at the same places, and another old name.
    fileprivate func with(_ columns: [Column], renamedFrom: String?) -> Table {
        Table(
            name: name, position: position, columns: columns, key: key, indexes: indexes,
            references: references, referrers: referrers, options: options, entity: entity, doc: doc,
            renamedFrom: renamedFrom)
    }
}

extension Column {
    /// The same column with another old name and another conversion.
    fileprivate func with(renamedFrom: String?, conversion: Conversion?) -> Column {
        Column(
            name: name, position: position, type: type, valueType: valueType, isNullable: isNullable,
            defaultValue: defaultValue, rules: rules, onDelete: onDelete, isSensitive: isSensitive,
            deprecation: deprecation, doc: doc, renamedFrom: renamedFrom, conversion: conversion)
    }
}
