import Cairn
import Testing

/// What generated code relies on: it imports `Cairn` alone and spells its types with a module selector.
///
/// No other import may stand in this file; it does not compile when `Cairn` stops handing on a type.
@Suite("Types that Cairn hands on")
struct HandedOnTypesTests {
    @Test("Generated code can spell UUID through Cairn")
    func uuid() {
        let id: Cairn::UUID = .version7()
        #expect(id.columnValue == .uuid(id))
    }
}
