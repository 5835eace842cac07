import CairnCore
import CairnSchema

/// The operand that names a pin.
private let pinName = Operand(
    name: "NAME", help: "the name of the pin: 1 to 100 of a-z A-Z 0-9 - _ ., not beginning with a point")

/// `cairn pin`: keeps a moment of a store.
struct PinCommand: Command {
    let signature = Signature(
        name: "pin", purpose: "keeps a store as it is now, under a name, to be read later",
        operands: [ExistingStore.workedOn, pinName],
        notes: [
            "Only stores in folders and buckets have pins. What is kept are the index files of the moment, and from then on the whole commit log: a pin that is forgotten makes the store grow with every write. 'cairn query' and 'cairn get' read it, 'cairn unpin' lets go of it.",
            "It shows the commit of the pin, the newest there was or a newer one. There can be only one pin of a name.",
            ExistingStore.note,
        ],
        examples: ["cairn pin file:atlas/ june", "cairn pin s3://photos/atlas before-import --json"])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let pin = try await ExistingStore.with(arguments.operand("STORE"), writes: true) { store, _ in
            try await store.pin(arguments.operand("NAME"))
        }
        console.print(
            arguments.isJSON
                ? JSONText.pretty { writer in writer.object { $0.members(of: pin) } }
                : Printable.line("pinned \(pin.name) at commit \(pin.commit)"))
        return .done
    }
}

/// `cairn unpin`: lets go of a moment.
struct UnpinCommand: Command {
    let signature = Signature(
        name: "unpin", purpose: "lets go of what a pin of a store keeps",
        operands: [ExistingStore.workedOn, pinName],
        notes: [
            "'cairn maintain' removes what nothing else needs then. Who reads the pin meanwhile is told that it has expired.",
            ExistingStore.note,
        ],
        examples: ["cairn unpin file:atlas/ june"])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let name = arguments.operand("NAME")
        try await ExistingStore.with(arguments.operand("STORE"), writes: true) { store, _ in
            try await store.unpin(name)
        }
        console.print(
            arguments.isJSON
                ? JSONText.object([("unpinned", .string(name))]) : Printable.line("let go of \(name)"))
        return .done
    }
}

/// `cairn pins`: lists what is kept.
struct PinsCommand: Command {
    let signature = Signature(
        name: "pins", purpose: "lists the pins of a store, and the number of its newest commit",
        operands: [ExistingStore.operand],
        notes: [
            "Each pin is shown with its commit and the time it was made, by name; below them the newest commit of the store. With any of these numbers, and those between them, 'cairn query' and 'cairn get' read the store as it was, as long as the moment is kept.",
            ExistingStore.note,
        ],
        examples: ["cairn pins file:atlas/", "cairn pins s3://photos/atlas --json"])

    func run(_ arguments: ParsedArguments, _ console: Console) async throws -> ExitCode {
        let (pins, newest) = try await ExistingStore.with(arguments.operand("STORE")) { store in
            (try await store.pins(), try await store.currentCommit())
        }
        if arguments.isJSON {
            console.print(
                JSONText.pretty { writer in
                    writer.object { writer in
                        writer.member("newest_commit", .int(newest))
                        writer.members("pins", pins) { pin, writer in writer.members(of: pin) }
                    }
                })
        } else {
            let rows = pins.map { [Printable.line($0.name), "commit \($0.commit)", $0.created.description] }
            for line in TextTable.lines(rows) { console.print(line) }
            if pins.isEmpty { console.print("It has no pins.") }
            console.print("The newest commit is \(newest).")
        }
        return .done
    }
}

extension JSONWriter {
    /// Writes what an object says of a pin.
    fileprivate mutating func members(of pin: StorePin) {
        member("name", .string(pin.name))
        member("commit", .int(pin.commit))
        member("created_at", .string(pin.created.description))
    }
}
