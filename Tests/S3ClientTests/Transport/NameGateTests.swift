import Testing

@testable import S3Client

@Suite("Transport: one lookup for many requests")
struct NameGateTests {
    private let start = ContinuousClock.now

    @Test("The first request looks the name up, the others wait for it, later ones go for a minute")
    func known() {
        var gate = NameGate<Int>()
        #expect(gate.admit(1, for: "a", at: start) == .lookUp)
        #expect(gate.admit(2, for: "a", at: start) == .wait)
        #expect(gate.admit(3, for: "a", at: start) == .wait)
        #expect(gate.admit(4, for: "b", at: start) == .lookUp)
        #expect(gate.settle("a", isKnown: true, at: start) == [2, 3])
        #expect(gate.admit(5, for: "a", at: start.advanced(by: .seconds(54))) == .go)
        #expect(gate.admit(6, for: "a", at: start.advanced(by: .seconds(56))) == .lookUp)
        #expect(gate.admit(7, for: "a", at: start.advanced(by: .seconds(56))) == .wait)
    }

    @Test("When the first gives up, those who waited begin again")
    func unknown() {
        var gate = NameGate<Int>()
        #expect(gate.admit(1, for: "a", at: start) == .lookUp)
        #expect(gate.admit(2, for: "a", at: start) == .wait)
        #expect(gate.settle("a", isKnown: false, at: start) == [2])
        #expect(gate.admit(2, for: "a", at: start) == .lookUp)
    }

    @Test("Old names are forgotten, those asked for are not")
    func forgotten() {
        var gate = NameGate<Int>()
        #expect(gate.admit(0, for: "asked", at: start) == .lookUp)
        for index in 0..<1000 {
            let now = start.advanced(by: .seconds(index))
            #expect(gate.admit(index, for: "\(index)", at: now) == .lookUp)
            #expect(gate.settle("\(index)", isKnown: true, at: now) == [])
        }
        #expect(gate.count <= 257)
        #expect(gate.admit(1, for: "asked", at: start) == .wait)
    }

    @Test(
        "Addresses need no lookup",
        arguments: [
            ("127.0.0.1", true), ("[::1]", true), ("localhost", true), ("s3.amazonaws.com", false),
            ("1.example", false),
            ("a", false),
        ])
    func addresses(_ host: String, _ expected: Bool) {
        #expect(NameGate<Int>.needsNoLookup(host) == expected)
    }
}
