/// The version of Cairn that the command belongs to.
enum Version {
    /// Semantic version, without anything around it.
    static let current = "0.1.0"
}
