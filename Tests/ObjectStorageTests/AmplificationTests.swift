import CairnCore
import ObjectStores
import Testing

@testable import ObjectStorage

@Suite("Bytes over a long run")
struct AmplificationTests {
    /// Bytes of all objects under a prefix. Nothing was removed, so that is all that was written of what is written once.
    private func bytes(_ site: Site, _ prefix: String) async throws -> Int {
        var sum = 0
        for name in try await site.names(prefix) { sum += try await site.objects.get(name).bytes().count }
        return sum
    }

    @Test(
        "Index files, manifests and compaction together are at most three times the record files", arguments: [1, 10])
    func amplification(each: Int) async throws {
        let site = try Site()
        let process = try await site.open()
        let text = String(repeating: "x", count: 200)
        for start in stride(from: 0, to: 1_600, by: each) {
            let writes = (start..<start + each).map { id in
                WriteOperation.insert(
                    site.cities, [.int(id * 7919 % 100_003), .string("\(text) \(id)"), .int(id % 100)])
            }
            _ = try await process.store.session.write(writes)
        }
        await (try process.engine).finish()
        let records = try await bytes(site, "tables/cities/objects/")
        let indexes = try await bytes(site, ObjectNames.indexes)
        let manifests = try await bytes(site, ObjectNames.checkpoints)
        let ratio = Double(indexes + manifests) / Double(records)
        #expect(ratio <= 3, "records \(records), indexes \(indexes), manifests \(manifests): \(ratio)")
    }
}
