extension Migration {
    /// The change back, renames turned round. It takes the schema back and not the data: what was dropped comes back empty, if at all.
    /// - Parameter allowsDestructive: Whether what the change added may go again, with what was written to it since.
    /// - Throws: As making one: `migration.destructive` above all where something was added, `migration.unsupported` where a type is
    ///   wider now, `migration.ambiguous` where a former name is taken by now.
    package func reversed(allowsDestructive: Bool = false) throws -> Migration {
        try Migration(from: to, to: diff.reversed.new, allowsDestructive: allowsDestructive)
    }
}
