import Testing

@Suite("Migrations on an S3 server")
struct MiniStackTests {
    @Test(
        "Where MiniStack runs, what is tested on every driver is tested on it",
        .enabled(if: MiniStack.address != nil, "CAIRN_TEST_S3_MINISTACK is not set: Tests/run --all starts the server"))
    func among() {
        #expect(Driver.allCases.contains(.ministack))
    }
}
