import CairnCore
import Testing

/// A golden that was compiled, as a database to open.
struct GoldenDatabase: CustomTestStringConvertible, Sendable {
    let type: any CairnCore::Database.Type

    var testDescription: String { "\(type)" }

    /// Every golden that was compiled: a generated file that nothing here names would be compiled and never run.
    static let all: [GoldenDatabase] = (together + hidingGoldens).map { GoldenDatabase(type: $0) }

    private static let together: [any CairnCore::Database.Type] = [
        Arrays.self, Gazetteer.self, CloseNames.self, ColumnCase.self, ColumnKeywords.self, ColumnLocals.self,
        ColumnTypes.self, CompositeMixed.self, CompositeNames.self, CompositeThree.self, CompositeTwo.self,
        Library.self, DefaultsData.self, DefaultsID.self, DefaultsNumber.self, DefaultsReference.self,
        DefaultsString.self, DefaultsTime.self, Deprecated.self, Docs.self, EntityNames.self, EnumHiding.self,
        EnumKey.self, EnumKeywords.self, EnumNames.self, EnumPlain.self, Indexes.self, KeyNotFirst.self,
        KeyOnly.self, Lookups.self, NamedQueries.self, Optionals.self, Projections.self, ReferenceChain.self,
        ReferenceItem.self, ReferenceSelf.self,
        ReferenceSeveral.self, Referrals.self, Rules.self, Sensitive.self, TypeBool.self, TypeBytes.self, TypeDate.self,
        TypeDecimal.self, TypeDouble.self, TypeInt.self, TypeJSON.self, TypeString.self, TypeTimestamp.self,
        TypeUUID.self, Wide.self,
    ]
}
