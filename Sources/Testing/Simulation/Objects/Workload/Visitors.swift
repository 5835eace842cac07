import CairnCore

/// Who else comes by: a program with another schema, somebody who edits files by hand, and what processes left behind that died.
struct Visitors {
    let workload: Workload

    private var world: World { workload.world }

    /// Lets them come.
    func start(seed: UInt64, within span: Int) {
        var random = SeededRandom(seed: seed)
        if workload.plan.hasStranger {
            let process = world.process("stranger", seed: random.next())
            world.after(random.below(span)) { process.spawn { await visit(process) } }
        }
        if workload.plan.crowd > 0 {
            let seed = random.next()
            world.after(random.below(span / 2)) { leave(seed) }
        }
        if workload.plan.hasEditor {
            for _ in 0..<4 {
                let (choice, way) = (random.below(3), random.below(4))
                world.after(random.below(span)) { edit("tables/notes/objects/\(choice).json", way) }
            }
        }
    }

    // MARK: Another schema

    /// Tries to open the store with another schema, and is refused.
    private func visit(_ process: SimulatedProcess) async {
        for _ in 0..<100 {
            // Whoever comes first may choose the schema.
            if workload.bucket.bytes("_store.json") == nil {
                try? await process.sleep(.seconds(1))
                continue
            }
            let removed = workload.withEpochs { $0.replacement?.begin }
            do {
                let storage = try await workload.opener(workload.connect(process), process)
                _ = try await Store.open(storage, schema: try SimulationSchema.other())
                // Where the store was removed meanwhile, there is none whose schema it would have to know.
                if workload.withEpochs({ $0.isBetween || $0.replacement?.begin != removed }) { return }
                return workload.history.complain("schema", "a program with another schema was let in")
            } catch let error as StorageError where error.code == .schemaMismatch {
                return world.tally.count("stranger_refused")
            } catch {
                try? await process.sleep(.seconds(1))
            }
        }
    }

    // MARK: A crowd

    /// Index files that no manifest names, about as many as a listing shows at once: such as processes leave that die.
    private func leave(_ seed: UInt64) {
        guard workload.bucket.bytes("_store.json") != nil else {
            world.after(10_000_000) { leave(seed) }
            return
        }
        var random = SeededRandom(seed: seed)
        let letters = Array("0123456789abcdefghjkmnpqrstvwxyz")
        for _ in 0..<workload.plan.crowd {
            let name = String((0..<26).map { $0 == 0 ? "0" : letters[random.below(letters.count)] })
            workload.bucket.change("_index/main/\(name).idx", Array("left".utf8), by: Visitors.crowd)
        }
        world.tally.count("crowd")
    }

    private static let crowd = "somebody who died"

    // MARK: Hand edits

    /// Edits a record file: another text, no `commit`, no JSON, nothing.
    private func edit(_ key: String, _ way: Int) {
        guard let bytes = workload.bucket.bytes(key), case .object(var file)? = try? JSONValue(parsing: bytes) else {
            return
        }
        world.tally.count("hand_edit")
        world.note { "somebody edits \(key), \(way)" }
        switch way {
        case 0:
            guard case .object(var fields)? = file["fields"] else { return }
            fields["text"] = "edited"
            file["fields"] = .object(fields)
        case 1: file["commit"] = nil
        case 2: return workload.bucket.edit(key, Array("edited".utf8))
        default: return workload.bucket.edit(key, nil)
        }
        workload.bucket.edit(key, Array(JSONValue.object(file).description.utf8))
    }
}
