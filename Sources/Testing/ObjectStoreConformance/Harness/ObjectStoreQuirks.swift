public import ObjectStores

/// What a provider does in its own way, as data: found by probing, then expected.
///
/// The default is what Amazon S3 documents, and what the stores in memory and in folders do. What a store cannot do at all is
/// not here but in its ``ObjectStores/ObjectStoreCapabilities``.
public struct ObjectStoreQuirks: Sendable {
    /// Keys that it cannot keep or list, of those ``KeyCases`` tries.
    public var refusedKeys: Set<[UInt8]> = []
    /// Whether a key `a` cannot stand beside a key `a/b`.
    public var refusesKeyBesideFolder = false
    /// What a conditional write without an object fails with.
    public var conditionOnNothing = ObjectStoreError.Code.notFound
    /// What those who lose a race of conditional writes may fail with.
    public var lostRace: Set<ObjectStoreError.Code> = [.preconditionFailed]
    /// Whether the last bytes of an empty object cannot be asked for.
    public var refusesSuffixOfNothing = false
    /// Whether parts smaller than the minimum are taken.
    public var takesSmallParts = false
    /// Whether a shared prefix is listed that does not sort behind `startAfter`, when keys in it do.
    public var showsPrefixesBeforeStart = false
    /// What the end of an upload that is gone fails with.
    public var endOfGoneUpload: Set<ObjectStoreError.Code> = [.noSuchUpload]
    /// Whether names of metadata come back with hyphens for their underscores.
    public var turnsUnderscoresIntoHyphens = false
    /// Whether what is read has the tags.
    public var showsTags = true
    /// Whether the storage class that the cases try, `STANDARD_IA`, is one it does not have.
    public var refusesStorageClass = false
    /// Whether an upload ends only when all of its parts are named.
    public var wantsAllParts = false

    /// None.
    public init() {}

    /// Keys that it cannot keep or list, as texts.
    public mutating func refuse(keys: [String]) { refusedKeys.formUnion(keys.map { Array($0.utf8) }) }
}
