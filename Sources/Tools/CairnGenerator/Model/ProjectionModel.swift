import CairnSchema

/// Some columns of a record as a type of their own.
struct ProjectionModel {
    /// The Swift type, nested in the record.
    let name: String
    /// What the schema file says about it.
    let doc: String?
    /// The columns, in the order of the initialiser.
    let properties: [PropertyModel]
    /// Whether all columns of the key are among them, so that it can be identified.
    let hasKey: Bool

    /// - Parameter properties: Those of the record.
    init(_ projection: NamedProjection, _ properties: [PropertyModel]) {
        name = projection.name
        doc = projection.doc
        self.properties = projection.columns.map { properties[$0] }
        hasKey = properties.allSatisfy { !$0.isKey || projection.columns.contains($0.column.position) }
    }
}
