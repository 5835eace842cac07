import CairnCore

extension Judge {
    private static let files = "tables/"

    /// Record files follow the log: each is what a commit made of its record, and never goes back.
    mutating func checkFiles() {
        for change in changes where change.key.hasPrefix(Judge.files) && change.key.contains("/objects/") {
            guard change.process != Judge.hand else { continue }
            guard let bytes = change.bytes else {
                found("I8", "\(change.key) was removed by \(change.process)")
                continue
            }
            if edited.contains(change.key) {
                let isCairns = change.before.map { (try? JSONValue(parsing: $0).int("commit")) != nil } ?? true
                if !isCairns { found("foreign", "\(change.key), of another program, was written over") }
                continue
            }
            do {
                try check(bytes, change)
            } catch {
                found("files", "\(change.key), written by \(change.process): \(error)")
            }
        }
    }

    private mutating func check(_ bytes: [UInt8], _ change: SimulatedBucket.Change) throws {
        let image = try LoggedCommit.Image(try JSONValue(parsing: bytes))
        guard let commit = image.commit else { throw Unreadable("it has no 'commit'") }
        if let before = change.before, let old = try? LoggedCommit.Image(try JSONValue(parsing: before)).commit,
            commit < old
        {
            found("I7", "\(change.key) goes from commit \(old) back to \(commit) by \(change.process)")
        }
        let name = Judge.record(change.key)
        guard let last = replay.histories[name]?.last(where: { $0.commit <= commit }), last.commit == commit else {
            throw Unreadable("commit \(commit) did not write it")
        }
        if last.image.fields != image.fields || last.image.metadata != image.metadata {
            throw Unreadable("commit \(commit) left something else")
        }
    }

    /// `users/7` of `tables/users/objects/7.json`.
    static func record(_ key: String) -> String {
        let parts = key.dropFirst(files.count).dropLast(".json".count)
        return String(parts).replacing("/objects/", with: "/", maxReplacements: 1)
    }

    /// What every manifest leaves out of its overlay is in the files when it is published; versions and what they cover grow.
    mutating func checkManifests() {
        var contents: [String: Int] = [:]
        var version = 0
        var covers = 0
        var collected = 0
        for change in changes {
            if change.key.hasPrefix(Judge.files), change.key.contains("/objects/") {
                let image = change.bytes.flatMap { try? LoggedCommit.Image(try JSONValue(parsing: $0)) }
                contents[Judge.record(change.key)] = image?.commit
            }
            guard change.key.hasPrefix("_checkpoints/main/m"), let bytes = change.bytes else { continue }
            if change.before != nil {
                found("I9", "\(change.key) was written over by \(change.process)")
                continue
            }
            do {
                let json = try JSONValue(parsing: bytes)
                let found = (try json.int("version"), try json.int("covers"), try json.int("collected"))
                if found.0 != version + 1 { self.found("I9", "manifest \(found.0) follows manifest \(version)") }
                if found.1 < covers {
                    self.found("I9", "manifest \(found.0) covers \(found.1), the one before \(covers)")
                }
                if found.2 < collected { self.found("I9", "manifest \(found.0) takes back what was collected") }
                if found.1 > replay.newest(at: change.time) {
                    self.found("I3", "manifest \(found.0) covers what is not there")
                }
                (version, covers, collected) = found
                try checkPending(json, covers: covers, contents, version)
            } catch {
                self.found("manifest", "\(change.key): \(error)")
            }
        }
    }

    private mutating func checkPending(
        _ manifest: JSONValue, covers: Int, _ contents: [String: Int], _ version: Int
    ) throws {
        var pending: [String: Int] = [:]
        for record in try manifest.list("pending") {
            let image = record["image"] ?? record
            pending["\(try record.text("table"))/\(try record.text("id"))"] = try image.int("commit")
        }
        for (name, history) in replay.histories {
            guard let last = history.last(where: { $0.commit <= covers }) else { continue }
            if edited.contains("tables/\(name.replacing("/", with: "/objects/", maxReplacements: 1)).json") { continue }
            if (contents[name] ?? 0) >= last.commit || (pending[name] ?? 0) >= last.commit { continue }
            found(
                "I5",
                "manifest \(version) covers commit \(last.commit) of \(name), its file has \(contents[name] ?? 0), and it is not pending"
            )
        }
    }

    /// The files are the replay.
    mutating func checkRest(_ contents: [String: [UInt8]]) {
        for (name, history) in replay.histories {
            guard let last = history.last, let slash = name.firstIndex(of: "/") else { continue }
            let key = "tables/\(name[..<slash])/objects/\(name[name.index(after: slash)...]).json"
            if edited.contains(key) { continue }
            guard let bytes = contents[key], let image = try? LoggedCommit.Image(try JSONValue(parsing: bytes)) else {
                found("I10", "\(key) is not there, or cannot be read")
                continue
            }
            if image.commit != last.commit {
                found("I10", "\(key) is of commit \(image.commit ?? 0), the log ends at \(last.commit)")
            }
        }
        for key in contents.keys.sorted() where key.hasPrefix(Judge.files) && key.contains("/objects/") {
            if replay.histories[Judge.record(key)] == nil { found("I10", "\(key) is of no record") }
        }
    }
}
