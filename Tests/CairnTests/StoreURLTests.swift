import CairnCore
import Foundation
import SQLiteStorage
import Testing

@testable import Cairn

@Suite("Addresses of stores")
struct StoreURLTests {
    @Test(
        "An address is a scheme, a path and parameters",
        arguments: [
            ("memory:", StoreURL.Scheme.memory, ""), ("sqlite:a.db", .sqlite, "a.db"),
            ("sqlite:/var/a.db", .sqlite, "/var/a.db"),
            ("SQLITE:a.db", .sqlite, "a.db"), ("sqlite:a%20b%3F.db?timeout=1", .sqlite, "a b?.db"),
            ("sqlite::memory:", .sqlite, ":memory:"),
            ("sqlite:C:x", .sqlite, "C:x"), ("sqlite:~a.db", .sqlite, "~a.db"), ("sqlite:a.db?", .sqlite, "a.db"),
            ("file:folder/", .file, "folder/"), ("file:/var/a%20b", .file, "/var/a b"), ("file:.", .file, "."),
            ("file:///var/a/", .file, "/var/a/"), ("FILE:a?durable=false", .file, "a"),
            ("s3://bucket", .s3, "bucket/"), ("s3://bucket/", .s3, "bucket/"), ("S3://bucket/a", .s3, "bucket/a/"),
            ("s3://bucket/a/b///?region=eu-west-1", .s3, "bucket/a/b/"),
            ("s3://bucket/a%20b%2Fc", .s3, "bucket/a b/c/"),
        ])
    func parts(_ text: String, _ scheme: StoreURL.Scheme, _ path: String) throws {
        let url = try StoreURL(text)
        #expect(url.scheme == scheme)
        #expect(url.path == path)
    }

    @Test("Parameters become options")
    func parameters() throws {
        let options = try StoreURL("sqlite:a.db?mode=read_only&synchronous=normal&timeout=0.5&readers=3")
            .sqliteOptions()
        #expect(
            options
                == SQLiteOptions(
                    .file("a.db"), mode: .readOnly, synchronous: .normal, timeout: .milliseconds(500), maximumReaders: 3
                ))
        #expect(try StoreURL("sqlite::memory:").sqliteOptions() == SQLiteOptions(.temporary))
        let kept = try StoreURL("sqlite:a.db?kept_changes=5000&change_lifetime=2592000").sqliteOptions()
        #expect(kept.keptChanges == 5000 && kept.changeLifetime == .seconds(30 * 86_400))
    }

    @Test(
        "What is wrong is named, with what was probably meant",
        arguments: [
            ("atlas.db", "sqlite:atlas.db"), ("", "write memory:, sqlite:path, file:folder/ or s3://bucket/prefix"),
            ("sqlit:a.db", "did you mean 'sqlite'"), ("fil:a", "did you mean 'file'"),
            ("postgres:a", "use memory:, sqlite:path, file:folder/ or s3://bucket/prefix"), ("memory:x", "has a path"),
            ("memory:?a=b", "it has unindexed"),
            ("sqlite:", "has no path"),
            ("sqlite:///a.db", "begins its path with '//'"),
            ("sqlite:~/a.db", "`~` is not expanded here; write the full path"),
            ("sqlite:a.db?timeot=1", "did you mean 'timeout'"),
            ("sqlite:a.db?x=1", "it has mode, synchronous, timeout, readers, kept_changes, change_lifetime, unindexed"),
            ("sqlite:a.db?mode=create&mode=create", "stands there twice"), ("sqlite:a%2.db", "two hexadecimal digits"),
            ("sqlite:a%FF.db", "two hexadecimal digits"),
            ("sqlite:a.db?mode=readonly", "did you mean 'read_only'"),
            ("sqlite:a.db?synchronous=off", "it is one of full, normal"), ("sqlite:a.db?timeout=-1", "seconds from 0"),
            ("sqlite:a.db?timeout=soon", "found 'soon'"), ("sqlite:a.db?timeout=nan", "found 'nan'"),
            ("sqlite:a.db?readers=0", "from 1 to 1000"), ("sqlite:a.db?kept_changes=0", "from 1 to 1000000000"),
            ("sqlite:a.db?change_lifetime=0.5", "seconds from 1.0 to 315360000"),
            ("sqlite:a.db?change_lifetime=315360001", "seconds from 1.0 to 315360000"),
        ])
    func refused(_ text: String, _ says: String) throws {
        let error = try #require(throws: StorageError.self) { try StoreURL(text).sqliteOptions() }
        #expect(error.code == .configuration)
        #expect(error.description.contains(says), "\(error)")
    }

    @Test("What is done with queries that no index serves an address says for any kind of store")
    func unindexed() throws {
        for text in ["memory:", "sqlite:a.db", "file:a/", "s3://bucket/prefix"] {
            #expect(try StoreURL("\(text)?unindexed=refuse").storeOptions(StoreOptions()).unindexed == .refuse)
            #expect(try StoreURL(text).storeOptions(StoreOptions(unindexed: .warn)).unindexed == .warn)
        }
        let error = try #require(throws: StorageError.self) {
            try StoreURL("memory:?unindexed=maybe").storeOptions(StoreOptions())
        }
        #expect(error.description.contains("it is one of allow, warn, refuse"), "\(error)")
    }

    @Test("A database opened at an address that refuses such queries refuses them, unless one says it knows")
    func refusing() async throws {
        let library = try await Library.open("memory:?unindexed=refuse")
        let error = try await #require(throws: StorageError.self) {
            try await library.authors.where { $0.name == "Ada" }.all()
        }
        #expect(error.code == .unindexed)
        #expect(try await library.authors.where { $0.name == "Ada" }.unindexed().budget(rows: 5).all() == [])
        try await library.close()
    }
}
