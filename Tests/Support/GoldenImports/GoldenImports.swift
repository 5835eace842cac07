public import CairnCore

/// The databases of this module, without their names: to import those into a file would hide types there too.
public let goldenImports: [any CairnCore::Database.Type] = [Cairn.self]
