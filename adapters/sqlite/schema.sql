-- Version 2 of the tables. The names of the original columns are kept.
-- Ids are AUTOINCREMENT, so that one is never given twice, and fit the 32 bits of MySQL's.
-- Text compares bytewise (SQLite's BINARY): when two names are the same is decided by `namekey`.

BEGIN IMMEDIATE;

CREATE TABLE User (
    id       INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id < 2147483648),
    name     TEXT    NOT NULL,
    namekey  TEXT    NOT NULL UNIQUE,
    skeleton TEXT    NOT NULL UNIQUE,     -- what the name looks like as it is shown,
    keyskeleton TEXT NOT NULL UNIQUE,     -- and in lower case (chat_domain/skeletons.py)
    password TEXT    NOT NULL,
    state    TEXT    NOT NULL DEFAULT 'offline' CHECK (state IN ('online', 'offline')),
    waiting  INTEGER NOT NULL DEFAULT 0  -- how many rows of OfflineMessage are this user's
);

CREATE TABLE Token (
    digest     TEXT    NOT NULL PRIMARY KEY,
    series     TEXT    NOT NULL,  -- a digest of what all tokens of a session begin with
    userid     INTEGER NOT NULL,
    session    TEXT    NOT NULL,  -- the name of what it resumes
    begun_ms   INTEGER NOT NULL,  -- when the session began
    expires_ms INTEGER NOT NULL,
    used       INTEGER NOT NULL CHECK (used IN (0, 1))
) WITHOUT ROWID;
CREATE INDEX TokenOfSeries ON Token (series);
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
    skeleton  TEXT    NOT NULL UNIQUE,  -- like those of User
    keyskeleton TEXT  NOT NULL UNIQUE,
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

-- In the order in which they came, with one index, which knows the mailbox of each and a second copy.
-- The mids stand in it as well, since they are in the primary key: a mailbox is put in order without
-- a look at its messages. In the order of the mailboxes, which earlier files have and keep, storing a
-- message takes a third more CPU, since it changes a large page of the table and one of the index.
-- The index has a statement of its own: of one that is made with the table, SQLite's planner does not
-- see that it holds the mids, and looks them up one by one.
CREATE TABLE OfflineMessage (
    userid     INTEGER NOT NULL,  -- the recipient
    mid        TEXT    NOT NULL,
    senderid   INTEGER NOT NULL,
    sendername TEXT    NOT NULL,
    cid        TEXT    NOT NULL,
    groupid    INTEGER NOT NULL,  -- 0: one to one
    time_ms    INTEGER NOT NULL,
    message    TEXT    NOT NULL,
    PRIMARY KEY (mid, userid)
) WITHOUT ROWID;
CREATE UNIQUE INDEX MessageOfUser ON OfflineMessage (userid, senderid, cid);

CREATE TABLE SchemaVersion (
    version INTEGER NOT NULL PRIMARY KEY
) WITHOUT ROWID;
INSERT INTO SchemaVersion (version) VALUES (2);

COMMIT;
