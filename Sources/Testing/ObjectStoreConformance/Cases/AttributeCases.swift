import ObjectStores

/// What is stored with the bytes.
enum AttributeCases {
    private static let everything = ObjectAttributes(
        contentType: "text/x-cairn; charset=utf-8", cacheControl: "no-store",
        metadata: ["author": "ada", "cairn-commit": "1042", "x.y_z": "a=b;c \"d\" é"], storageClass: "STANDARD_IA",
        tags: ["kind": "test", "é": "1"])

    static let all: [ObjectStoreCase] = [
        ObjectStoreCase("attributes", "Each is kept, or refused before anything is written") { trial in
            for kind in ObjectAttributes.Kind.allCases {
                let one = only(kind)
                guard trial.capabilities.attributes.contains(kind) else {
                    try await expectError(.unsupported) {
                        _ = try await trial.store.put("key", .text("x"), PutOptions(attributes: one))
                    }
                    try await trial.expectNothing("key")
                    continue
                }
                let put = try await trial.store.put("key", .text("x"), PutOptions(attributes: one))
                try expectEqual(put.attributes, one)
                try compare(try await trial.store.head("key").attributes, one, kind, trial)
                try compare(try await trial.store.get("key").info.attributes, one, kind, trial)
                try await trial.store.delete("key")
            }
        },
        ObjectStoreCase("attributes", "They belong to a version: writing again without them removes them") { trial in
            guard trial.capabilities.attributes.contains(.metadata) else { return try await refusesMetadata(trial) }
            let options = PutOptions(attributes: ObjectAttributes(metadata: ["a": "1", "b": "2"]))
            _ = try await trial.store.put("key", .text("one"), options)
            try expectEqual(try await trial.store.head("key").metadata, ["a": "1", "b": "2"])
            let changed = PutOptions(attributes: ObjectAttributes(metadata: ["b": "3"]))
            _ = try await trial.store.put("key", .text("one"), changed)
            try expectEqual(try await trial.store.head("key").metadata, ["b": "3"])
            try await trial.store.put("key", .text("one"))
            try expectEqual(try await trial.store.head("key").metadata, [:])
            _ = try await trial.store.put("key", .text("one"), options)
            try await trial.store.delete("key")
            try await trial.store.put("key", .text("one"))
            try expectEqual(try await trial.store.head("key").metadata, [:])
        },
        ObjectStoreCase("attributes", "They are those of the bytes they are read with, however fast versions follow") {
            trial in
            guard trial.capabilities.attributes.contains(.metadata) else { return try await refusesMetadata(trial) }
            _ = try await trial.store.put("key", .text("0"), numbered(0))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    // Every third version has none.
                    for number in 1..<60 {
                        let options = number % 3 == 0 ? PutOptions() : numbered(number)
                        _ = try await trial.store.put("key", .text("\(number)"), options)
                    }
                }
                for _ in 0..<200 {
                    let got = try await trial.store.get("key")
                    let text = try await String(decoding: got.bytes(), as: UTF8.self)
                    let wanted = (Int(text) ?? 0) % 3 == 0 && text != "0" ? [:] : ["number": text]
                    try expectEqual(got.info.metadata, wanted, "version \(text)")
                }
                try await group.waitForAll()
            }
        },
        ObjectStoreCase("attributes", "What no store can send is refused by all, and nothing is written") { trial in
            guard trial.capabilities.attributes.contains(.metadata) else { return try await refusesMetadata(trial) }
            let long = String(repeating: "v", count: ObjectLimits.metadataBytes)
            let refused: [[String: String]] = [
                ["Upper": "x"], ["": "x"], ["a b": "x"], ["é": "x"], ["a:b": "x"], ["a": "line\nfeed"], ["a": "\u{0}"],
                ["a": " space"], ["a": "space "], ["a": long],
            ]
            for metadata in refused {
                let error = try await expectError(.invalid) {
                    _ = try await trial.store.put(
                        "key", .text("x"), PutOptions(attributes: ObjectAttributes(metadata: metadata)))
                }
                try expectEqual(error.key, "key", "\(metadata)")
            }
            try await expectError(.invalid) { try await trial.store.put("key", [], contentType: "text/plain\r\nx: y") }
            try await trial.expectNothing("key")
            let longest = ["a": String(long.dropLast())]
            _ = try await trial.store.put(
                "key", .text("x"), PutOptions(attributes: ObjectAttributes(metadata: longest)))
            try expectEqual(try await trial.store.head("key").metadata, longest)
        },
        ObjectStoreCase("attributes", "A copy takes them over, or gets others") { trial in
            guard trial.capabilities.canCopy else { return try await trial.expectRefusalOfCopies() }
            guard trial.capabilities.attributes.contains(.metadata) else { return try await refusesMetadata(trial) }
            let first = ObjectAttributes(contentType: "text/x-one", metadata: ["a": "1"])
            _ = try await trial.store.put("source", .text("x"), PutOptions(attributes: first))
            try await trial.store.copy("source", to: "same")
            try expectEqual(try await trial.store.head("same").metadata, ["a": "1"])
            try expectEqual(try await trial.store.head("same").contentType, "text/x-one")
            let other = ObjectAttributes(contentType: "text/x-two", metadata: ["b": "2"])
            _ = try await trial.store.copy("source", to: "other", CopyOptions(attributes: other))
            try expectEqual(try await trial.store.head("other").metadata, ["b": "2"])
            try expectEqual(try await trial.store.head("other").contentType, "text/x-two")
            _ = try await trial.store.copy("source", to: "source", CopyOptions(attributes: other))
            try expectEqual(try await trial.store.head("source").metadata, ["b": "2"])
            try await trial.expect("source", is: "x")
        },
        ObjectStoreCase("attributes", "An upload gives them to the object it becomes") { trial in
            guard trial.capabilities.canUploadInParts else { return try await trial.expectRefusalOfUploads() }
            guard trial.capabilities.attributes.contains(.metadata) else { return try await refusesMetadata(trial) }
            let attributes = ObjectAttributes(contentType: "text/x-parts", metadata: ["a": "1"])
            let upload = try await trial.store.beginUpload("key", attributes)
            let part = try await trial.store.uploadPart(1, of: upload, .text("part"))
            _ = try await trial.store.completeUpload(upload, [part], CompleteOptions())
            try expectEqual(try await trial.store.head("key").metadata, ["a": "1"])
            try expectEqual(try await trial.store.head("key").contentType, "text/x-parts")
        },
    ]

    private static func numbered(_ number: Int) -> PutOptions {
        PutOptions(attributes: ObjectAttributes(metadata: ["number": "\(number)"]))
    }

    private static func refusesMetadata(_ trial: Trial) async throws {
        try await expectError(.unsupported) { _ = try await trial.store.put("key", .text("x"), numbered(1)) }
        try await trial.expectNothing("key")
    }

    private static func only(_ kind: ObjectAttributes.Kind) -> ObjectAttributes {
        switch kind {
        case .contentType: ObjectAttributes(contentType: everything.contentType)
        case .cacheControl: ObjectAttributes(cacheControl: everything.cacheControl)
        case .metadata: ObjectAttributes(metadata: everything.metadata)
        case .storageClass: ObjectAttributes(storageClass: everything.storageClass)
        case .tags: ObjectAttributes(tags: everything.tags)
        }
    }

    private static func compare(
        _ found: ObjectAttributes, _ wanted: ObjectAttributes, _ kind: ObjectAttributes.Kind, _ trial: Trial
    ) throws {
        switch kind {
        case .contentType: try expectEqual(found.contentType, wanted.contentType)
        case .cacheControl: try expectEqual(found.cacheControl, wanted.cacheControl)
        case .metadata:
            var names = wanted.metadata
            if trial.quirks.turnsUnderscoresIntoHyphens {
                names = Dictionary(
                    uniqueKeysWithValues: names.map { ($0.key.split(separator: "_").joined(separator: "-"), $0.value) })
            }
            try expectEqual(found.metadata, names)
        case .storageClass:
            if trial.quirks.showsStorageClass { try expectEqual(found.storageClass, wanted.storageClass) }
        case .tags:
            if trial.quirks.showsTags { try expectEqual(found.tags, wanted.tags) }
        }
    }
}
