import CairnCore

/// A program as Swift that a person can paste into an executable and run on any driver.
struct SwiftProgram {
    private let program: Program
    private var lines: [String] = []
    private var depth = 0
    private var snapshotCount = 0

    init(_ program: Program) {
        self.program = program
    }

    var text: String {
        var writer = self
        writer.write()
        return writer.lines.joined(separator: "\n")
    }

    private mutating func line(_ text: String) { lines.append(String(repeating: "    ", count: depth) + text) }

    private mutating func block(_ opening: String, _ closing: String = "}", _ body: (inout SwiftProgram) -> Void) {
        line(opening)
        depth += 1
        body(&self)
        depth -= 1
        line(closing)
    }

    private mutating func write() {
        line("import Cairn")
        line("")
        line("func show(_ step: String, _ body: () async throws -> Any) async {")
        line("    do { print(step, try await body()) } catch { print(step, error) }")
        line("}")
        line("")
        line("let schema = try Schema(parsing: \"\"\"")
        // In a literal of several lines a backslash needs another.
        for text in program.schema.text.split(separator: "\n") { line("    \(text.replacing("\\", with: "\\\\"))") }
        line("    \"\"\")")
        line("let store = try await Store.open(MemoryStorage(), schema: schema)")
        for table in program.schema.tables.indices { line("let t\(table) = schema.tables[\(table)]") }
        line("")
        write(program.steps, session: "store.session", number: "")
    }

    private mutating func write(_ steps: [Step], session: String, number: String) {
        for (place, step) in steps.enumerated() { write(step, session: session, number: "\(number)\(place + 1)") }
    }

    private mutating func write(_ step: Step, session: String, number: String) {
        let inner = "\(number)."
        switch step {
        case .write(let writes, let key):
            write(writes, key, session, number)
        case .read(let read, let from):
            show(number, SwiftProgram.text(read, in: reader(from, else: session)))
        case .pages(let spec, let size, let from, let between):
            writePages(spec, size, reader(from, else: session), between, session, number)
        case .cursor(let spec, let first, let from, let between):
            writeCursor(spec, first, reader(from, else: session), between, session, number)
        case .update(let spec, let assignments):
            let list = assignments.map { "Assignment(column: \($0.column), value: \(SwiftText.value($0.value)))" }
            show(number, "try await \(session).update(\(SwiftText.query(spec)), \(SwiftText.list(list)))")
        case .delete(let spec): show(number, "try await \(session).delete(\(SwiftText.query(spec)))")
        case .transaction(let steps, let fails):
            block("await show(\"\(number)\") {") { writer in
                writer.block("try await store.transaction { tx in") { writer in
                    writer.write(steps, session: "tx", number: inner)
                    if fails { writer.line("throw CancellationError()") }
                }
            }
        case .savepoint(let steps, let fails):
            block("await show(\"\(number)\") {") { writer in
                writer.block("try await \(session).savepoint {") { writer in
                    writer.write(steps, session: session, number: inner)
                    if fails { writer.line("throw CancellationError()") }
                }
            }
        case .snapshot(let steps):
            block("await show(\"\(number)\") {") { writer in
                writer.block("try await store.snapshot { snapshot\(writer.snapshotCount) in") { writer in
                    writer.snapshotCount += 1
                    writer.write(steps, session: session, number: inner)
                    writer.snapshotCount -= 1
                }
            }
        case .position: line("// the position of the changes is remembered here: changePosition()")
        case .changes(let place, let table, let most):
            let of = table.map { " of t\($0)" } ?? ""
            line(
                "// \(most == .max ? "all" : "\(most)") changes\(of) behind remembered position \(place) are read here")
        case .wait(let seconds): line("// \(seconds) seconds pass here, by the clock of the store")
        case .maintain: show(number, "try await store.maintain()")
        case .reopen: line("// a store that outlives its handle is closed here, and opened again")
        case .outcome: line("// outcome(of:) of the last receipt is asked here")
        }
    }

    private mutating func show(_ number: String, _ expression: String) {
        line("await show(\"\(number)\") { \(expression) }")
    }

    private func reader(_ from: Int?, else session: String) -> String {
        guard let from, from < snapshotCount else { return session }
        return "snapshot\(from)"
    }

    // MARK: Writes

    private mutating func write(_ writes: [Write], _ key: String?, _ session: String, _ number: String) {
        let schema = program.schema
        guard session == "store.session", let key else {
            if writes.count == 1 {
                return show(number, "try await \(session).write([\(SwiftText.write(writes[0], schema))])")
            }
            return block("await show(\"\(number)\") {") { writer in
                writer.block("try await \(session).write([", "])") { writer in
                    for write in writes { writer.line(SwiftText.write(write, schema) + ",") }
                }
            }
        }
        block("await show(\"\(number)\") {") { writer in
            writer.block("try await store.write(idempotencyKey: \(SwiftText.string(key))) { batch in") { writer in
                for write in writes { writer.line("batch.append(\(SwiftText.write(write, schema)))") }
            }
        }
    }

    // MARK: Reads

    private static func text(_ read: Read, in session: String) -> String {
        switch read {
        case .get(let table, let key): "try await \(session).records(\"t\(table)\").get(\(SwiftText.key(key)))"
        case .find(let table, let keys):
            "try await \(session).records(\"t\(table)\").find(\(SwiftText.list(keys.map(SwiftText.key))))"
        case .rows(let spec): "try await \(session).records(\"t\(spec.table)\").all(\(SwiftText.query(spec)))"
        case .count(let spec): "try await \(session).count(\(SwiftText.query(spec)))"
        case .select(let spec, let columns):
            "try await \(session).select(\(columns), of: \(SwiftText.query(spec)))"
        case .aggregate(let spec): "try await \(session).aggregate(\(SwiftText.query(spec)))"
        case .including(let spec, let inclusions, nil):
            "try await \(session).records(\"t\(spec.table)\").all(\(SwiftText.query(spec)), including: \(SwiftText.inclusions(inclusions)))"
        case .including(let spec, let inclusions, let size?):
            "try await \(session).records(\"t\(spec.table)\").page(\(SwiftText.query(spec)), including: \(SwiftText.inclusions(inclusions)), size: \(size)) // and the next ones"
        case .explain(let spec): "try await \(session).explain(\(SwiftText.query(spec)))"
        }
    }

    private mutating func writePages(
        _ spec: QuerySpec, _ size: Int, _ reader: String, _ between: [Step], _ session: String, _ number: String
    ) {
        block("await show(\"\(number)\") {") { writer in
            writer.line("var cursor: PageCursor?, rows: [Record] = []")
            writer.line("let query = \(SwiftText.query(spec))")
            let page =
                "let page = try await \(reader).records(\"t\(spec.table)\").page(query, size: \(size), after: cursor)"
            // The first pages one by one, each with what happens after it.
            for (place, step) in between.enumerated() {
                writer.line("do {")
                writer.depth += 1
                writer.line(page)
                writer.line("rows += page.items")
                writer.write(step, session: session, number: "\(number).\(place + 1)")
                writer.line("cursor = page.next")
                writer.line("if cursor == nil { return rows }")
                writer.depth -= 1
                writer.line("}")
            }
            writer.block("repeat {", "} while cursor != nil") { writer in
                writer.line(page)
                writer.line("rows += page.items")
                writer.line("cursor = page.next")
            }
            writer.line("return rows")
        }
    }

    private mutating func writeCursor(
        _ spec: QuerySpec, _ first: Int, _ reader: String, _ between: [Step], _ session: String, _ number: String
    ) {
        block("await show(\"\(number)\") {") { writer in
            writer.line("var rows: [Record] = []")
            writer.line("let cursor = try await \(reader).cursor(\(SwiftText.query(spec)))")
            writer.line("defer { cursor.close() }")
            writer.line(
                "var hasMore = try await cursor.next(\(first)) { rows.append(try Record(row: $0)); return true }")
            writer.write(between, session: session, number: "\(number).")
            writer.line(
                "while hasMore { hasMore = try await cursor.next(7) { rows.append(try Record(row: $0)); return true } }"
            )
            writer.line("return rows")
        }
    }
}
