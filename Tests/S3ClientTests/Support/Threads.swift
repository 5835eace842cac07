import Foundation

/// How many threads of transports there are in this process, those of other tests included.
func transportThreads() throws -> Int {
    let tasks = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")
    return tasks.count { task in
        // A thread may end in between.
        let name = try? String(contentsOfFile: "/proc/self/task/\(task)/comm", encoding: .utf8)
        return name == "cairn-http\n"
    }
}

/// How many files of this process wait for events, those of other tests included.
func eventQueues() throws -> Int {
    let files = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
    return files.count { file in
        let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(file)")
        return target == "anon_inode:[eventpoll]"
    }
}
