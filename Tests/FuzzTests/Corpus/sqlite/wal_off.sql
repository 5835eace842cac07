PRAGMA user_version = 99;
PRAGMA application_id = 1