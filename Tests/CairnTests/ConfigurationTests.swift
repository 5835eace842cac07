import CairnCore
import Foundation
import Testing

@testable import Cairn

@Suite("cairn.json")
struct ConfigurationTests {
    private let text = """
        // Where our stores are.
        { "environments": { "test": "memory:", "development": "sqlite:dev.db",
          "production": "sqlite:${DATA}/${FILE:app.db}?timeout=${T:5}", "odd": "sqlite:$HOME/$${X:}}", } }
        """

    private func configuration(_ variables: [String: String] = [:], _ text: String? = nil) throws -> Configuration {
        try Configuration(parsing: Array((text ?? self.text).utf8), file: "cairn.json", variables: variables)
    }

    @Test("The environment asked for is used, else the one CAIRN_ENV names; CAIRN_URL overrides both")
    func choice() throws {
        #expect(try configuration().url(environment: "test") == "memory:")
        #expect(try configuration(["CAIRN_ENV": "development"]).url() == "sqlite:dev.db")
        #expect(try configuration(["CAIRN_ENV": "development"]).url(environment: "test") == "memory:")
        #expect(
            try configuration(["CAIRN_URL": "sqlite:x", "CAIRN_ENV": "test"]).url(environment: "test") == "sqlite:x")
        #expect(try configuration(["CAIRN_URL": "", "CAIRN_ENV": "test"]).url() == "memory:")
    }

    @Test("Variables are filled in, with their defaults where they are not set")
    func variables() throws {
        #expect(try configuration(["DATA": "/d"]).url(environment: "production") == "sqlite:/d/app.db?timeout=5")
        #expect(
            try configuration(["DATA": "/d", "FILE": "f", "T": ""]).url(environment: "production")
                == "sqlite:/d/f?timeout=")
        #expect(try configuration(["X": "x"]).url(environment: "odd") == "sqlite:$HOME/$x}")
    }

    @Test("Addresses of folders and buckets are filled in like others")
    func objectStores() throws {
        let text = """
            { "environments": {
              "folder": "file:${DATA:data}/atlas/",
              "production": "s3://${S3_BUCKET}/${S3_PREFIX:atlas/}?region=${AWS_REGION:us-east-1}&endpoint=${S3:http://127.0.0.1:9000}"
            } }
            """
        #expect(try configuration([:], text).url(environment: "folder") == "file:data/atlas/")
        let url = try configuration(["S3_BUCKET": "photos"], text).url(environment: "production")
        #expect(url == "s3://photos/atlas/?region=us-east-1&endpoint=http://127.0.0.1:9000")
        #expect(try StoreURL(url).path == "photos/atlas/")
        let missing = try #require(throws: StorageError.self) {
            try configuration([:], text).url(environment: "production")
        }
        #expect(missing.description.contains("'S3_BUCKET'"))
        let override = try configuration(["CAIRN_URL": "s3://other/x"], text).url(environment: "production")
        #expect(override == "s3://other/x")
    }

    @Test("An address that variables make longer than any system takes is refused")
    func longAddress() throws {
        let text = "{ \"environments\": { \"test\": \"sqlite:\(String(repeating: "${A}", count: 70))\" } }"
        #expect(try configuration(["A": "a"], text).url(environment: "test").utf8.count == 77)
        let error = try #require(throws: StorageError.self) {
            try configuration(["A": String(repeating: "a", count: 1000)], text).url(environment: "test")
        }
        #expect(error.code == .configuration)
        #expect(error.message.contains("65536 bytes"))
    }

    @Test("A variable that is not set and has no default is an error that names it")
    func missingVariable() throws {
        let error = try #require(throws: StorageError.self) { try configuration().url(environment: "production") }
        #expect(error.description.contains("'DATA'"))
    }

    @Test("No environment, and one that does not exist, say which there are")
    func missingEnvironment() throws {
        let none = try #require(throws: StorageError.self) { try configuration().url() }
        #expect(none.description.contains("test, development, production, odd"))
        let wrong = try #require(throws: StorageError.self) { try configuration().url(environment: "devlopment") }
        #expect(wrong.description.contains("did you mean 'development'"))
    }

    @Test(
        "A file with a mistake is refused at its place",
        arguments: [
            (
                "{ \"environment\": {} }",
                "cairn.json:1:3: a configuration file has no member 'environment'; did you mean 'environments'"
            ),
            ("{ \"environments\": { \"a\": 5 } }", "cairn.json:1:26: environment 'a' is the address of a store"),
            ("[", "cairn.json:1:2:"),
            ("{ \"environments\": { \"a\": \"x\", \"a\": \"y\" } }", "has the member 'a' twice"), ("", "the text ends"),
        ])
    func mistakes(_ text: String, _ says: String) throws {
        let error = try #require(throws: StorageError.self) { try configuration([:], text) }
        #expect(error.code == .configuration)
        #expect(error.description.contains(says), "\(error)")
    }

    @Test("A '${' without an end is an error")
    func openVariable() throws {
        let open = try #require(throws: StorageError.self) {
            try configuration([:], "{ \"environments\": { \"a\": \"sqlite:${X\" } }").url(environment: "a")
        }
        #expect(open.description.contains("without '}'"))
    }

    @Test("A file that is not there says where it was looked for; one that cannot be read says so")
    func unread() throws {
        let absolute = try #require(throws: StorageError.self) { try Configuration(file: "/nonexistent/cairn.json") }
        #expect(absolute.message == "there is no /nonexistent/cairn.json")
        let relative = try #require(throws: StorageError.self) { try Configuration(file: "nonexistent.json") }
        let folder = FileManager.default.currentDirectoryPath
        #expect(relative.message == "there is no nonexistent.json in \(folder), the current folder")
        #expect(relative.remedy?.contains("CAIRN_URL") == true)
        let unreadable = try #require(throws: StorageError.self) { try Configuration(file: "/") }
        #expect(unreadable.message.hasPrefix("/ cannot be read: "))
    }
}
