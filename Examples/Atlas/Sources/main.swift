import Cairn
import Foundation

// Loads the world into the stores at the addresses given, asks a dozen questions, and shows a transaction, a conflict and a
// bad row. Answers go to the standard output and are the same for every store; progress and times go to the standard error.
//
//     Atlas memory:                      one store
//     Atlas sqlite:atlas.db memory:      several, one after the other
//     Atlas file:world/                  in a folder; s3://bucket/prefix in a bucket

var addresses = Array(CommandLine.arguments.dropFirst())
if addresses.isEmpty { addresses = ["sqlite:atlas.db"] }

do {
    for address in addresses {
        let atlas = try await Atlas.open(address)
        try await Loader(atlas).load()
        try await Questions(atlas).ask()
        try await Scenes(atlas).play()
        try await atlas.close()
    }
} catch {
    FileHandle.standardError.write(Data("Atlas: \(error)\n".utf8))
    exit(1)
}
