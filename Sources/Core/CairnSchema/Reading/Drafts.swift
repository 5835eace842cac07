/// The tables of a file, to be found by name: looking through all of them for each of many references takes too long.
struct TableDrafts {
    let all: [TableDraft]
    /// The position of each table, by the bytes of its name.
    private let positions: [[UInt8]: Int]

    init(_ all: [TableDraft]) {
        self.all = all
        positions = Dictionary(
            all.enumerated().map { (Array($0.element.name.utf8), $0.offset) }, uniquingKeysWith: { first, _ in first })
    }

    /// The position of a table; nil when there is none of that name.
    func position(of name: String) -> Int? { positions[Array(name.utf8)] }

    /// A table by its name; nil when there is none.
    subscript(name: String) -> TableDraft? { position(of: name).map { all[$0] } }
}

/// A table as the file declares it, before names are resolved. Offsets say where to point when something is wrong.
struct TableDraft {
    let name: String
    let offset: Int
    var columns: [ColumnDraft] = []
    /// The names of columns that could not be read. Their own mistakes are reported; that others name them is none.
    var unreadColumns: Set<String> = []
    var key: [(text: String, offset: Int)] = []
    var indexes: [IndexDraft] = []
    var projections: [ProjectionDraft] = []
    var options = TableOptions()
    var entity: (text: String, offset: Int)?
    var doc: String?
    var renamedFrom: (text: String, offset: Int)?
    var allowances: [AllowanceDraft] = []

    func position(of column: String) -> Int? {
        columns.firstIndex { Utf8.equal($0.name, column) }
    }

    /// The Swift name of one record.
    var entityName: String { entity?.text ?? Naming.entityName(ofTable: name) }
}

/// A column as the file declares it.
struct ColumnDraft {
    let name: String
    let offset: Int
    var type: ColumnType
    var typeOffset: Int
    var isNullable = false
    var isUnique = false
    var uniqueOffset = 0
    var defaultNode: JSONNode?
    var minimum: JSONNode?
    var maximum: JSONNode?
    var minimumLength: (value: Int, offset: Int)?
    var maximumLength: (value: Int, offset: Int)?
    var pattern: (text: String, offset: Int)?
    var onDelete: ReferenceAction?
    var isSensitive = false
    var deprecation: String?
    var doc: String?
    var renamedFrom: (text: String, offset: Int)?
    var conversion: (conversion: Conversion, offset: Int)?
    var allowances: [AllowanceDraft] = []
}

/// An index as the file declares it.
struct IndexDraft {
    let name: String
    let offset: Int
    var on: [(text: String, offset: Int)] = []
    var isUnique = false
    var include: [(text: String, offset: Int)] = []
    var filter: (text: String, offset: Int)?
}

/// A projection as the file declares it.
struct ProjectionDraft {
    let name: String
    let offset: Int
    var columns: [(text: String, offset: Int)] = []
    var doc: String?
}
