import ObjectStores

/// Listing: order, prefixes, delimiters, start-after, pages.
enum ListCases {
    /// Keys whose order by bytes differs from that of folders: `-` and `.` sort before `/`, `0` behind it.
    private static let tree = [
        "a", "a-b", "a.b", "a/1", "a/2/x", "a/2/y", "a/2-", "a/3", "a0", "b/", "b/1", "b/c/d/e", "c//d", "c/d", "é/1",
        "é/2",
        "日本/1",
    ].sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }

    static let all: [ObjectStoreCase] = [
        ObjectStoreCase("list", "An empty store lists nothing, in one page") { trial in
            var pages = 0
            for try await page in trial.store.list(ListOptions()).pages {
                pages += 1
                try expectEqual(page.entries, [])
                try expect(page.isLast, "another page is announced")
            }
            try expectEqual(pages, 1)
            try expectEqual(try await trial.names(ListOptions(prefix: "missing/", delimiter: "/")), [])
        },
        ObjectStoreCase("list", "Keys come in the order of their bytes, each once") { trial in
            try await trial.put(tree.shuffled())
            let listed = try await trial.store.keys()
            if trial.capabilities.isListingOrdered {
                try expectEqual(listed, tree)
            } else {
                try expectEqual(listed.count, tree.count)
                try expectEqual(Set(listed), Set(tree))
            }
        },
        ObjectStoreCase("list", "A prefix is any beginning of a key, not a folder") { trial in
            try await trial.put(tree)
            let prefixes = [
                "", "a", "a/", "a/2", "a/2/", "a/2/x", "a/2/xx", "b", "b/c/d/e", "b/c/d/e/", "c/", "c//", "é", "日", "z",
                "/",
            ]
            for prefix in prefixes {
                try await check(trial, ListOptions(prefix: prefix))
            }
        },
        ObjectStoreCase("list", "A delimiter folds what keys share into one entry, in its place") { trial in
            try await trial.put(tree)
            for delimiter in ["/", "-", "/c", "2", "//", "é/"] {
                for prefix in ["", "a", "a/", "a/2", "b/", "b/c", "c/", "é", "é/"] {
                    try await check(trial, ListOptions(prefix: prefix, delimiter: delimiter))
                }
            }
            let top = try await trial.names(ListOptions(delimiter: "/"))
            let wanted = ["a", "a-b", "a.b", "a/", "a0", "b/", "c/", "é/", "日本/"]
            try expectEqual(trial.capabilities.isListingOrdered ? top : top.sorted(), wanted)
        },
        ObjectStoreCase("list", "A delimiter tells objects from what several share") { trial in
            try await trial.put(["folder/a", "file"])
            for try await entry in trial.store.list(ListOptions(delimiter: "/")) {
                switch entry {
                case .prefix(let prefix): try expectEqual(prefix, "folder/")
                case .object(let summary): try expectEqual(summary.key, "file")
                }
            }
        },
        ObjectStoreCase("list", "Start-after begins behind any text, whether it is a key or not") { trial in
            try await trial.put(tree)
            let starts = tree + ["A", "a/", "a/2/", "a/2/xx", "a/25", "b", "b/c", "c/", "z", "\u{10FFFF}", "è"]
            for start in starts {
                for prefix in ["", "a", "a/2", "b/"] {
                    try await check(trial, ListOptions(prefix: prefix, startAfter: start))
                }
            }
        },
        ObjectStoreCase("list", "Start-after and a delimiter together go on where a listing ended") { trial in
            try await trial.put(tree)
            for start in tree + ["a/", "a/2/", "b/", "b/c/", "é/"] {
                for prefix in ["", "a/", "b/"] {
                    try await check(trial, ListOptions(prefix: prefix, delimiter: "/", startAfter: start))
                }
            }
        },
        ObjectStoreCase("list", "Pages of every size give the same entries, and end where they say") { trial in
            try await trial.put(tree)
            for size in [1, 2, 3, tree.count - 1, tree.count, tree.count + 1, 1000] {
                for delimiter in [nil, "/"] {
                    let options = ListOptions(delimiter: delimiter, pageSize: size)
                    try await check(trial, options)
                    let wanted = expected(options, trial.quirks).count
                    var pages: [Int] = []
                    var isLast = false
                    for try await page in trial.store.list(options).pages {
                        try expect(!isLast, "a page behind the last one")
                        pages.append(page.entries.count)
                        isLast = page.isLast
                    }
                    try expect(isLast, "the last page does not say so")
                    try expectEqual(pages.reduce(0, +), wanted, "entries in pages of \(size)")
                    try expect(pages.allSatisfy { $0 <= size }, "pages of \(pages), asked for \(size)")
                    // A store may give shorter pages, but not an empty one at the end without need.
                    try expect(pages.count <= max(1, wanted), "\(pages.count) pages for \(wanted) entries")
                }
            }
        },
        ObjectStoreCase("list", "More than a thousand entries take several pages of a thousand at most") { trial in
            let keys = (0..<1002).map { "many/\(10_000 + $0)" }
            try await trial.run(tasks: 16) { task in
                for index in stride(from: task, to: keys.count, by: 16) { try await trial.store.put(keys[index], []) }
            }
            for count in [1002, 1001, 1000, 999] {
                let left = Array(keys.prefix(count))
                var pages: [Int] = []
                var listed: [String] = []
                for try await page in trial.store.list(ListOptions(prefix: "many/")).pages {
                    pages.append(page.entries.count)
                    listed += page.entries.map(\.name)
                }
                try expect(pages.allSatisfy { $0 <= 1000 }, "pages of \(pages)")
                try expectEqual(listed.count, count)
                try expect(Set(listed) == Set(left), "keys are missing or strange")
                if trial.capabilities.isListingOrdered { try expect(listed == left, "keys are out of order") }
                try await trial.store.delete(keys[count - 1])
            }
        },
        ObjectStoreCase("list", "A page that cannot be is refused") { trial in
            for size in [0, -1, ObjectLimits.pageEntries + 1] {
                try await expectError(.invalid) { _ = try await trial.names(ListOptions(pageSize: size)) }
            }
            try await expectError(.invalid) { _ = try await trial.names(ListOptions(delimiter: "")) }
        },
        ObjectStoreCase("list", "Every loop over a listing lists anew") { trial in
            let listing = trial.store.list(ListOptions())
            try await trial.put(["a"])
            for expected in [1, 2] {
                var count = 0
                for try await _ in listing { count += 1 }
                try expectEqual(count, expected)
                try await trial.put(["b"])
            }
        },
        ObjectStoreCase("list", "What is not touched is listed once, whatever is written meanwhile") { trial in
            let quiet = (0..<40).map { "quiet/\($0 + 10)" }
            let busy = (0..<20).map { "quiet/\($0 + 10)/busy" } + ["quiet/30x", "quiet/5", "a", "z"]
            try await trial.put(quiet)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for round in 0..<3 {
                        for key in busy where !trial.quirks.refusesKeyBesideFolder || !key.hasSuffix("/busy") {
                            if round % 2 == 0 {
                                try await trial.store.put(key, [])
                            } else {
                                try await trial.store.delete(key)
                            }
                        }
                    }
                }
                for size in [1, 7, 1000] {
                    let names = try await trial.names(ListOptions(prefix: "quiet/", pageSize: size))
                    let found = names.filter(Set(quiet).contains)
                    try expectEqual(found.sorted(), quiet, "with pages of \(size)")
                }
                try await group.waitForAll()
            }
        },
    ]

    /// Compares a listing of ``tree`` with what it must be.
    private static func check(_ trial: Trial, _ options: ListOptions) async throws {
        let found = try await trial.names(options)
        let wanted = expected(options, trial.quirks)
        let isSame = trial.capabilities.isListingOrdered ? found == wanted : Set(found) == Set(wanted)
        try expect(isSame, "\(options): expected \(wanted), found \(found)")
    }

    /// What a listing of ``tree`` must be, by the plainest means.
    private static func expected(_ options: ListOptions, _ quirks: ObjectStoreQuirks) -> [String] {
        var entries: [String] = []
        for key in tree where isBehind(key, options.startAfter) || options.delimiter != nil {
            guard key.utf8.starts(with: options.prefix.utf8) else { continue }
            let entry = options.delimiter.flatMap { sharedPrefix(of: key, behind: options.prefix, $0) } ?? key
            let isShown =
                isBehind(entry, options.startAfter)
                || quirks.showsPrefixesBeforeStart && entry != key && isBehind(key, options.startAfter)
            if isShown, entries.last != entry { entries.append(entry) }
        }
        return entries
    }

    private static func isBehind(_ text: String, _ start: String?) -> Bool {
        start.map { $0.utf8.lexicographicallyPrecedes(text.utf8) } ?? true
    }

    private static func sharedPrefix(of key: String, behind prefix: String, _ delimiter: String) -> String? {
        let rest = Array(key.utf8).dropFirst(prefix.utf8.count)
        let wanted = Array(delimiter.utf8)
        for start in rest.indices where rest[start...].starts(with: wanted) {
            return String(decoding: Array(key.utf8)[..<(start + wanted.count)], as: UTF8.self)
        }
        return nil
    }
}
