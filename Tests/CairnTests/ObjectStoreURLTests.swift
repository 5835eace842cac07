import CairnCore
import Foundation
import ObjectStorage
import ObjectStores
import S3Client
import Testing

@testable import Cairn

@Suite("Addresses of stores on folders and buckets")
struct ObjectStoreURLTests {
    // MARK: Folders

    @Test("Without parameters a folder is made if there is none, durable, its names as they fit, its reads the latest")
    func folderDefaults() throws {
        let url = try StoreURL("file:folder/")
        let options = try url.objectOptions()
        #expect(options.mode == .create && options.freshness == .latest && options.durability == .log)
        #expect(options.timeout == .seconds(60) && !options.isSingleWriter && options.verbose == nil)
        let folder = try url.folderOptions()
        #expect(folder.names == .automatic && folder.isDurable && folder.lockTimeout == .seconds(30))
        #expect(url.description == "file:folder/" && url.isPersistent)
    }

    @Test("Each parameter of a folder becomes an option")
    func folderParameters() throws {
        let url = try StoreURL(
            "file:folder/?mode=existing&freshness=30&durability=materialised&timeout=2.5&names=portable&durable=false")
        let options = try url.objectOptions()
        #expect(options.mode == .existing && options.freshness == .bounded(seconds: 30))
        #expect(options.durability == .materialised && options.timeout == .milliseconds(2500))
        let folder = try url.folderOptions()
        #expect(folder.names == .portable && !folder.isDurable && folder.lockTimeout == .milliseconds(2500))
        #expect(try StoreURL("file:a?names=exact").folderOptions().names == .exact)
    }

    @Test("A folder for blocks of index files is named with its size", arguments: ["file:a", "s3://bucket/a"])
    func cache(address: String) throws {
        #expect(try StoreURL(address).objectOptions().cacheFolder == nil)
        let options = try StoreURL("\(address)?cache=%2Fvar%2Fcache%2Fcairn&cache_size=1048576").objectOptions()
        #expect(options.cacheFolder == "/var/cache/cairn" && options.cacheFolderBytes == 1 << 20)
        #expect(try StoreURL("\(address)?cache=near").objectOptions().cacheFolderBytes == 256 << 20)
        for wrong in ["cache=", "cache=~/a", "cache_size=1048576", "cache=a&cache_size=0", "cache=a&cache_size=1G"] {
            #expect(throws: StorageError.self, "\(wrong)") {
                try StoreURL("\(address)?\(wrong)").objectOptions()
            }
        }
    }

    @Test("The mode of the address counts more than what the store is opened for")
    func mode() throws {
        for address in ["file:a", "s3://bucket/a"] {
            #expect(try StoreURL(address).objectOptions(mode: .readOnly).mode == .readOnly)
            #expect(try StoreURL("\(address)?mode=create").objectOptions(mode: .readOnly).mode == .create)
            #expect(try StoreURL("\(address)?mode=read_only").objectOptions().mode == .readOnly)
        }
    }

    @Test("Reads are as fresh as the address says", arguments: ["file:a", "s3://bucket/a"])
    func freshness(address: String) throws {
        let words: [(String, Freshness)] = [
            ("latest", .latest), ("cached", .cached), ("1", .bounded(seconds: 1)), ("86400", .bounded(seconds: 86_400)),
        ]
        for (text, freshness) in words {
            #expect(try StoreURL("\(address)?freshness=\(text)").objectOptions().freshness == freshness)
        }
        for text in ["cache_time=30", "freshness=bounded&cache_time=30", "cache_time=30&freshness=bounded"] {
            #expect(try StoreURL("\(address)?\(text)").objectOptions().freshness == .bounded(seconds: 30))
        }
    }

    @Test(
        "What is wrong with the address of a folder is named, with what was probably meant",
        arguments: [
            ("file:", "has no path; write file:folder/"), ("file:~/a", "`~` is not expanded here"),
            ("file://host/a", "names a host; write file:/absolute/folder/"), ("file://a", "names a host"),
            ("file:a%00b", "has a NUL in its path"), ("file:a%2", "two hexadecimal digits"),
            ("file:a?freshnes=latest", "did you mean 'freshness'"),
            ("file:a?region=eu", "'file:' has no parameter 'region'"),
            ("file:a?x=1", "it has mode, freshness, cache_time, durability, timeout, names, durable"),
            ("file:a?freshness=lates", "did you mean 'latest'"),
            ("file:a?freshness=0", "1 to 86400 seconds, found '0'"),
            ("file:a?freshness=-1", "1 to 86400 seconds"),
            ("file:a?freshness=", "it is one of latest, cached, bounded, a number"),
            ("file:a?freshness=bounded", "say cache_time=30"), ("file:a?freshness=bouned", "did you mean 'bounded'"),
            ("file:a?freshness=latest&cache_time=3", "leave one of them out"),
            ("file:a?freshness=30&cache_time=30", "leave one of them out"),
            ("file:a?cache_time=0", "'cache_time' is a number from 1 to 86400"),
            ("file:a?cache_time=soon", "found 'soon'"), ("file:a?cachetime=3", "did you mean 'cache_time'"),
            ("file:a?tags=country", "'file:' has no parameter 'tags'"),
            ("file:a?freshness=1.5", "'freshness' cannot be '1.5'"),
            ("file:a?durability=materialized", "did you mean 'materialised'"),
            ("file:a?durability=none", "it is one of log, materialised"),
            ("file:a?mode=readonly", "did you mean 'read_only'"), ("file:a?timeout=0", "seconds from 0.001 to 86400"),
            ("file:a?timeout=soon", "found 'soon'"), ("file:a?timeout=inf", "found 'inf'"),
            ("file:a?names=exactly", "'names' cannot be 'exactly'"),
            ("file:a?names=short", "automatic, exact, portable"),
            ("file:a?durable=yes", "'durable' cannot be 'yes'; write true or false"),
            ("file:a?durable=false&durable=true", "stands there twice"),
        ])
    func refusedFolder(_ text: String, _ says: String) throws {
        let error = try #require(throws: StorageError.self) {
            let url = try StoreURL(text)
            _ = try url.objectOptions()
            _ = try url.folderOptions()
        }
        #expect(error.code == .configuration)
        #expect(error.description.contains(says), "\(error)")
    }

    // MARK: Buckets

    @Test("Bucket, prefix, server, region and profile are read; the style follows from the server")
    func place() throws {
        let plain = try #require(try StoreURL("s3://bucket/a/b").bucket)
        #expect(plain.address.bucket == "bucket" && plain.prefix == "a/b/")
        #expect(plain.address.endpoint == nil && plain.address.region == nil && plain.address.profile == nil)
        let full = try #require(
            try StoreURL("s3://bucket/a?endpoint=http://127.0.0.1:9000&region=eu-west-1&profile=work").bucket)
        #expect(full.address.endpoint?.style == .path && full.address.endpoint?.port == 9000)
        #expect(full.address.region == "eu-west-1" && full.address.profile == "work")
        let amazon = "https://s3.eu-west-1.amazonaws.com"
        #expect(try StoreURL("s3://bucket/a?endpoint=\(amazon)").bucket?.address.endpoint?.style == .virtual)
        #expect(try StoreURL("s3://bucket/a?endpoint=\(amazon)&style=path").bucket?.address.endpoint?.style == .path)
    }

    @Test("A prefix has one slash at its end, and knows what it lies in")
    func prefix() throws {
        func place(_ text: String) throws -> BucketPlace { try #require(try StoreURL(text).bucket) }
        #expect(try place("s3://bucket").prefix == "")
        #expect(try place("s3://bucket/").prefix == "")
        #expect(try place("s3://bucket").ancestors == [])
        #expect(try place("s3://bucket/a").ancestors == [""])
        #expect(try place("s3://bucket/a/b/c//").ancestors == ["", "a/", "a/b/"])
        let longest = String(repeating: "x", count: 255)
        #expect(try place("s3://bucket/\(longest)").prefix == "\(longest)/")
        #expect(try place("s3://bucket/\(longest)/").prefix == "\(longest)/")
    }

    @Test("An address is shown without its parameters, and leads to the same place")
    func shown() throws {
        for (text, shown) in [
            ("s3://bucket/a b?region=eu", "s3://bucket/a%20b/"), ("s3://bucket", "s3://bucket/"),
            ("s3://bucket/50%25/%3F", "s3://bucket/50%25/%3F/"),
        ] {
            let url = try StoreURL(text)
            #expect(url.description == shown)
            #expect(try StoreURL(shown).path == url.path)
        }
    }

    @Test("Each parameter of a bucket becomes an option")
    func bucketParameters() throws {
        let url = try StoreURL(
            "s3://bucket/a?mode=existing&freshness=cached&durability=materialised&timeout=10&storage_class=STANDARD_IA&sse=AES256&single_writer=true&verbose=true"
        )
        let options = try url.objectOptions()
        #expect(options.mode == .existing && options.freshness == .cached && options.durability == .materialised)
        #expect(options.timeout == .seconds(10) && options.isSingleWriter)
        #expect(options.recordAttributes == ObjectAttributes(storageClass: "STANDARD_IA"))
        #expect(try url.encryption() == .aes256)
        #expect(try url.isVerbose())
        let plain = try StoreURL("s3://bucket/a")
        #expect(try plain.encryption() == nil)
        #expect(try plain.isVerbose() == false)
        #expect(try plain.objectOptions().recordAttributes == ObjectAttributes())
        #expect(try plain.timeout() == nil)
    }

    @Test("Objects are encrypted with the server's keys, or those of KMS")
    func encryption() throws {
        func encryption(_ text: String) throws -> S3Encryption? {
            try StoreURL("s3://bucket/a?sse=\(text)").encryption()
        }
        #expect(try encryption("aws:kms") == .kms())
        #expect(try encryption("aws:kms:alias/atlas") == .kms(keyID: "alias/atlas"))
        let key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        #expect(try encryption("aws:kms:\(key)") == .kms(keyID: key))
    }

    @Test("Storage classes that are read at once are taken, a provider's own too")
    func storageClasses() throws {
        for name in ["STANDARD", "STANDARD_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "COLD", "EXPRESS_ONEZONE"] {
            let options = try StoreURL("s3://bucket/a?storage_class=\(name)").objectOptions()
            #expect(options.recordAttributes.storageClass == name)
        }
    }

    @Test(
        "What is wrong with the address of a bucket is named before anything is asked",
        arguments: [
            ("s3:bucket/a", "write s3://bucket/prefix"), ("s3:/bucket/a", "write s3://bucket/prefix"),
            ("s3://", "names no bucket"), ("s3:///a", "names no bucket"), ("s3://?region=eu", "names no bucket"),
            ("s3://ab/x", "has 2 bytes"), ("s3://Photos/x", "write it in lower case"), ("s3://a_b_c/x", "use a-z, 0-9"),
            ("s3://192.168.0.1/x", "looks like an IP address"),
            ("s3://photos--use1-az4--x-s3/a", "is a directory bucket"),
            ("s3://bucket//a", "has an empty part"), ("s3://bucket/a//b", "has an empty part"),
            ("s3://bucket//", "has an empty part"), ("s3://bucket/a/../b", "has '..' between slashes"),
            ("s3://bucket/a%0Ab", "control character"), ("s3://bucket/a%2", "two hexadecimal digits"),
            ("s3://bucket/a%FF", "not UTF-8"), ("s3://bucket/a?regio=eu", "did you mean 'region'"),
            ("s3://bucket/a?storageclass=STANDARD", "did you mean 'storage_class'"),
            ("s3://bucket/a?names=exact", "no parameter \"names\""), ("s3://bucket/a?x=1", "single_writer, verbose"),
            ("s3://bucket/a?region=", "is empty"), ("s3://bucket/a?region=eu&region=us", "is there twice"),
            ("s3://bucket/a?region=e u", "is no name of a region"), ("s3://bucket/a?style=path", "give 'endpoint' too"),
            ("s3://bucket/a?endpoint=h&style=both", "write path or virtual"),
            ("s3://bucket/a?endpoint=ftp://host", "another scheme"),
            ("s3://bucket/a?sse=aes256", "did you mean 'AES256'"), ("s3://bucket/a?sse=none", "aws:kms:KEYID"),
            ("s3://bucket/a?sse=aws:kms:", "'sse' cannot be"), ("s3://bucket/a?sse=aws:kms:dsse", "'sse' cannot be"),
            ("s3://bucket/a?storage_class=GLACIER", "use GLACIER_IR"),
            ("s3://bucket/a?storage_class=DEEP_ARCHIVE", "could not be read"),
            ("s3://bucket/a?storage_class=STANDARD_AI", "did you mean 'STANDARD_IA'"),
            ("s3://bucket/a?storage_class=cold", "it is one of STANDARD, STANDARD_IA"),
            ("s3://bucket/a?single_writer=1", "write true or false"),
            ("s3://bucket/a?verbose=on", "write true or false"),
            ("s3://bucket/a?tags=", "the parameter 'tags' is empty"),
            ("s3://bucket/a?tags=a,,b", "columns with a comma between two"),
            ("s3://bucket/a?tag=a", "did you mean 'tags'"),
            ("s3://bucket/a?timeout=0", "seconds from 0.001"), ("s3://bucket/a?freshness=new", "'freshness' cannot be"),
        ])
    func refusedBucket(_ text: String, _ says: String) throws {
        let error = try #require(throws: StorageError.self) { try check(text) }
        #expect(error.code == .configuration)
        #expect(error.description.contains(says), "\(error)")
    }

    @Test("A prefix of more than 256 bytes with its slash is refused")
    func longPrefix() throws {
        let error = try #require(throws: StorageError.self) {
            try StoreURL("s3://bucket/\(String(repeating: "ä", count: 128))")
        }
        #expect(error.message.contains("the prefix has 257 bytes, and the limit is 256"))
    }

    @Test(
        "Credentials in an address are refused with the way that is right, and repeated in no message",
        arguments: [
            "s3://AKIAEXAMPLE:hush@bucket/a", "s3://hush@bucket/a", "s3://AKIAEXAMPLE:hu/sh@bucket/a",
            "s3://user%3Ahush%40bucket/a", "s3://bucket/a?secret_key=hush", "s3://bucket/a?AWS_SECRET_ACCESS_KEY=hush",
            "s3://bucket/a?access_key=hush%zz", "s3://bucket/a?region=eu&password=hush",
            "s3://bucket/a?session-token=hush",
            "s3://bucket/a?endpoint=http://user:hush@127.0.0.1:9000", "s3://bucket/a?sekret=hush%zz",
            "s3://bucket/a%zz?region=hush", "file:a?passwort=hush%zz",
        ])
    func credentials(_ text: String) throws {
        let error = try #require(throws: StorageError.self) { try check(text) }
        #expect(error.code == .configuration)
        #expect(!error.description.contains("hu"), "\(error)")
        let isRight = ["AWS_ACCESS_KEY_ID", "as credentials", "write a percent sign", "two hexadecimal"].contains {
            error.description.contains($0)
        }
        #expect(isRight, "\(error)")
    }

    /// Reads an address and all its parameters.
    private func check(_ text: String) throws {
        let url = try StoreURL(text)
        _ = try url.objectOptions()
        _ = try url.folderOptions()
        _ = try url.encryption()
        _ = try url.isVerbose()
    }
}
