// The schema model is part of what the core speaks: tables, columns, values.
@_exported public import CairnSchema
