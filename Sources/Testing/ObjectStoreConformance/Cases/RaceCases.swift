import CairnCore
import ObjectStores

/// Many tasks at once.
enum RaceCases {
    static let all: [ObjectStoreCase] = [
        ObjectStoreCase("races", "Of 32 writers that create one key exactly one wins, each time") { trial in
            guard trial.capabilities.canCreate else { return try await trial.expectRefusal(of: .create) }
            for round in 0..<10 {
                let winners = Lock([Int]())
                try await trial.run(tasks: 32) { number in
                    do {
                        try await trial.store.put("round-\(round)", Array("\(number)".utf8), mode: .create)
                        winners.withLock { $0.append(number) }
                    } catch let error as ObjectStoreError {
                        try expect(trial.quirks.lostRace.contains(error.code), "a loser got \(error)")
                    }
                }
                let won = winners.withLock { $0 }
                try expectEqual(won.count, 1, "winners of round \(round)")
                try await trial.expect("round-\(round)", is: "\(won[0])")
            }
        },
        ObjectStoreCase("races", "A counter that many raise by compare-and-swap has every raise that was acknowledged")
        {
            trial in
            guard trial.capabilities.canCompareAndSwap else {
                return try await trial.expectRefusal(of: .ifMatch(strangeMark))
            }
            try await trial.store.put("counter", .text("0 start"))
            let (tasks, raises) = (16, 5)
            try await trial.run(tasks: tasks) { number in
                var raised = 0
                while raised < raises {
                    let got = try await trial.store.get("counter")
                    let text = try await String(decoding: got.bytes(), as: UTF8.self)
                    let value = Int(text.split(separator: " ")[0]) ?? -1
                    // The writer's name makes each version's bytes its own, as whoever uses such marks must.
                    let mine = "\(value + 1) \(number).\(raised)"
                    do {
                        try await trial.store.put("counter", Array(mine.utf8), mode: .ifMatch(got.info.etag))
                        raised += 1
                    } catch let error as ObjectStoreError {
                        try expect(trial.quirks.lostRace.contains(error.code), "a loser got \(error)")
                        if error.mayHaveTakenEffect {
                            // Somebody may have raised it since; then it is this writer's turn again only if it lost.
                            if try await trial.text("counter") == mine { raised += 1 }
                        }
                    }
                }
            }
            let final = try await trial.text("counter").split(separator: " ")[0]
            try expectEqual(final, "\(tasks * raises)")
        },
        ObjectStoreCase("races", "Readers never see half a version, or bytes of two") { trial in
            let sizes = [1, 1000, 70_000, 300_000]
            func body(_ version: Int) -> [UInt8] {
                [UInt8](repeating: UInt8(version % 251), count: sizes[version % sizes.count])
            }
            try await trial.store.put("key", body(0))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<3 {
                    group.addTask {
                        for step in 0..<20 { try await trial.store.put("key", body(writer * 20 + step)) }
                    }
                }
                for _ in 0..<3 {
                    group.addTask {
                        for _ in 0..<40 {
                            let got = try await trial.store.get("key")
                            let bytes = try await got.bytes()
                            try expectEqual(bytes.count, got.info.size)
                            try expect(
                                bytes == [UInt8](repeating: bytes[0], count: bytes.count), "bytes of several versions")
                        }
                    }
                }
                try await group.waitForAll()
            }
        },
        ObjectStoreCase(
            "races", "Writers of keys that share folders, and those who remove them, do not disturb one another"
        ) {
            trial in
            try await trial.run(tasks: 8) { number in
                for step in 0..<6 {
                    let key = "shared/deep/folder/\(step % 3)/\(number)"
                    try await trial.store.put(key, .text(key))
                    try await trial.expect(key, is: key)
                    if step < 5 { try await trial.store.delete(key) }
                }
            }
            try expectEqual(try await trial.store.keys().count, 8)
        },
        ObjectStoreCase("races", "A version is removed by one of those who name it") { trial in
            let etag = try await trial.store.put("key", .text("x")).etag
            guard trial.capabilities.canDeleteConditionally else {
                try await expectError(.unsupported) {
                    _ = try await trial.store.delete("key", DeleteOptions(ifMatch: etag))
                }
                return try await trial.expect("key", is: "x")
            }
            let winners = Lock(0)
            let lost = trial.quirks.lostRace.union([trial.quirks.conditionOnNothing, .notFound])
            try await trial.run(tasks: 8) { _ in
                do {
                    _ = try await trial.store.delete("key", DeleteOptions(ifMatch: etag))
                    winners.withLock { $0 += 1 }
                } catch let error as ObjectStoreError {
                    try expect(lost.contains(error.code), "a loser got \(error)")
                }
            }
            try expectEqual(winners.withLock { $0 }, 1)
            try await trial.expectNothing("key")
        },
    ]
}
