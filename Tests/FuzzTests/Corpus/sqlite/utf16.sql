PRAGMA encoding = 'UTF-16';
VACUUM