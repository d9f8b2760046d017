-- Version 1 of the tables. The names of the original columns are kept.
-- Ids are AUTOINCREMENT, so that one is never given twice, and fit the 32 bits of MySQL's.
-- Text compares bytewise (SQLite's BINARY): when two names are the same is decided by `namekey`.

BEGIN IMMEDIATE;

CREATE TABLE User (
    id       INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id < 2147483648),
    name     TEXT    NOT NULL,
    namekey  TEXT    NOT NULL UNIQUE,
    password TEXT    NOT NULL,
    state    TEXT    NOT NULL DEFAULT 'offline' CHECK (state IN ('online', 'offline')),
    waiting  INTEGER NOT NULL DEFAULT 0  -- how many rows of OfflineMessage are this user's
);

CREATE TABLE Token (
    digest     TEXT    NOT NULL PRIMARY KEY,
    userid     INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX TokenOfUser ON Token (userid, expires_ms);
CREATE INDEX TokenExpiry ON Token (expires_ms);

CREATE TABLE Friend (
    userid   INTEGER NOT NULL,
    friendid INTEGER NOT NULL,
    PRIMARY KEY (userid, friendid)
) WITHOUT ROWID;
CREATE INDEX FriendListedBy ON Friend (friendid);

CREATE TABLE AllGroup (
    id        INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id < 2147483648),
    groupname TEXT    NOT NULL,
    namekey   TEXT    NOT NULL UNIQUE,
    groupdesc TEXT    NOT NULL
);

CREATE TABLE GroupUser (
    groupid   INTEGER NOT NULL,
    userid    INTEGER NOT NULL,
    grouprole TEXT    NOT NULL CHECK (grouprole IN ('creator', 'normal')),
    joined    INTEGER NOT NULL,  -- counts up within the group
    PRIMARY KEY (groupid, userid)
) WITHOUT ROWID;
CREATE INDEX GroupUserOfUser ON GroupUser (userid);
CREATE UNIQUE INDEX GroupUserInOrder ON GroupUser (groupid, joined);

-- In the order in which they came. In that of the mailboxes (WITHOUT ROWID, as files have it that
-- were made before) every message is another large page to be written: storing one takes a fifth
-- more CPU, though reading a mailbox takes a fifth less. The copies of a group's message stand
-- together in the second index, which takes a third off each; earlier files have `userid` first.
CREATE TABLE OfflineMessage (
    userid     INTEGER NOT NULL,  -- the recipient
    mid        TEXT    NOT NULL,
    senderid   INTEGER NOT NULL,
    sendername TEXT    NOT NULL,
    cid        TEXT    NOT NULL,
    groupid    INTEGER NOT NULL,  -- 0: one to one
    time_ms    INTEGER NOT NULL,
    message    TEXT    NOT NULL,
    PRIMARY KEY (userid, mid),
    UNIQUE (senderid, cid, userid)
);

CREATE TABLE SchemaVersion (
    version INTEGER NOT NULL PRIMARY KEY
) WITHOUT ROWID;
INSERT INTO SchemaVersion (version) VALUES (1);

COMMIT;
