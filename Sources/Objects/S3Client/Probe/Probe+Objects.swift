import CairnSchema

/// What becomes of keys and bytes.
extension Probe {
    /// Keys that something on the way could take for another: escapes, separators, quotes, and as many bytes as a key may have.
    private var oddNames: [String] {
        let longest = String(repeating: String(repeating: "x", count: 199) + "/", count: 6)
        let room = max(1, KeyRules.maximumBytes - wire.prefix.utf8.count - 4)
        return [
            "odd/a space", "odd/plus+", "odd/percent%20", "odd/%252F%2F", "odd/query?a=b&c=d", "odd/hash#1",
            "odd/quote'\"",
            "odd/back\\slash", "odd/tilde~", "odd/semi;colon:at@", "odd/<tag>", "odd/\u{65E5}\u{672C}\u{1F600}",
            "odd/" + String(longest.prefix(room).dropLast()) + "y",
        ]
    }

    mutating func checkOddKeys() async throws {
        let names = oddNames
        let wrong = try await changed(names, in: "odd/")
        note(
            .oddKeys, wrong.isEmpty,
            wrong.isEmpty ? "\(names.count) of them, one of 1024 bytes" : "changed or refused: \(wrong)")
    }

    mutating func checkAlikeKeys() async throws {
        let names = ["alike/e\u{301}", "alike/\u{E9}", "alike/Case", "alike/case"]
        let wrong = try await changed(names, in: "alike/")
        note(
            .alikeKeys, wrong.isEmpty,
            wrong.isEmpty ? "case and marks make a difference" : "changed or refused: \(wrong)")
    }

    mutating func checkNestedKeys() async throws {
        let names = ["nested/key", "nested/key/behind", "nested/slash/"]
        let wrong = try await changed(names, in: "nested/")
        note(
            .nestedKeys, wrong.isEmpty, wrong.isEmpty ? "'a' and 'a/b' are both there" : "changed or refused: \(wrong)")
    }

    /// Stores objects that have their names as text, reads them and lists them. Two requests for each, and one.
    /// - Returns: The names that did not come back as they were.
    private func changed(_ names: [String], in folder: String) async throws -> String {
        var wrong: [String] = []
        for name in names {
            do {
                if try await !wire.put(name, name).isDone { wrong.append(name) }
            } catch let error as S3Error where error.code == .server {
                // A server over folders may fail at what is no name of a file.
                wrong.append(name)
            }
        }
        // All are stored before one is read: one may be written over by the next.
        for name in names where !wrong.contains(name) {
            guard let text = try await wire.get(name), Utf8.equal(text, name) else {
                wrong.append(name)
                continue
            }
        }
        let listed = try await wire.bucket.objects(prefix: wire.prefix + folder).collect().map(\.key)
        for name in names where !wrong.contains(where: { Utf8.equal($0, name) }) {
            if !listed.contains(where: { Utf8.equal($0, wire.prefix + name) }) { wrong.append(name) }
        }
        return wrong.map { name in
            let short = name.dropFirst(folder.count)
            return short.count > 40 ? "a key of \((wire.prefix + name).utf8.count) bytes" : "'\(short)'"
        }
        .joined(separator: ", ")
    }

    /// A right checksum and a wrong one. Three requests.
    mutating func checkChecksums() async throws {
        let right = Checksum(.crc32c, of: Array("checked".utf8))
        _ = try await wire.put("checksum", "checked", headers: [right.headerField]).get()
        var call = try wire.call("HeadObject", "HEAD", "checksum")
        call.headers.append(HeaderField("x-amz-checksum-mode", "ENABLED"))
        let told = try await wire.send(call).get().headers[ChecksumAlgorithm.crc32c.field]
        note(.checksumKept, told == right.text, told == nil ? "CRC-32C is not told" : "CRC-32C")

        let wrong = Checksum(.crc32c, of: Array("another".utf8))
        let answer = try await wire.put("checksum", "checked", headers: [wrong.headerField])
        note(.checksumVerified, !answer.isDone, "a wrong CRC-32C was answered \(answer.text)")
    }

    /// An upload whose first part is too small. Four requests, and one that gives it up.
    mutating func checkSmallParts() async throws {
        let upload = try await wire.begin("parts")
        let bytes = [UInt8](repeating: 0x78, count: 1024)
        let etags = [try await wire.part("parts", upload, 1, bytes), try await wire.part("parts", upload, 2, bytes)]
        let answer = try await wire.complete("parts", upload, etags)
        note(.smallParts, !answer.isDone, "two parts of 1 KiB were answered \(answer.text)")
    }

    mutating func checkVersioning() async throws {
        let state = try await wire.bucket.versioning()
        note(.versioning, state == .enabled, state.rawValue)
    }

    /// Some PUTs and GETs of 1 KiB, one after the other.
    mutating func checkSpeed() async throws {
        let text = String(repeating: "x", count: 1024)
        var puts: [Duration] = []
        var gets: [Duration] = []
        for _ in 0..<15 {
            let begun = ContinuousClock.now
            _ = try await wire.put("speed", text).get()
            let middle = ContinuousClock.now
            _ = try await wire.get("speed")
            puts.append(middle - begun)
            gets.append(.now - middle)
        }
        let (put, get) = (puts.sorted()[puts.count / 2], gets.sorted()[gets.count / 2])
        (putTime, getTime) = (put, get)
        note(.speed, .yes, "of 1 KiB in the middle: PUT \(Probe.milliseconds(put)), GET \(Probe.milliseconds(get))")
    }

    private static func milliseconds(_ duration: Duration) -> String {
        let microseconds = Int(duration / .microseconds(1))
        return "\(microseconds / 1000).\(microseconds % 1000 / 100) ms"
    }
}
