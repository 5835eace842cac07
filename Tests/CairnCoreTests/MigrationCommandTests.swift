import CairnCore
import CairnSchema
import Testing

@Suite("Commands of migrations")
struct MigrationCommandTests {
    private func schema(_ columns: String, table: String = "t") throws -> Schema {
        try Schema(
            parsing: """
                { "database": "d", "tables": { "\(table)": { "columns": { "id": "int", \(columns) }, "key": "id" } } }
                """)
    }

    @Test("Which command it was follows from both schemas")
    func derived() throws {
        let (old, new) = (try schema(#""a": "string""#), try schema(#""a": "string", "b": "int?""#))
        #expect(try Migration(from: old, to: new).command == .apply)
        let start = try Migration.start(from: old, to: new)
        #expect(start.command == .start)
        #expect(try Migration.complete(start.to, allowsDestructive: true).command == .complete)
        #expect(try Migration.abort(start.to, allowsDestructive: true).command == .abort)
        let bridge = try schema(#""a": "string""#, table: "cairn_rollback_3")
        #expect(MigrationCommand(from: old, to: bridge) == .rollback(before: 3))
        #expect(MigrationCommand(from: bridge, to: old) == .rollback(before: 3))
    }

    @Test(
        "A text that names a command is read again, and one that names none is not",
        arguments: [
            MigrationCommand.apply, .start, .complete, .abort, .rollback(before: 12), .rollback(before: nil),
        ])
    func read(_ command: MigrationCommand) {
        #expect(MigrationCommand(in: "the schema 1 becomes 2 ('\(command)')") == command)
        #expect(MigrationCommand(in: "the schema 1 becomes 2") == nil)
        #expect(MigrationCommand(in: "'cairn migrate nonsense'") == nil)
    }

    @Test("Only the same command goes on with what one began, and a rollback with a rollback")
    func goingOn() {
        #expect(MigrationCommand.start.isGoneOn(with: .start))
        #expect(!MigrationCommand.start.isGoneOn(with: .apply) && !MigrationCommand.complete.isGoneOn(with: .abort))
        #expect(MigrationCommand.rollback(before: 3).isGoneOn(with: .rollback(before: 4)))
    }
}
