import ObjectStores

/// Keys that are no file names, no paths of URLs, no plain ASCII.
enum KeyCases {
    static let all: [ObjectStoreCase] = [
        ObjectStoreCase("keys", "Odd keys are kept, told apart, read, listed in order and removed") { trial in
            let keys = oddKeys.filter { !trial.quirks.refusedKeys.contains(Array($0.utf8)) }
            try await keep(keys, trial)
        },
        ObjectStoreCase("keys", "A key may stand beside keys that go on behind it with a slash, in any order") {
            trial in
            if trial.quirks.refusesKeyBesideFolder { return try await refusesKeyBesideFolder(trial) }
            for keys in [["a", "a/b", "a/b/c", "a/", "a//", "a/b/"], ["x/y/z", "x/y", "x", "x//", "x/"]] {
                try await keep(keys, trial)
            }
        },
        ObjectStoreCase("keys", "Keys that the provider cannot keep are refused, and nothing is stored") { trial in
            for key in trial.quirks.refusedKeys.map({ String(decoding: $0, as: UTF8.self) }) {
                do {
                    try await trial.store.put(key, .text("x"))
                } catch is ObjectStoreError {
                    try expectEqual(try await trial.store.keys(), [], "after putting \(quoted(key))")
                    continue
                }
                throw ObjectStoreCaseFailure("\(quoted(key)) was taken", #fileID, #line)
            }
        },
        ObjectStoreCase("keys", "Keys have 1 to 1,024 bytes, not characters") { trial in
            let longest = [
                String(repeating: "k", count: 1024), String(repeating: "é", count: 512),
                String(repeating: "😀", count: 256), String(repeating: "ab/", count: 341) + "c",
                String(repeating: "n", count: 1018) + ".json/",
            ]
            try await keep(longest, trial)
            for key in ["", String(repeating: "k", count: 1025), String(repeating: "é", count: 512) + "k"] {
                try await expectError(.invalid) { try await trial.store.put(key, .text("x")) }
                try await expectError(.invalid) { _ = try await trial.store.get(key) }
                try await expectError(.invalid) { _ = try await trial.store.head(key) }
                try await expectError(.invalid) { try await trial.store.delete(key) }
                try await expectError(.invalid) { _ = try await trial.store.delete([key], notAfter: nil) }
                try await expectError(.invalid) { try await trial.store.copy(key, to: "x") }
                try await expectError(.invalid) { try await trial.store.copy("x", to: key) }
                if trial.capabilities.canUploadInParts {
                    try await expectError(.invalid) {
                        _ = try await trial.store.beginUpload(key, ObjectAttributes())
                    }
                }
            }
            try expectEqual(try await trial.store.keys(), [])
        },
    ]

    /// Puts keys, reads each, lists all, removes them one by one.
    private static func keep(_ keys: [String], _ trial: Trial) async throws {
        // Each has a body of its own: a key taken for another one would show it.
        for (number, key) in keys.enumerated() {
            do {
                try await trial.store.put(key, .text("body \(number)"))
            } catch {
                throw ObjectStoreCaseFailure("\(quoted(key)) cannot be put: \(error)", #fileID, #line)
            }
        }
        for (number, key) in keys.enumerated() {
            try expectEqual(try await trial.text(key), "body \(number)", quoted(key))
            try expect(
                Array(try await trial.store.head(key).key.utf8) == Array(key.utf8), "\(quoted(key)) has another name")
        }
        let listed = try await trial.store.keys().map { Array($0.utf8) }
        let wanted = keys.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
        if trial.capabilities.isListingOrdered {
            try expect(listed == wanted, "listed \(listed.map(quoted)) instead of \(wanted.map(quoted))")
        } else {
            try expect(Set(listed) == Set(wanted), "listed \(listed.map(quoted)) instead of \(wanted.map(quoted))")
        }
        for key in keys {
            try expect(try await trial.store.exists(key), "\(quoted(key)) went with another one")
            try await trial.store.delete(key)
            try expect(try await !trial.store.exists(key), "\(quoted(key)) is there")
        }
        try expectEqual(try await trial.store.keys(), [])
    }

    /// Checks that a provider that says so does not keep `a` beside `a/b`.
    static func refusesKeyBesideFolder(_ trial: Trial) async throws {
        try await trial.store.put("a/b", .text("x"))
        do {
            try await trial.store.put("a", .text("y"))
        } catch is ObjectStoreError {
            return try await trial.expect("a/b", is: "x")
        }
        throw ObjectStoreCaseFailure("'a' stands beside 'a/b', and the quirks say that it cannot", #fileID, #line)
    }

    private static func quoted(_ key: String) -> String { key.count < 60 ? key.debugDescription : "\(key.prefix(60))…" }

    private static func quoted(_ key: [UInt8]) -> String { quoted(String(decoding: key, as: UTF8.self)) }

    /// Keys that programs get wrong.
    private static let oddKeys: [String] = [
        // Characters with a meaning in URLs, forms, shells, XML.
        "a b", " a", "a ", " ", "a+b", "+", "a%b", "%", "%%", "a%20b", "a%2Fb", "a%252Fb", "%2E", "a=b", "=", "==",
        "=a",
        "a=", "=%2E", "=a=", "~", "~a", "a~", "a?b", "a#b", "a&b", "<&>'\"", "a;b", "a:b", "a@b", "a,b", "a|b", "a\\b",
        "*",
        "[a]", "{a}", "(a)", "!a", "$a", "^", "`a`", "-a", "--", "_a",
        // What file systems make of dots and slashes.
        ".", "..", "...", ".hidden", "a.", "a..", "x/.", "x/..", "x/./y", "x/../y", "./x", "../x", "/", "//", "/a",
        "//a",
        "b/", "b//", "b//c", "b/ /c", "tree/leaf.json", "tree/leaf.json/more",
        // Names others keep for themselves.
        ".cairn", ".cairn/lock", "x/.cairn", "CON", "nul", "lost+found", "con.txt",
        // Case and accents: four keys that some file systems take for two.
        "case", "CASE", "Case", "caf\u{E9}", "cafe\u{301}", "\u{212B}", "\u{C5}", "A\u{30A}", "\u{DF}", "ss",
        // Scripts and planes; the order of UTF-16 differs from that of UTF-8 in the last ones.
        "日本語/東京.json", "שלום", "مرحبا", "Ωmega", "😀", "🏔️/peak", "👩‍👩‍👧‍👦", "\u{FFFD}", "\u{FF5E}", "\u{10000}",
        "\u{10FFFF}", "\u{E000}",
        // Control characters, and the byte that ends a C string.
        "a\nb", "a\rb", "a\tb", "\u{1}", "\u{7F}", "a\u{0}b", "\u{85}", "\u{2028}",
        // Parts around the longest names of files.
        String(repeating: "n", count: 254), String(repeating: "n", count: 255), String(repeating: "n", count: 256),
        String(repeating: "n", count: 255) + "o", String(repeating: "n", count: 600),
        String(repeating: "n", count: 256) + "/" + String(repeating: "m", count: 300) + "/x",
        String(repeating: "é", count: 130), "=" + String(repeating: "%", count: 254),
    ]
}
