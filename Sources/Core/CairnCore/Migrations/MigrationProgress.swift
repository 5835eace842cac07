/// How far a migration is that reads the records of tables. Told by drivers whose migrations take long.
public struct MigrationProgress: Sendable, Hashable {
    /// The table of the store whose records are read.
    public let table: String
    /// Records that were read, of all tables that are.
    public let done: Int
    /// How many there are to read.
    public let total: Int
    /// Since when it runs.
    public let elapsed: Duration

    /// How far it is.
    package init(table: String, done: Int, total: Int, elapsed: Duration) {
        self.table = table
        self.done = done
        self.total = total
        self.elapsed = elapsed
    }

    /// Records in a second, so far.
    public var rate: Double { seconds > 0 ? Double(done) / seconds : 0 }

    private var seconds: Double {
        Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
    }

    /// Seconds it will take from now on, as it went so far; nil as long as nobody can say.
    public var secondsLeft: Double? { done > 0 && rate > 0 ? Double(total - done) / rate : nil }
}
