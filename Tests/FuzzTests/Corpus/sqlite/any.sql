PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(replace(replace(sql, 'STRICT, ', ''), 'STRICT', ''), ' NOT NULL', '') WHERE type = 'table';
PRAGMA writable_schema = RESET;
UPDATE rows SET text = x'ff00', seen = 'a', day = NULL, flag = 'x', ratio = 'b', _revision = NULL, _created_at = x'00';
UPDATE pairs SET a = NULL, value = NULL