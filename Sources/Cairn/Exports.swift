// What an application imports: the core and the drivers.
@_exported public import CairnCore
@_exported public import MemoryStorage
@_exported public import ObjectStorage
@_exported public import SQLiteStorage
