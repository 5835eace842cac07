import Cairn
import CairnCore
import Foundation
import Testing

/// Plans and rows together, as they are committed in `Golden`: what a change of the planner does to queries is seen in one place.
///
/// `CAIRN_UPDATE_GOLDENS=1` writes the files anew; what changed is then for a person to read.
@Suite("Plans and rows")
struct PlanGoldenTests {
    private static let updates = ProcessInfo.processInfo.environment["CAIRN_UPDATE_GOLDENS"] == "1"
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")

    private static func file(_ name: String) -> URL { folder.appending(path: "\(name).txt") }

    @Test("Each file has its query, and each query a name of its own")
    func complete() throws {
        let names = PlanGolden.all.map(\.name)
        #expect(Set(names).count == names.count)
        let files = try FileManager.default.contentsOfDirectory(at: Self.folder, includingPropertiesForKeys: nil)
        #expect(files.map(\.lastPathComponent).filter { !names.map { "\($0).txt" }.contains($0) } == [])
    }

    @Test(
        "A query is answered as it was, on each driver, and with the same rows on all of them",
        arguments: PlanGolden.all)
    func golden(_ golden: PlanGolden) async throws {
        var parts = [golden.title]
        var answers: [PlanGolden.Answer] = []
        for driver in PlanStores.allCases {
            let store = try await driver.open()
            let answer = try await golden.answer(in: store)
            try await store.close()
            parts.append(Self.text(answer.plan))
            answers.append(answer)
        }
        let answer = try #require(answers.first)
        for (driver, other) in zip(PlanStores.allCases, answers) {
            #expect(other.rows == answer.rows, "\(driver) gives other rows for \(golden.title)")
        }
        parts.append(Self.text(answer))
        try check(parts.joined(separator: "\n\n") + "\n", golden)
    }

    // MARK: Text

    /// A plan without what is another at each run, or with another version of SQLite.
    private static func text(_ plan: QueryPlan) -> String {
        var plan = steady(plan)
        plan.run?.duration = .zero
        return plan.description.replacing(", 0.0 ms", with: "")
    }

    /// Without what SQLite itself says, in words of its own.
    private static func steady(_ plan: QueryPlan) -> QueryPlan {
        var plan = plan
        plan.details.removeAll { $0.hasPrefix("sqlite ") }
        plan.parts = plan.parts.map(steady)
        for place in plan.related.indices { plan.related[place].plan = steady(plan.related[place].plan) }
        return plan
    }

    /// Rows, a line each, as lists in JSON.
    private static func text(_ answer: PlanGolden.Answer) -> String {
        let rows = answer.rows.map { JSONValue.array($0.map(ValueJSON.value)).description }
        return (["\(answer.columns.joined(separator: ", ")): \(rows.count) rows"] + rows).joined(separator: "\n")
    }

    // MARK: Files

    private func check(_ text: String, _ golden: PlanGolden) throws {
        let file = Self.file(golden.name)
        if Self.updates, (try? String(contentsOf: file, encoding: .utf8)) != text {
            try FileManager.default.createDirectory(at: Self.folder, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        guard let committed = try? String(contentsOf: file, encoding: .utf8) else {
            Issue.record("there is no \(golden.name).txt; CAIRN_UPDATE_GOLDENS=1 writes it:\n\(text)")
            return
        }
        guard committed.utf8.elementsEqual(text.utf8) else {
            Issue.record(
                """
                \(golden.name).txt has other text; CAIRN_UPDATE_GOLDENS=1 writes it anew
                committed:
                \(committed)
                found:
                \(text)
                """)
            return
        }
    }
}
