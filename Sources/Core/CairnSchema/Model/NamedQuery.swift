/// A query that a schema file gives a name. It belongs to the program and not to the data: stores do not hold it, and it is no part
/// of the schema's id.
package struct NamedQuery: Sendable {
    /// The name in the schema file, unique among those of its table.
    package let name: String
    /// What the schema file says about it.
    package let doc: String?
    /// The text, as it was written.
    package let text: String
    /// What the text means. Its parameters are those of ``parameters``.
    package let template: QueryTemplate
    /// The parameters, in the order in which they stand in the text.
    package let parameters: [Parameter]
    /// Whether it is meant to read a whole table.
    package let isUnindexed: Bool
    /// Where its text begins.
    package let location: Diagnostic.Location

    /// One parameter.
    package struct Parameter: Sendable {
        /// What it is in the query.
        package let parameter: QueryParameter
        /// The value it has when nobody says; nil when somebody must.
        package let defaultValue: Value?
        /// What the schema file says about it.
        package let doc: String?
    }

    /// The name of the Swift function.
    package var swiftName: String { Naming.lowerCamelCase(name) }
}
