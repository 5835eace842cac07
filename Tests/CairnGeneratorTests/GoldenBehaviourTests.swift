import Cairn
import Foundation
import Testing

/// What the shape of some goldens is for: things a caller writes, on both drivers.
@Suite("Generated code in use")
struct GoldenBehaviourTests {
    private static let urls = GoldenRunTests.urls

    @Test("Lookups find the one record, by each unique index, and nothing for other values", arguments: urls)
    func lookups(_ url: String) async throws {
        let database = try await Lookups.open(url)
        try await database.owners.insert(Owner(id: 1, mail: "a@x"))
        let opened = CalendarDate("2026-01-02")
        let account = try await database.accounts.insert(
            Account(
                number: 5, iban: "DE1", owner: 1, branch: "north", kind: .savings, opened: opened, code: [1],
                findUnique: "u", fee: DecimalNumber("1.5")))
        #expect(try await database.accounts.find(byNumber: 5) == account)
        #expect(try await database.accounts.find(byIBAN: "DE1") == account)
        #expect(try await database.accounts.find(byIBAN: "DE2") == nil)
        #expect(try await database.accounts.find(byOwner: 1) == account)
        #expect(try await database.accounts.find(byFindUnique: "u") == account)
        #expect(try await database.accounts.find(byBranch: "north", number: 5) == account)
        #expect(try await database.accounts.find(byKind: .savings, owner: 1, opened: try #require(opened)) == account)
        #expect(try await database.accounts.find(byKind: .default, owner: 1, opened: try #require(opened)) == nil)
        #expect(try await database.accounts.find(byOpened: try #require(opened), code: [1]) == account)
        #expect(try await database.accounts.find(byFee: try #require(DecimalNumber("1.50"))) == account)
        #expect(try await database.snapshot { try await $0.accounts.find(byNumber: 5) } == account)
        #expect(try await database.transaction { try await $0.accounts.find(byNumber: 5) } == account)
        try await database.close()
    }

    @Test("Projections have the values of their columns, in rows, in records and in JSON", arguments: urls)
    func projections(_ url: String) async throws {
        let database = try await Projections.open(url)
        let depot = Depot(
            get: 1, name: "é", mail: "a@x", born: CalendarDate("2026-01-02"), state: .`self`, parent: 1, tags: ["t"],
            row: 5, hasher: "h", record: DecimalNumber("1.5"), old: [0, 255])
        try await database.depots.insert(depot)
        let delivery = Delivery(
            depot: 1, number: 2, weight: 0.5, open: true, made: .now, token: UUID(), settings: ["a": 1])
        try await database.deliveries.insert(delivery)
        let short = try await database.depots.select(Depot.Short.self).one()
        #expect(short == Depot.Short(name: "é", state: .`self`, get: 1))
        #expect(short.id == depot.id && short == Depot.Short(depot))
        #expect(short.hashValue == Depot.Short(name: "e", state: .open, get: 1).hashValue)
        #expect(short != Depot.Short(name: "e\u{301}", state: .`self`, get: 1))
        try check(try await database.depots.select(Depot.String.self).one(), Depot.String(depot))
        try check(try await database.depots.select(Depot.Item.self).one(), Depot.Item(parent: 1))
        try check(
            try await database.depots.select(Depot.Identifiable.self).one(),
            Depot.Identifiable(born: CalendarDate("2026-01-02"), get: 1))
        let weight = try await database.deliveries.select(Delivery.Weight.self).one()
        #expect(weight.id == Delivery.ID(depot: 1, number: 2))
        try check(weight, Delivery.Weight(number: 2, weight: 0.5, depot: 1))
        try check(try await database.deliveries.select(Delivery.Rest.self).one(), Delivery.Rest(delivery))
        try await database.close()
    }

    private func check<Part: Projection>(_ found: Part, _ expected: Part) throws {
        #expect(found == expected)
        #expect(found.hashValue == expected.hashValue)
        let json = try JSONEncoder().encode(found)
        #expect(try JSONDecoder().decode(Part.self, from: json) == expected)
    }

    @Test("The JSON of a projection has its columns by name; what is missing gets its default or is refused")
    func projectionsInJSON() throws {
        let short = Depot.Short(name: "n", state: .open, get: 1)
        let json = try JSONDecoder().decode([String: JSONValue].self, from: JSONEncoder().encode(short))
        #expect(json == ["name": "n", "state": "open", "get": 1])
        let decoder = JSONDecoder()
        let empty = try decoder.decode(Depot.Item.self, from: Data("{}".utf8))
        #expect(empty == Depot.Item(parent: nil))
        for wrong in [#"{"name": "n", "get": 1}"#, #"{"name": "n", "get": 1, "state": "shut"}"#] {
            #expect(throws: DecodingError.self) { try decoder.decode(Depot.Short.self, from: Data(wrong.utf8)) }
        }
    }

    @Test("Named queries of every kind give their rows, with their defaults and without", arguments: urls)
    func namedQueries(_ url: String) async throws {
        let database = try await NamedQueries.open(url)
        try await database.regions.insert(Region(code: .init(.north), name: "Nord"))
        try await database.regions.insert(Region(code: .init(.self), name: "Süd"))
        let settings: JSONValue = ["theme": "dark", "a\"b": [1], "x": 1]
        let north = try await database.shops.insert(Shop(region: .init(.north), name: "A1", settings: settings))
        let south = try await database.shops.insert(Shop(region: .init(.self), name: "b", settings: ["x": 2]))
        try await database.wares.insert(Ware(id: 1, state: .fresh, shop: north.id))
        try await database.wares.insert(Ware(id: 2, state: .`init`, shop: south.id))
        func sale(_ shop: Shop, _ number: Int, _ ware: Ware.ID?, _ status: Sale.Status, _ amount: Int) async throws {
            try await database.sales.insert(
                Sale(
                    shop: shop.id, number: number, ware: ware, status: status, amount: DecimalNumber(amount), weight: 8,
                    sold: .now, due: .today, isGift: number == 2, notes: ["n\(number)"], raw: [0, 255], now: number))
        }
        try await sale(north, 1, 1, .open, 5)
        try await sale(north, 2, 2, .default, 50)
        try await sale(south, 3, nil, .paid, 500)
        func numbers(_ query: RepositoryQuery<Repository<Sale>>) async throws -> [Int] {
            try await query.all().map(\.number).sorted()
        }
        #expect(try await database.sales.allOfShop(shop: north.id).all().map(\.number) == [2, 1])
        #expect(try await numbers(database.sales.open()) == [1, 2])
        #expect(try await numbers(database.sales.open(most: 0)) == [])
        #expect(try await numbers(database.sales.withStatus()) == [1, 2])
        #expect(try await numbers(database.sales.withStatus(onlyGifts: true)) == [2])
        #expect(try await numbers(database.sales.withStatus(status: [.paid], high: 1000)) == [3])
        #expect(try await numbers(database.sales.recent(days: 1, zone: .utc)) == [1, 2, 3])
        #expect(try await numbers(database.sales.inRegion(name: "SÜ")) == [3])
        #expect(try await numbers(database.sales.inRegion(region: .init(.north), name: "n")) == [1, 2])
        #expect(try await numbers(database.sales.ofWares(wares: [2, 7])) == [2])
        #expect(try await numbers(database.sales.ofStates()) == [2])
        #expect(try await numbers(database.sales.ofStates(state: .fresh)) == [1])
        let computed = database.sales.computed(factor: 3, divisor: 2, plus: 97, notes: 1)
        #expect(try await numbers(computed) == [1, 2])
        #expect(try await numbers(database.sales.searched(note: "n3", now: 1, raw: [1])) == [1, 2, 3])
        #expect(try await database.shops.shopsThatSold(status: .open, state: .`init`).ids() == [north.id])
        #expect(try await database.shops.shopsThatSold(status: .open, state: .fresh).ids() == [])
        let light = try await database.shops.withTheme(theme: "light", pattern: "^b").ids()
        #expect(Set(light) == [north.id, south.id])
        #expect(try await database.shops.withTheme(theme: "dark").ids() == [north.id])
        #expect(try await database.wares.twice(shop: north.id).ids() == [1])
        #expect(try await database.regions.everything().count() == 2)
        let listed = try await database.sales.numbers(shop: north.id, most: 5)
        #expect(listed.map(\.number) == [1, 2] && listed.map(\.ware) == [1, 2])
        #expect(listed.map(\.status) == [.open, .default] && listed.allSatisfy { $0.due != nil })
        #expect(try await database.shops.names() == ["A1", "b"])
        let states = try await database.sales.perStatus(shop: north.id, sum: 10, status: [.open], ware: 9, most: 9)
        #expect(states.map(\.status) == [.default, .open] && states.map(\.count) == [1, 1])
        #expect(states.map(\.sumAmount) == [50, 5] && states.map(\.averageWeight) == [8, 8])
        #expect(states.map(\.maxWare) == [2, 1] && states.map(\.distinctWare) == [1, 1])
        let few = try await database.sales.perStatus(
            shop: north.id, least: 2, sum: 0, status: [], ware: 9, most: 9)
        #expect(few.isEmpty)
        #expect(try await database.sales.duePerWare(days: 2).map(\.ware) == [nil, 1, 2])
        #expect(try await database.sales.waresWithSales() == [nil, 1, 2])
        let totals = try await database.sales.totals(shop: north.id)
        #expect(totals.count == 2 && totals.sumAmount == 55 && totals.averageNumber == 1.5)
        #expect(totals.maxStatus == .open)
        let nothing = try await database.sales.totals(shop: .init(UUID()))
        #expect(nothing.count == 0 && nothing.sumAmount == nil && nothing.maxStatus == nil)
        #expect(try await database.sales.lastSold() != nil)
        #expect(try await database.snapshot { try await $0.sales.waresWithSales() } == [nil, 1, 2])
        #expect(try await database.snapshot { try await $0.sales.open().count() } == 2)
        #expect(try await database.transaction { try await $0.sales.allOfShop(shop: south.id).delete() } == 1)
        try await database.close()
    }

    @Test("A lookup by a reference to items takes the id of an item, not of its own table", arguments: urls)
    func items(_ url: String) async throws {
        let database = try await ReferenceItem.open(url)
        let item = try await database.items.insert(Item(id: 7, sku: "s", above: 7))
        #expect(try await database.items.find(byAbove: 7) == item)
        let order = OrderItem(id: 1, number: 2, item: item.id, spare: item.id, itemID: .a)
        let stored = try await database.orderItems.insert(order)
        #expect(try await database.orderItems.find(byNumber: 2, item: item.id) == stored)
        #expect(try await database.orderItems.find(bySpare: item.id) == stored)
        #expect(try await database.orderItems.ofItems(items: [item.id]).all() == [stored])
        #expect(try await database.orderItems.ofState(state: .fresh, spare: 9).all() == [stored])
        #expect(try await database.orderItems.ofState(spare: 9).all().isEmpty)
        #expect(try await database.items.above(item: 7).all() == [item])
        let pallet = try await database.pallets.insert(Pallet(id: 1, item: .small))
        let rack = try await database.racks.insert(Rack(id: 1))
        let packed = try await database.items.insert(Item(id: 8, sku: "t", idX: pallet.id, rack: rack.id))
        #expect(try await database.pallets.items(by_idX: pallet).ids() == [packed.id])
        #expect(try await database.pallets.items(by_iDX: pallet).ids() == [])
        #expect(try await database.racks.items(of: rack).ids() == [packed.id])
        #expect(try await database.pallets.packed(state: .fresh, item: packed.id).ids() == [pallet.id])
        let record = try await database.itemRecords.insert(ItemRecord(id: 2, rack: rack.id))
        #expect(try await database.racks.itemRecords(of: rack).ids() == [record.id])
        try await database.close()
    }

    @Test("A table that refers to itself is found by its parent", arguments: urls)
    func folders(_ url: String) async throws {
        let database = try await ReferenceSelf.open(url)
        try await database.folders.insert(Folder(id: 1, name: "root"))
        let child = try await database.folders.insert(Folder(id: 2, parent: 1, name: "a", twin: 1))
        #expect(try await database.folders.find(byParent: 1, name: "a") == child)
        #expect(try await database.folders.find(byTwin: 1) == child)
        #expect(try await database.folders.find(byID: 2, name: "a") == child)
        try await database.close()
    }

    @Test("An identifier is made of the identifier it refers to, however deep", arguments: urls)
    func chain(_ url: String) async throws {
        let database = try await ReferenceChain.open(url)
        let human = try await database.humans.insert(Human(name: "Ada"))
        let employee = try await database.employees.insert(Employee(person: Employee.ID(human.id)))
        let manager = try await database.managers.insert(Manager(employee: Manager.ID(employee.id)))
        let office = try await database.offices.insert(Office(id: 1, owner: human.id, manager: manager.id))
        #expect(office.manager?.value.value.value == human.id.value)
        #expect(try await database.offices.find(byManager: manager.id) == office)
        let json = String(decoding: try JSONEncoder().encode([manager.id]), as: UTF8.self)
        #expect(json == "[\"\(human.id.value.uuidString.lowercased())\"]")
        try await database.close()
    }

    @Test("The id of bytes is Base64 in JSON, of a UUID in lower case, as their columns are")
    func identifiersInJSON() throws {
        let bytes = try JSONEncoder().encode(BytesKeyed(code: BytesKeyed.ID([0, 255])))
        #expect(String(decoding: bytes, as: UTF8.self).contains("\"code\":\"AP8=\""))
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([BytesKeyed.ID].self, from: Data("[\"*\"]".utf8))
        }
        let uuid = try #require(UUID(uuidString: "018F4E5A-7B1C-7D2E-8F30-415263748596"))
        let text = try JSONEncoder().encode([UUIDKeyed.ID(uuid)])
        #expect(String(decoding: text, as: UTF8.self) == "[\"018f4e5a-7b1c-7d2e-8f30-415263748596\"]")
    }

    @Test("The defaults of the initialiser are those of the schema, however they are quoted")
    func defaults() throws {
        let texts = HardText(id: 1)
        #expect(texts.interpolation == ####"\(value) \#(value) \##(value) \##n \###(value)"####)
        #expect(texts.lines == "one\ntwo\r\nthree\r")
        #expect(texts.rawQuotes == "\"\"\"##\"\"\"#")
        #expect(Array(texts.controls.unicodeScalars) == ["\0", "\u{1}", "\t", "\u{1B}", "\u{7F}", "\u{85}"])
        #expect(texts.words == ["a", "\"", "\\(b)", "now", "uuid"])
        #expect(texts.nowText == "now")
        let numbers = Extreme()
        #expect(numbers.id == Extreme.ID(Int.min) && numbers.least == .min && numbers.most == .max)
        #expect(numbers.tenth == 0.1 && numbers.huge == 1e300 && numbers.tiny == Double(bitPattern: 1))
        #expect(numbers.minusZero.sign == .plus, "stores know one zero")
        #expect(numbers.largest == -Double.greatestFiniteMagnitude)
        #expect(numbers.digits.description == "-12345678901234567890123456789012345678")
        let data = Payload(id: 1)
        #expect(data.raw == [0, 1, 2, 3, 255] && data.none == [] && data.several == [[0], []])
        #expect(data.object == ["a\"b": [1, 2.5, .null, true, "x\\(y)\n"], "##": [:]])
        #expect(data.text == "\"now\"" && data.documents.count == 4)
    }

    @Test("Defaults that are made are new each time; keys of type uuid make their own")
    func madeDefaults() {
        #expect(MadeKey().id != MadeKey().id)
        #expect(MadeKey().token != MadeKey().token)
        #expect(MadeKey().fixed.uuidString == "018F4E5A-7B1C-7D2E-8F30-415263748596")
        #expect(abs(Moment(id: 1).at.date.daysSinceEpoch - CalendarDate.today.daysSinceEpoch) <= 1)
        #expect(Moment(id: 1).leap == CalendarDate("2024-02-29"))
        #expect(Visitor(id: 1).head == ZoneHead.ID(Zone.ID("a")) && Visitor(id: 1).mood == Mood.ID(.good))
    }

    @Test("A case called none is not nil, and one called self or init is a case")
    func keywords() {
        let word = Word(id: 1, kind: .class, member: .rawValue)
        #expect(word.maybe == Word.Maybe.none)
        #expect(word.maybe != nil)
        #expect(word.made.rawValue == "init" && word.perhaps?.rawValue == "init")
        #expect(Word(id: 1, member: .hashValue).kind.rawValue == "self")
        #expect(Word.Kind.allCases.count == 19)
    }

    @Test("What an enum stores is the text of the schema, whatever its case is called")
    func enumTexts() {
        #expect(Ticket.Phase.allCases.map(\.rawValue).contains("not-started"))
        #expect(Ticket.Phase(rawValue: "WONTFIX") == .wontfix)
        #expect(Ticket.Phase.homeURL.rawValue == "home_url")
        #expect(Ticket(id: 1, phase: .done).quote.rawValue == "with\nbreak")
    }

    @Test("A store is opened again though its tables need 'entity' to have names in Swift")
    func entity() async throws {
        let folder = try TestFolder()
        let first = try await Library.open("sqlite:\(folder("library.db"))")
        try await first.library.insert(LibraryEntry(id: 1))
        try await first.close()
        let second = try await Library.open("sqlite:\(folder("library.db"))")
        #expect(try await second.library.get(1).revision == 1)
        try await second.close()
    }

    @Test("A composite identifier is read, found and compared by all its parts", arguments: urls)
    func composite(_ url: String) async throws {
        let database = try await CompositeMixed.open(url)
        let member = try await database.members.insert(Member(name: "Ada"))
        let club = try await database.clubs.insert(Club(title: "Chess"))
        let made = try await database.memberships.insert(Membership(club: club.id, member: "Ada", role: .default))
        #expect(made.member == member.id)
        let id = Membership.ID(club: club.id, member: "Ada", role: .default)
        #expect(made.id == id)
        #expect(try await database.memberships.get(id) == made)
        #expect(try await database.memberships.find(Membership.ID(club: club.id, member: "Ada", role: .owner)) == nil)
        try await database.close()
    }
}
