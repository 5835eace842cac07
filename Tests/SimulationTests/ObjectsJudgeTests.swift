import CairnCore
import Testing

@testable import Simulation

@Suite("The judge of simulated runs")
struct ObjectsJudgeTests {
    private let tables: SimulationSchema

    init() throws {
        tables = try SimulationSchema()
    }

    private func append(_ id: Int, reads: [Int], list: Int = 0) -> Deed {
        var deed = Deed(id: id, process: "p", kind: "append", begin: id)
        deed.outcome = .done(nil)
        deed.reads = [
            ReadNote(
                what: .key(tables.lists, Key(.int(list))),
                result: .rows([row(list, reads)]))
        ]
        return deed
    }

    private func row(_ list: Int, _ items: [Int]) -> ModelState.Row {
        ModelState.Row(values: tables.list(list, items, stamp: 0), metadata: RecordMetadata())
    }

    private func violations(_ deeds: [Deed], _ lists: [[Int]]) -> [String] {
        var end = ModelState(tables.schema)
        for (id, items) in lists.enumerated() { end.set(row(id, items), Key(.int(id)), in: tables.lists) }
        return ListCheck(deeds, tables, end).violations.map(\.message)
    }

    @Test("Appends that came one after the other are no cycle")
    func serial() {
        #expect(
            violations([append(1, reads: []), append(2, reads: [1]), append(3, reads: [1, 2])], [[1, 2, 3]]) == [])
    }

    @Test("A lost update is a cycle of a read and what wrote over it")
    func lostUpdate() {
        let found = violations([append(1, reads: []), append(2, reads: [])], [[1, 2]])
        #expect(found.count == 1 && found.first?.hasPrefix("G2") == true, "\(found)")
    }

    @Test("Write skew over two lists is a cycle")
    func writeSkew() {
        var one = append(1, reads: [], list: 1)
        one.reads += append(1, reads: [], list: 0).reads
        var other = append(2, reads: [], list: 0)
        other.reads += append(2, reads: [], list: 1).reads
        // Each saw the other list empty and wrote to the other.
        let found = violations([one, other], [[1], [2]])
        #expect(found.count == 1 && found.first?.hasPrefix("G2") == true, "\(found)")
    }

    @Test("Lists in different orders are a cycle of writes")
    func differentOrders() {
        let found = violations([], [[1, 2], [2, 1]])
        #expect(found.count == 1 && found.first?.hasPrefix("G0") == true, "\(found)")
    }

    @Test("Reading what never was is found")
    func dirtyRead() {
        let found = violations([append(1, reads: [9])], [[1]])
        #expect(found.contains { $0.contains("G1") }, "\(found)")
    }
}
