import CairnCore
import CairnSchema
import Foundation
import Testing

@testable import ObjectStores

@Suite("Folder store: layout")
struct FolderLayoutTests {
    private let folder: TemporaryFolder
    private let store: FolderObjectStore

    init() throws {
        folder = try TemporaryFolder()
        store = try quickStore(folder)
    }

    @Test("An object is the file of its key, and nothing else stands beside it")
    func files() async throws {
        try await store.put("tables/cities/objects/1.json", Array("{}".utf8), contentType: "application/json")
        #expect(
            try folder.names() == ["tables", "tables/cities", "tables/cities/objects", "tables/cities/objects/1.json"])
        #expect(try folder.read("tables/cities/objects/1.json") == "{}")
        #expect(!folder.exists(".cairn/attributes"))
        #expect(try await store.head("tables/cities/objects/1.json").contentType == "application/json")
    }

    @Test("Nothing is written before the first write, also by those who read")
    func untouched() async throws {
        try folder.write("a/by hand.txt", "text")
        #expect(try await store.keys() == ["a/by hand.txt"])
        #expect(try await store.text("a/by hand.txt") == "text")
        #expect(try await store.head("a/by hand.txt").contentType == "text/plain")
        try await expectError(.notFound) { _ = try await store.head("missing") }
        #expect(try await store.uploads(prefix: "") == [])
        let upload = MultipartUpload(key: "a", id: "00000000000000000000000000000000")
        try await expectError(.noSuchUpload) { _ = try await store.parts(of: upload) }
        try await store.abortUpload(upload)
        #expect(!folder.exists(".cairn"))
    }

    @Test("A file becomes a folder when a key goes on behind it, and stays the same version")
    func fileBecomesFolder() async throws {
        let etag = try await store.put("a", .text("file")).etag
        try await store.put("a/b", .text("below"))
        #expect(try folder.names() == ["a", "a/==", "a/b"])
        #expect(try await store.text("a") == "file")
        #expect(try await store.head("a").etag == etag)
        try await store.put("a", Array("again".utf8), mode: .ifMatch(etag))
        #expect(try folder.names() == ["a", "a/==", "a/b"])
        try await store.delete("a")
        try await store.delete("a/b")
        #expect(try folder.names() == [])
    }

    @Test("Folders go with the last object in them; empty ones that others left are no entries")
    func emptyFolders() async throws {
        try await store.put("a/b/c/1", [])
        try await store.put("a/2", [])
        try folder.write("left/over/x", "")
        try FileManager.default.removeItem(atPath: folder.path("left/over/x"))
        try await store.delete("a/b/c/1")
        #expect(try folder.names() == ["a", "a/2", "left", "left/over"])
        var names: [String] = []
        for try await entry in store.list(ListOptions(delimiter: "/")) { names.append(entry.name) }
        #expect(names == ["a/"])
        _ = try await store.delete(["a/2"], notAfter: nil)
        #expect(try folder.names() == ["left", "left/over"])
    }

    @Test("Several hundred objects in as many folders are removed at once, with what stands in the way named")
    func largeBatches() async throws {
        let keys = (0..<200).map { "\($0)/object" }
        for key in keys { try await store.put(key, []) }
        try #require(symlink("nowhere", folder.path("link")) == 0)
        let result = try await store.delete(Array(keys.prefix(150)) + ["link"] + Array(keys.suffix(50)), notAfter: nil)
        #expect(result.failures.map(\.key) == ["link"])
        #expect(try folder.names() == ["link"])
    }

    @Test("The style of names stays with the folder, whatever the next one to open it asks for")
    func styles() async throws {
        let portable = try quickStore(folder) { $0.names = .portable }
        try await portable.put("Paris", .text("x"))
        #expect(try folder.names() == ["=%50aris"])
        let other = try quickStore(folder) { $0.names = .exact }
        #expect(try await other.text("Paris") == "x")
        try await other.put("Lyon", [])
        #expect(try folder.names() == ["=%4Cyon", "=%50aris"])
        #expect(try await store.keys() == ["Lyon", "Paris"])
    }

    @Test("A folder of a newer version, or one whose description is broken, is refused")
    func format() async throws {
        try await store.put("a", [])
        try folder.write(".cairn/folder.json", #"{"format":2,"names":"exact"}"#)
        let newer = try quickStore(folder)
        try await expectError(.unsupported) { try await newer.put("a", []) }
        try await expectError(.unsupported) { _ = try await newer.get("a") }
        try folder.write(".cairn/folder.json", "nonsense")
        try await expectError(.damaged) { _ = try await quickStore(folder).get("a") }
    }

    @Test("What stands in the place of a folder is said to be no store")
    func noFolder() throws {
        try folder.write("file", "x")
        let error = #expect(throws: ObjectStoreError.self) { try FolderObjectStore(folder.path("file")) }
        #expect(error?.code == .noSuchContainer)
        let inside = #expect(throws: ObjectStoreError.self) { try FolderObjectStore(folder.path("file/inside")) }
        #expect(inside?.code == .noSuchContainer)
        _ = try FolderObjectStore(folder.path("new/and/deep"))
        #expect(folder.exists("new/and/deep"))
    }
}

@Suite("Folder store: versions and attributes")
struct FolderVersionTests {
    private let folder: TemporaryFolder
    private let store: FolderObjectStore

    init() throws {
        folder = try TemporaryFolder()
        store = try quickStore(folder)
    }

    @Test("A file edited by hand is a new version, also when its size is the same")
    func edits() async throws {
        var etags: Set<ETag> = [try await store.put("a.txt", .text("one")).etag]
        for text in ["two", "one", "longer"] {
            let before = try await store.head("a.txt").etag
            try folder.write("a.txt", text)
            let info = try await store.head("a.txt")
            #expect(etags.insert(info.etag).inserted)
            #expect(info.size == text.utf8.count)
            #expect(try await store.text("a.txt") == text)
            try await expectError(.preconditionFailed) { try await store.put("a.txt", [], mode: .ifMatch(before)) }
        }
        try FileManager.default.removeItem(atPath: folder.path("a.txt"))
        try await expectError(.notFound) { _ = try await store.head("a.txt") }
        try await store.put("a.txt", [], mode: .create)
    }

    @Test("What is removed and stored anew is another version, also when the clock stands still")
    func clockStandsStill() async throws {
        let clock = ManualClock()
        let store = try quickStore(folder) { $0.clock = { clock.now } }
        var etags: Set<ETag> = []
        for _ in 0..<100 {
            #expect(etags.insert(try await store.put("a", .text("same")).etag).inserted)
            try await store.delete("a")
        }
    }

    @Test("Each version is later than the one before it, also when the clock goes back")
    func clockGoesBack() async throws {
        let clock = ManualClock()
        let store = try quickStore(folder) { $0.clock = { clock.now } }
        var etags: Set<ETag> = []
        var last = Date.distantPast
        for step in 0..<10 {
            let info = try await store.put("a", .text("same"))
            #expect(etags.insert(info.etag).inserted)
            let modified = try #require(info.lastModified)
            #expect(modified >= last)
            last = modified
            clock.advance(seconds: step % 2 == 0 ? -3600 : 0)
        }
    }

    @Test("An object edited by hand has no attributes but what its name says")
    func editedAttributes() async throws {
        let options = PutOptions(attributes: ObjectAttributes(contentType: "text/x-mine", metadata: ["a": "1"]))
        _ = try await store.put("a.txt", .text("one"), options)
        #expect(try await store.head("a.txt").metadata == ["a": "1"])
        try folder.write("a.txt", "two")
        #expect(try await store.head("a.txt").attributes == ObjectAttributes(contentType: "text/plain"))
        _ = try await store.put("a.txt", .text("six"), options)
        #expect(try await store.head("a.txt").metadata == ["a": "1"])
    }

    @Test("A copy of the folder that keeps neither times nor extended attributes keeps the attributes of objects")
    func copies() async throws {
        let attributes = ObjectAttributes(contentType: "text/x-mine", metadata: ["a": "é 1"], tags: ["t": "u"])
        for key in ["a", "deep/b c/=d", "a/b"] {
            _ = try await store.put(key, .text(key), PutOptions(attributes: attributes))
        }
        try await store.put("plain", [])
        let copy = try TemporaryFolder()
        for name in FileManager.default.enumerator(atPath: folder.path)?.compactMap({ $0 as? String }) ?? [] {
            var isFolder = stat()
            stat(folder.path(name), &isFolder)
            if isFolder.st_mode & S_IFMT == S_IFREG { try copy.write(name, try folder.read(name)) }
        }
        let other = try quickStore(copy)
        #expect(try await other.keys() == store.keys())
        for key in ["a", "deep/b c/=d", "a/b"] {
            #expect(try await other.head(key).attributes == attributes)
            #expect(try await other.head(key).etag != store.head(key).etag)
        }
        try copy.write("deep/b c/=%3Dd", "deep/b c/=e")
        #expect(try await other.head("deep/b c/=d").attributes == ObjectAttributes())
        #expect(try await other.head("plain").attributes == ObjectAttributes())
    }

    @Test("Attributes of versions that are gone are gone")
    func tidy() async throws {
        let options = PutOptions(attributes: ObjectAttributes(metadata: ["a": "1"]))
        for number in 0..<5 { _ = try await store.put("a", .text("\(number)"), options) }
        let all = folder.path(".cairn/attributes")
        let folders = try FileManager.default.contentsOfDirectory(atPath: all)
        #expect(folders.count == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(all)/\(folders[0])").count == 1)
        try await store.delete("a")
        #expect(try FileManager.default.contentsOfDirectory(atPath: all) == [])
    }

    @Test("A file changed in place while it is read fails the reader")
    func changedWhileRead() async throws {
        try await store.put("a", [UInt8](repeating: 1, count: 2 << 20))
        var body = try await store.get("a").body.makeAsyncIterator()
        #expect(try await body.next()?.isEmpty == false)
        try folder.write("a", "short")
        try await expectError(.conflict) { while try await body.next() != nil {} }
    }

    @Test("An upload goes on in another process, and after a restart")
    func uploads() async throws {
        let upload = try await store.beginUpload("key", ObjectAttributes(metadata: ["a": "1"]))
        let part = try await store.uploadPart(3, of: upload, .text("part"))
        let other = try quickStore(folder)
        #expect(try await other.uploads(prefix: "") == store.uploads(prefix: ""))
        #expect(try await other.parts(of: upload) == [part])
        let last = try await other.uploadPart(2, of: upload, .text("x"))
        _ = try await other.completeUpload(upload, [part], CompleteOptions())
        #expect(try await store.text("key") == "part")
        #expect(try await store.head("key").metadata == ["a": "1"])
        #expect(last.number == 2)
        try await expectError(.noSuchUpload) { _ = try await store.parts(of: upload) }
    }
}

@Suite("Folder store: what others put there")
struct FolderForeignTests {
    private let folder: TemporaryFolder
    private let outside: TemporaryFolder
    private let store: FolderObjectStore

    init() throws {
        folder = try TemporaryFolder()
        outside = try TemporaryFolder()
        store = try quickStore(folder)
        try outside.write("secret", "secret")
    }

    @Test("Links to files and folders are not followed, neither to read nor to write nor to remove")
    func links() async throws {
        try await store.put("a", [])
        try #require(symlink(outside.path("secret"), folder.path("file")) == 0)
        try #require(symlink(outside.path, folder.path("folder")) == 0)
        try #require(symlink("nowhere", folder.path("dangling")) == 0)
        for key in ["file", "folder", "folder/secret", "folder/new", "dangling", "dangling/x", "file/x"] {
            try await expectError(.damaged) { _ = try await store.get(key) }
            try await expectError(.damaged) { _ = try await store.head(key) }
            try await expectError(.damaged) { try await store.put(key, [1]) }
            try await expectError(.damaged) { try await store.put(key, [1], mode: .create) }
            try await expectError(.damaged) { try await store.delete(key) }
            try await expectError(.damaged) { try await store.copy("a", to: key) }
            try await expectError(.damaged) { try await store.copy(key, to: "a") }
            let batch = try await store.delete([key, "missing"], notAfter: nil)
            #expect(batch.failures.map(\.code) == [.damaged])
        }
        try await expectError(.damaged) { _ = try await store.keys() }
        try await expectError(.damaged) { _ = try await store.keys(prefix: "folder/") }
        #expect(try outside.names() == ["secret"])
        #expect(try outside.read("secret") == "secret")
        #expect(try folder.names() == ["a", "dangling", "file", "folder"])
        #expect(try await store.keys(prefix: "a") == ["a"])
    }

    @Test("What is neither file nor folder is neither opened nor removed")
    func pipes() async throws {
        try await store.put("a", [])
        try #require(mkfifo(folder.path("pipe"), 0o644) == 0)
        try await expectError(.damaged) { _ = try await store.get("pipe") }
        try await expectError(.damaged) { try await store.put("pipe", [1]) }
        try await expectError(.damaged) { try await store.delete("pipe") }
        let error = try await expectError(.damaged) { _ = try await store.keys() }
        #expect(error.message.contains("pipe") && error.message.contains("neither"))
        #expect(folder.exists("pipe"))
    }

    @Test("Names that the store would not write are named by a listing, and hide nothing else")
    func strangeNames() async throws {
        try await store.put("good/1", [])
        for name in ["=%2e", "==", "a\nb", "=x="] {
            try folder.write("strange/\(name)/file", "")
            try folder.write("other/\(name)", "")
        }
        try folder.write("==", "")
        let error = try await expectError(.damaged) { _ = try await store.keys() }
        #expect(error.message.contains("'=='"))
        try await expectError(.damaged) { _ = try await store.keys(prefix: "strange/") }
        try await expectError(.damaged) { _ = try await store.keys(prefix: "other/") }
        #expect(try await store.keys(prefix: "good/") == ["good/1"])
    }

    @Test("A name that is not UTF-8 is said to be one")
    func notUTF8() async throws {
        let descriptor = open(folder.path("x") + "\u{1}", O_WRONLY | O_CREAT, 0o644)
        close(descriptor)
        var bytes = Array(folder.path("x").utf8CString.dropLast())
        bytes += [CChar(bitPattern: 0xFF), 0]
        try #require(rename(folder.path("x") + "\u{1}", bytes) == 0)
        let error = try await expectError(.damaged) { _ = try await store.keys() }
        #expect(error.message.contains("not UTF-8"))
        unlink(bytes)
        #expect(try await store.keys() == [])
    }

    @Test("A path that is longer than any key is said to be no object")
    func tooDeep() async throws {
        let part = String(repeating: "d", count: 200)
        try folder.write("\(part)/\(part)/\(part)/\(part)/\(part)/1", "")
        #expect(try await store.keys().count == 1)
        try folder.write("\(part)/\(part)/\(part)/\(part)/\(part)/\(part)", "")
        try await expectError(.damaged) { _ = try await store.keys() }
    }

    @Test("The folder for itself can be removed: the next write makes another")
    func controlRemoved() async throws {
        let info = try await store.put("a", .text("one"))
        try FileManager.default.removeItem(atPath: folder.path(".cairn"))
        #expect(try await store.text("a") == "one")
        try await store.put("a", Array("two".utf8), mode: .ifMatch(info.etag))
        #expect(try await store.text("a") == "two")
        #expect(folder.exists(".cairn/lock"))
        let other = try quickStore(folder)
        try await other.put("b", [])
        #expect(try await store.keys() == ["a", "b"])
    }

    @Test("A folder that is gone, or another one in its place, is not an empty store")
    func rootRemoved() async throws {
        try await store.put("a", [])
        try FileManager.default.removeItem(at: folder.url)
        for _ in 0..<2 {
            try await expectError(.noSuchContainer) { _ = try await store.get("a") }
            try await expectError(.noSuchContainer) { _ = try await store.keys() }
            try await expectError(.noSuchContainer) { try await store.put("a", []) }
            try FileManager.default.createDirectory(at: folder.url, withIntermediateDirectories: true)
        }
        #expect(try folder.names() == [])
    }
}
