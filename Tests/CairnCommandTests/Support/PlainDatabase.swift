import CSQLite
import Testing

/// Makes SQLite files without Cairn, as other programs do.
enum PlainDatabase {
    /// Runs SQL on a file, which is made if there is none.
    static func run(_ sql: String, on path: String) throws {
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(path, &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nil)
        defer { sqlite3_close_v2(opened) }
        try #require(code == SQLITE_OK)
        // A connection that closes holds the file for a moment, alone.
        sqlite3_busy_timeout(opened, 30_000)
        let result = sqlite3_exec(opened, sql, nil, nil, nil)
        try #require(result == SQLITE_OK, "\(String(cString: sqlite3_errmsg(opened)))")
    }

    /// A shop for music, after the sample database Chinook, with what databases have that grew over the years.
    static let shop = """
        CREATE TABLE [Artist] ([ArtistId] INTEGER NOT NULL PRIMARY KEY, [Name] NVARCHAR(120));
        CREATE TABLE [Album] ([AlbumId] INTEGER NOT NULL, [Title] NVARCHAR(160) NOT NULL, [ArtistId] INTEGER NOT NULL,
          CONSTRAINT [PK_Album] PRIMARY KEY ([AlbumId]),
          FOREIGN KEY ([ArtistId]) REFERENCES [Artist] ([ArtistId]) ON DELETE CASCADE ON UPDATE NO ACTION);
        CREATE INDEX [IFK_AlbumArtistId] ON [Album] ([ArtistId]);
        CREATE TABLE "Track" ("TrackId" INTEGER PRIMARY KEY AUTOINCREMENT, "Name" TEXT NOT NULL DEFAULT 'untitled',
          "AlbumId" INTEGER REFERENCES "Album" ON DELETE SET NULL, "Media" TEXT NOT NULL CHECK ("Media" IN ('file', 'disc')),
          "Milliseconds" INTEGER NOT NULL CHECK ("Milliseconds" >= 0 AND "Milliseconds" <= 100000000),
          "UnitPrice" NUMERIC(10,2) NOT NULL DEFAULT 0.99, "Explicit" BOOLEAN NOT NULL DEFAULT 0,
          "Code" CHAR(4) UNIQUE, "Extra" JSON, "Cover" BLOB, CHECK (length("Name") < 500));
        CREATE INDEX by_length ON "Track" ("Milliseconds" DESC, "Name");
        CREATE INDEX by_cheap ON "Track" ("UnitPrice") WHERE "UnitPrice" < 1;
        CREATE INDEX by_upper ON "Track" (upper("Name"));
        CREATE TABLE Employee (EmployeeId INTEGER PRIMARY KEY, LastName TEXT COLLATE NOCASE NOT NULL, ReportsTo INTEGER,
          HireDate DATETIME DEFAULT CURRENT_TIMESTAMP, BirthDate DATE, FOREIGN KEY (ReportsTo) REFERENCES Employee (EmployeeId));
        CREATE UNIQUE INDEX one_name ON Employee (LastName COLLATE NOCASE, BirthDate);
        CREATE TABLE PlaylistTrack (PlaylistId INTEGER NOT NULL, TrackId INTEGER NOT NULL REFERENCES Track (TrackId) ON DELETE SET DEFAULT,
          PRIMARY KEY (PlaylistId, TrackId)) WITHOUT ROWID;
        CREATE TABLE log (line TEXT, at INTEGER);
        CREATE TABLE sessions (token BLOB_UUID PRIMARY KEY, opened TIMESTAMP, closed TIMESTAMP, seen TIMESTAMP);
        CREATE VIEW cheap AS SELECT * FROM Track WHERE UnitPrice < 1;
        CREATE TRIGGER keep BEFORE DELETE ON Artist BEGIN SELECT RAISE(ABORT, 'no'); END;
        INSERT INTO Artist VALUES (1, 'AC/DC'), (2, NULL);
        INSERT INTO Album VALUES (1, 'Let There Be Rock', 1), (2, 'Björk''s', 2);
        INSERT INTO Track VALUES (1, 'One', 1, 'file', 343719, 0.99, 0, 'A1', '{"a": [1, null]}', x'00FF'),
          (2, 'Two', NULL, 'disc', 0, 1, 1, NULL, NULL, NULL), (9007199254740993, 'Big', 2, 'file', 5, 12.5, 1, 'B', '[]', NULL);
        INSERT INTO Employee VALUES (1, 'Adams', 2, '2002-08-14 00:00:00', '1962-02-18'),
          (2, 'Boss', NULL, '2002-08-14 10:11:12.5', NULL), (3, 'Carl', 1, '2003-05-03T17:00:00+02:00', '1970-01-01 00:00:00');
        INSERT INTO PlaylistTrack VALUES (1, 1), (1, 2), (2, 1);
        INSERT INTO log (rowid, line, at) VALUES (7, 'seven', 1), (3, 'three', 2);
        INSERT INTO sessions VALUES (x'00112233445566778899AABBCCDDEEFF', 1234567890, 1234567890123, 2455198.5);
        """
}
