// Bodies, ranges, ETags and the answers' details are those of every object store.
@_exported public import ObjectStores
