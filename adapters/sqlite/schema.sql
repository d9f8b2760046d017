-- Version 3 of the tables. The names of the original columns are kept.
-- Ids are AUTOINCREMENT, so that one is never given twice, and fit the 32 bits of MySQL's.
-- Text compares bytewise (SQLite's BINARY): when two names are the same is decided by `namekey`.
-- Positions, marks among them, are those of the log: see chat_domain/entries.py.

BEGIN IMMEDIATE;

CREATE TABLE User (
    id       INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id < 2147483648),
    name     TEXT    NOT NULL,
    namekey  TEXT    NOT NULL UNIQUE,
    skeleton TEXT    NOT NULL UNIQUE,     -- what the name looks like as it is shown,
    keyskeleton TEXT NOT NULL UNIQUE,     -- and in lower case (chat_domain/skeletons.py)
    password TEXT    NOT NULL,
    got      INTEGER NOT NULL DEFAULT 0, -- all up to this position is with some device of theirs
    hides    INTEGER NOT NULL DEFAULT 0  -- from others, as a sum: 1 what they read, 2 their typing
);

CREATE TABLE Token (
    digest     TEXT    NOT NULL PRIMARY KEY,
    series     TEXT    NOT NULL,  -- a digest of what all tokens of a session begin with
    userid     INTEGER NOT NULL,
    session    TEXT    NOT NULL,  -- the name of what it resumes
    begun_ms   INTEGER NOT NULL,  -- when the session began
    expires_ms INTEGER NOT NULL,
    used       INTEGER NOT NULL CHECK (used IN (0, 1)),
    device     TEXT    NOT NULL,  -- what the user calls it, '' for nothing
    seen_ms    INTEGER NOT NULL   -- when the session was begun or resumed last
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
    groupdesc TEXT    NOT NULL,
    joining   TEXT    NOT NULL DEFAULT 'open' CHECK (joining IN ('open', 'invite')),
    whole_history INTEGER NOT NULL DEFAULT 0  -- 1: who joins sees what was said before
);

-- A row stays when its group ends, for what was said there.
CREATE TABLE Keeping (
    groupid INTEGER NOT NULL PRIMARY KEY,
    days    INTEGER NOT NULL  -- for how long its entries are kept
);

CREATE TABLE Banned (
    groupid INTEGER NOT NULL,
    userid  INTEGER NOT NULL,
    byid    INTEGER NOT NULL,
    PRIMARY KEY (groupid, userid)
) WITHOUT ROWID;

CREATE TABLE Invited (
    groupid INTEGER NOT NULL,
    userid  INTEGER NOT NULL,
    byid    INTEGER NOT NULL,
    PRIMARY KEY (groupid, userid)
) WITHOUT ROWID;

CREATE TABLE Block (
    userid  INTEGER NOT NULL,
    blocked INTEGER NOT NULL,
    PRIMARY KEY (userid, blocked)
) WITHOUT ROWID;
CREATE INDEX BlockedBy ON Block (blocked);

-- One row. Positions are given from `head`, never from the highest in Entry, which can be deleted.
CREATE TABLE Log (
    epoch   TEXT    NOT NULL,  -- another whenever positions could have been given twice
    head    INTEGER NOT NULL,  -- the last position given
    -- of the last change of a group or its members, or end of all of a user's sessions
    changed INTEGER NOT NULL
);
INSERT INTO Log (epoch, head, changed) VALUES (lower(hex(randomblob(8))), 0, 0);

-- One row, apart from Log, which every message writes.
CREATE TABLE LogEnds (
    oldest INTEGER NOT NULL,  -- the first position that is kept
    found  INTEGER NOT NULL   -- how far the index for searching has come
);
INSERT INTO LogEnds (oldest, found) VALUES (1, 0);

-- In the order in which they came.
CREATE TABLE Entry (
    at       INTEGER PRIMARY KEY,
    conv     INTEGER NOT NULL,  -- of two users: low << 32 | high; of a group: its id
    kind     INTEGER NOT NULL,  -- 0: text, 1: change, 2: a text that was deleted
    senderid INTEGER NOT NULL,
    cid      TEXT    NOT NULL,
    time_ms  INTEGER NOT NULL,
    edited   INTEGER NOT NULL DEFAULT 0,  -- the change that the body comes from; 0: none
    re       INTEGER NOT NULL DEFAULT 0,  -- what it answers; 0: nothing
    body     TEXT    NOT NULL             -- of a change: JSON
);
CREATE INDEX EntryOf ON Entry (conv, at, kind, senderid);
CREATE UNIQUE INDEX EntryOnce ON Entry (cid, senderid);

-- Who is or was in which conversation. They see since < at <= left.
CREATE TABLE Member (
    userid INTEGER NOT NULL,
    conv   INTEGER NOT NULL,
    role   TEXT    NOT NULL CHECK (role IN ('creator', 'admin', 'normal')),
    joined INTEGER NOT NULL,  -- where they joined, which is also the order of members
    since  INTEGER NOT NULL,
    "left" INTEGER NOT NULL,  -- 9223372036854775807 of who has not left
    read   INTEGER NOT NULL DEFAULT 0,
    quiet  INTEGER NOT NULL DEFAULT 0,  -- 1: they do not want to be notified of it
    muted_until INTEGER NOT NULL DEFAULT 0,  -- ms
    PRIMARY KEY (userid, conv)
) WITHOUT ROWID;
CREATE INDEX MemberOf ON Member (conv, "left", userid);

CREATE TABLE SchemaVersion (
    version INTEGER NOT NULL PRIMARY KEY
) WITHOUT ROWID;
INSERT INTO SchemaVersion (version) VALUES (3);

COMMIT;
