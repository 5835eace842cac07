import CairnCore

/// Makes random schemas: one to four tables with columns of all types, composite keys, indexes, references.
struct SchemaGenerator {
    private var random: SeededRandom
    /// For each table, of how many columns its key is; known first, since only keys of one column can be referred to.
    private var keyCounts: [Int] = []

    static func make(_ random: inout SeededRandom) -> SchemaPlan {
        var generator = SchemaGenerator(random: SeededRandom(seed: random.next()))
        return generator.schema()
    }

    private init(random: SeededRandom) {
        self.random = random
    }

    private mutating func schema() -> SchemaPlan {
        let count = 1 + random.weighted([30, 40, 20, 10])
        keyCounts = (0..<count).map { _ in 1 + random.weighted([70, 20, 10]) }
        return SchemaPlan(tables: (0..<count).map { table($0) })
    }

    private mutating func table(_ position: Int) -> TablePlan {
        var columns = (0..<keyCounts[position]).map { _ in keyColumn(of: position) }
        let others = 1 + random.below(7)
        columns += (0..<others).map { _ in plainColumn() }
        // The key need not stand first, and a composite key need not stand in the order of the columns.
        let places = random.shuffled(Array(columns.indices))
        columns = places.map { columns[$0] }
        let key = (0..<keyCounts[position]).compactMap { places.firstIndex(of: $0) }
        for place in columns.indices { columns[place].name = "c\(place)" }
        var table = TablePlan(name: "t\(position)", columns: columns, key: key)
        addUnique(to: &table)
        table.indexes = (0..<random.weighted([3, 4, 3, 2])).compactMap { index($0, of: table) }
        table.keepsChanges = random.chance(45)
        return table
    }

    // MARK: Columns

    private static let keyTypes = ["string", "int", "uuid", "bytes", "timestamp", "date", "decimal"]

    private mutating func keyColumn(of table: Int) -> ColumnPlan {
        // Only to earlier tables: keys that are defined by one another are refused.
        let targets = (0..<table).filter { keyCounts[$0] == 1 }
        if random.chance(12), let target = random.pick(targets) {
            var column = ColumnPlan(name: "", kind: .reference(target))
            column.options = action(of: column)
            return column
        }
        if random.chance(6) { return enumeration() }
        if random.chance(4) { return ColumnPlan(name: "", kind: .named("bool")) }
        return ColumnPlan(name: "", kind: .named(random.pick(SchemaGenerator.keyTypes, else: "int")))
    }

    private static let types = [
        "string", "string", "string", "int", "int", "double", "bool", "uuid", "bytes", "timestamp", "date", "decimal",
        "json",
    ]

    private mutating func plainColumn() -> ColumnPlan {
        var column: ColumnPlan
        let targets = keyCounts.indices.filter { keyCounts[$0] == 1 }
        let type = random.pick(SchemaGenerator.types, else: "int")
        if random.chance(18), let target = random.pick(targets) {
            column = ColumnPlan(name: "", kind: .reference(target))
        } else if random.chance(8) {
            column = enumeration()
        } else if random.chance(10) {
            column = ColumnPlan(name: "", kind: .named("[\(type)]"))
        } else {
            column = ColumnPlan(name: "", kind: .named(type))
        }
        column.isNullable = random.chance(55)
        if random.chance(15) { column.options = options(of: column.kind) }
        if case .reference = column.kind { column.options = action(of: column) }
        return column
    }

    /// What a reference does when its record goes.
    private mutating func action(of column: ColumnPlan) -> [ColumnPlan.Option] {
        switch random.weighted([45, 30, column.isNullable ? 40 : 0]) {
        case 0: []
        case 1: [ColumnPlan.Option(name: "on_delete", json: "\"cascade\"")]
        default: [ColumnPlan.Option(name: "on_delete", json: "\"set_null\"")]
        }
    }

    private mutating func enumeration() -> ColumnPlan {
        ColumnPlan(
            name: "", kind: .enumeration(Array(["red", "green", "blue", "dark_red"].prefix(2 + random.below(3)))))
    }

    /// Bounds, lengths and defaults that many values satisfy.
    private mutating func options(of kind: ColumnPlan.Kind) -> [ColumnPlan.Option] {
        let choices: [(String, String)] =
            switch kind {
            case .enumeration: [("default", "\"red\"")]
            case .reference: []
            case .named("int"): [("min", "-256"), ("max", "255"), ("default", "5")]
            case .named("double"): [("min", "-1"), ("max", "1e300"), ("default", "-0.0")]
            case .named("decimal"): [("min", "-1.5"), ("max", "\"99.90\""), ("default", "1.50")]
            case .named("timestamp"):
                [("min", "\"1900-01-01T00:00:00Z\""), ("default", "\"2000-02-29T12:00:00Z\"")]
            case .named("date"): [("max", "\"2025-01-01\""), ("default", "\"2000-02-29\"")]
            case .named("string"):
                [("min_length", "1"), ("max_length", "3"), ("pattern", "\"^[^A-Z0]*$\""), ("default", "\"a%\"")]
            case .named("bytes"): [("max_length", "2"), ("default", "\"AAE=\"")]
            case .named("bool"): [("default", "true")]
            case .named("json"): [("default", "{\"b\": 1, \"a\": [1.0]}")]
            case .named(let name) where name.hasPrefix("["): [("max_length", "2")]
            case .named: []
            }
        return choices.filter { _ in random.chance(50) }.map { ColumnPlan.Option(name: $0.0, json: $0.1) }
    }

    // MARK: Indexes

    private func isOrdered(_ column: ColumnPlan) -> Bool {
        if case .named(let type) = column.kind { return type != "json" && !type.hasPrefix("[") }
        return true
    }

    private mutating func addUnique(to table: inout TablePlan) {
        for place in table.columns.indices where isOrdered(table.columns[place]) && !table.key.contains(place) {
            table.columns[place].isUnique = random.chance(10)
        }
    }

    private mutating func index(_ number: Int, of table: TablePlan) -> IndexPlan? {
        let ordered = random.shuffled(table.columns.indices.filter { isOrdered(table.columns[$0]) })
        let parts = ordered.prefix(1 + random.below(3)).map { column in
            IndexPlan.Part(column: column, isDescending: random.chance(40))
        }
        guard !parts.isEmpty else { return nil }
        var index = IndexPlan(name: "x\(number)", parts: parts)
        index.isUnique = random.chance(20)
        if random.chance(30) {
            let others = table.columns.indices.filter { column in
                !table.key.contains(column) && !parts.contains { $0.column == column }
            }
            index.included = Array(random.shuffled(Array(others)).prefix(2))
        }
        if random.chance(25) { index.filter = filter(of: table) }
        return index
    }

    /// What an index of some records tells them by.
    private mutating func filter(of table: TablePlan) -> IndexPlan.Filter? {
        let column = random.below(table.columns.count)
        var tests: [String] =
            switch table.columns[column].kind {
            case .enumeration: ["= 'red'", "!= 'red'", "in ('red', 'green')"]
            case .named("int"): ["> 0", "<= 5", "!= 1", "in (0, 1, 5)", "between -1 and 100"]
            case .named("bool"): ["= true", "!= true"]
            case .named("string"): ["!= ''", ">= 'a'", "in ('', 'a', 'b')"]
            case .named("double"): ["> 0.5", "<= -1.5"]
            case .named("decimal"): [">= 0", "< 1.5"]
            case .named("date"): ["> '2000-01-01'"]
            default: []
            }
        if table.columns[column].isNullable { tests += ["is null", "is not null", "is not null"] }
        return random.pick(tests).map { IndexPlan.Filter(column: column, test: $0) }
    }
}
