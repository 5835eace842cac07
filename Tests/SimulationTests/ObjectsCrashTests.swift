import ObjectStores
import Testing

@testable import Simulation

@Suite("The survey of crash points")
struct ObjectsCrashTests {
    private static func points(_ count: Int) -> [CrashPoints.Point] {
        (0..<count).map { CrashPoints.Point(effect: $0 + 1, way: .before, variant: 0) }
    }

    @Test("Too few points, or none at a kind of effect, are found wanting")
    func shortcomings() throws {
        var survey = CrashPoints.Survey()
        survey.points = Self.points(CrashPoints.fewest)
        survey.kinds = Set(CrashPoints.kinds)
        #expect(survey.shortcomings == [])
        survey.points.removeLast()
        let few = try #require(survey.shortcomings.first)
        #expect(survey.shortcomings.count == 1 && few.contains("1999") && few.contains("2000"), "\(few)")
        survey.points = Self.points(CrashPoints.fewest)
        for kind in CrashPoints.kinds {
            survey.kinds = Set(CrashPoints.kinds).subtracting([kind])
            #expect(survey.shortcomings == ["no crash point lies at \(kind)"])
        }
    }

    @Test("A promise that is broken though nobody is killed is found, too")
    func broken() {
        var survey = CrashPoints.Survey()
        survey.points = Self.points(CrashPoints.fewest)
        survey.kinds = Set(CrashPoints.kinds)
        survey.violations = [Violation("I1", "it is gone")]
        #expect(survey.shortcomings.count == 1 && survey.shortcomings.first?.contains("I1") == true)
    }

    @Test("Effects are told apart by what is written or removed")
    func kinds() {
        func kind(_ key: String, _ action: SimulatedRequest.Action) -> String? {
            CrashPoints.kind(of: SimulatedRequest(key: key, action: action, signed: 0, isFenced: false))
        }
        func put(_ text: String = "") -> SimulatedRequest.Action {
            .put(Array(text.utf8), .create, ObjectAttributes())
        }
        #expect(kind("_log/main/1.json", put()) == "log_record")
        #expect(kind("_parts/main/c/0.json", put()) == "part")
        #expect(kind("tables/users/objects/1.json", put()) == "record_file")
        #expect(kind("_index/main/a.idx", put()) == "index_file")
        #expect(kind("_checkpoints/main/m1.json", put("{\"collected\":0}")) == "manifest")
        #expect(kind("_checkpoints/main/m1.json", put("{\"collected\":4}")) == "manifest_that_says_collected")
        #expect(kind("_log/main/1.json", .deleteAll(["_log/main/1.json"])) == "removal_of_log_record")
        #expect(kind("_index/main/a.idx", .delete(ifMatch: nil)) == "removal_of_index_file")
        #expect(kind("_log/main/1.json", .head(ReadConditions())) == nil)
        #expect(kind("_store.json", put()) == nil)
    }
}
