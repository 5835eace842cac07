import CFiles
import Foundation
import ObjectStores

// A process of its own for tests of what several processes, and killed ones, do to one folder of objects.
//
//   ObjectWorker put PATH KEY SIZE            stores version after version of one key; prints each number once acknowledged
//   ObjectWorker create PATH ROUNDS NAME      creates keys by number; prints the numbers it won
//   ObjectWorker raise PATH KEY COUNT         raises a counter by compare-and-swap; prints a line for each raise
//   ObjectWorker draft PATH KEY               stores half a body, prints "half", goes on when its input ends
//   ObjectWorker lock PATH                    takes the lock of the folder, prints "locked", ends when its input does
//   ObjectWorker full PATH KEY SIZE LIMIT     stores an object where files may not be larger; prints the code of the error
//
// Output is not buffered: what was printed was acknowledged.

func say(_ text: String) {
    FileHandle.standardOutput.write(Data((text + "\n").utf8))
}

let arguments = CommandLine.arguments
guard arguments.count >= 3 else { exit(2) }
let store = try FolderObjectStore(arguments[2])

func text(_ key: String) async throws -> (String, ETag) {
    let got = try await store.get(key)
    return (String(decoding: try await got.bytes(), as: UTF8.self), got.info.etag)
}

func number(_ index: Int) -> Int { index < arguments.count ? Int(arguments[index]) ?? 0 : 0 }

switch arguments[1] {
case "put":
    var version = 0
    while true {
        version += 1
        // The number in front, and as many equal bytes as asked for: half a version would show.
        let filler = [UInt8](repeating: UInt8(ascii: "a") + UInt8(version % 26), count: number(4))
        let options = PutOptions(attributes: ObjectAttributes(metadata: ["version": "\(version)"]))
        _ = try await store.put(arguments[3], .bytes(Array("\(version) ".utf8) + filler), options)
        say("\(version)")
    }
case "create":
    for round in 0..<number(3) {
        do {
            try await store.put("round/\(round)", Array(arguments[4].utf8), mode: .create)
            say("\(round)")
        } catch let error as ObjectStoreError where error.code == .preconditionFailed {}
    }
case "raise":
    var raised = 0
    while raised < number(4) {
        let (value, etag) = try await text(arguments[3])
        do {
            try await store.put(arguments[3], Array("\((Int(value) ?? 0) + 1)".utf8), mode: .ifMatch(etag))
            raised += 1
            say("\(raised)")
        } catch let error as ObjectStoreError where error.code == .preconditionFailed {}
    }
case "draft":
    let body = ByteStream {
        var sent = 0
        return {
            sent += 1
            if sent == 2 {
                say("half")
                _ = readLine()
            }
            return sent > 2 ? nil : [UInt8](repeating: 1, count: 100_000)
        }
    }
    try await store.put(arguments[3], .stream(body))
    say("stored")
case "lock":
    try await store.put("prepared", [])
    let lock = open(arguments[2] + "/.cairn/lock", O_RDWR)
    guard cairn_lock(lock) == 0 else { exit(3) }
    say("locked")
    _ = readLine()
case "full":
    signal(SIGXFSZ, SIG_IGN)
    var limit = rlimit(rlim_cur: rlim_t(number(5)), rlim_max: rlim_t(number(5)))
    setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    do {
        try await store.put(arguments[3], [UInt8](repeating: 1, count: number(4)))
        say("stored")
    } catch let error as ObjectStoreError {
        say("\(error.code)")
    }
default: exit(2)
}
