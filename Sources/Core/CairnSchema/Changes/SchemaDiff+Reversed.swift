extension SchemaDiff {
    /// What makes the old schema of the new one again, renames turned round.
    ///
    /// It takes the schema back and not the data: a column that was dropped comes back without what it had. What of it is not possible
    /// is part of it, as of any other: operations that are refused, and renames to a name that is taken by now, which are ambiguous.
    package var reversed: SchemaDiff {
        SchemaDiff(from: new, to: old.with(reversedNames))
    }

    /// What the old schema's tables and columns are called in the new one: all of it, unless something of the change itself is not clear.
    package var reversedNames: FormerNames {
        var names = FormerNames(reversing: pairs)
        names.isComplete = ambiguities.isEmpty
        return names
    }
}
