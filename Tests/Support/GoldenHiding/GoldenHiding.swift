public import CairnCore

/// The databases of this module, without their names: to import those into a file would hide types there too.
public let goldenHiding: [any CairnCore::Database.Type] = [Hiding.self]
