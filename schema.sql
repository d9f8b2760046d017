-- The tables of the chat server, for MySQL 8 and MariaDB 10.11 or later:
--
--     mysql chat < schema.sql          or   python -m entrypoints.manage init-db --store mysql://...
--
-- This creates the tables in the current database; tables that exist remain unchanged. To upgrade a
-- database of the C++ server, use `python -m entrypoints.manage upgrade-db` instead.
--
-- Each table states its character set and collation, since the server's defaults may be any (often
-- latin1). utf8mb4_bin compares code points, but treats 'a' and 'a ' as equal; columns that must be
-- compared byte by byte are VARBINARY. Every table has a primary key, and none has foreign keys or
-- triggers, as database clusters require. Ids may have gaps.

CREATE TABLE IF NOT EXISTS User (
    id       INT            NOT NULL AUTO_INCREMENT COMMENT 'never assigned twice',
    name     VARCHAR(50)    NOT NULL COMMENT 'as the user typed it',
    namekey  VARBINARY(600) NOT NULL COMMENT 'UTF-8 of the name as it is compared: case-folded and trimmed',
    skeleton VARBINARY(600) NULL COMMENT 'UTF-8 of a form that all names that look like this one share; NULL if an older account has it',
    keyskeleton VARBINARY(600) NULL COMMENT 'the same for namekey',
    password TEXT           NOT NULL COMMENT 'argon2id hash; plain:PASSWORD if the C++ server created the account and its user has not logged in since; none: nobody can log in; with the prefix disabled: while the operator keeps the user out',
    state    ENUM('online', 'offline') NOT NULL DEFAULT 'offline' COMMENT 'of the C++ server; always offline, and not used',
    got      BIGINT         NOT NULL DEFAULT 0 COMMENT 'some device of theirs has received everything for them up to this position of the log',
    hides    TINYINT        NOT NULL DEFAULT 0 COMMENT 'what they hide from others, as a sum: 1 how far they have read, 2 that they are typing',
    PRIMARY KEY (id),
    UNIQUE KEY UserName (namekey),
    UNIQUE KEY UserSkeleton (skeleton),
    UNIQUE KEY UserKeySkeleton (keyskeleton)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'the registered users';

CREATE TABLE IF NOT EXISTS Token (
    digest     VARBINARY(64) NOT NULL COMMENT 'SHA-256 of the token, in hexadecimal; the token itself is not kept',
    series     VARBINARY(32) NOT NULL COMMENT 'the same, cut, of the prefix that all tokens of a session share',
    userid     INT           NOT NULL COMMENT 'the user it belongs to',
    session    VARBINARY(32) NOT NULL COMMENT 'name of the session that it resumes; the tokens that replace it have the same',
    begun_ms   BIGINT        NOT NULL COMMENT 'when the session began: UTC, milliseconds since 1970',
    expires_ms BIGINT        NOT NULL COMMENT 'the same, when the token expires',
    used       BOOLEAN       NOT NULL COMMENT 'whether the session has been begun or resumed with it',
    device     VARCHAR(50)   NOT NULL COMMENT 'the name that the user gave the device; empty if none',
    seen_ms    BIGINT        NOT NULL COMMENT 'when the session was last begun or resumed',
    PRIMARY KEY (digest),
    KEY TokenOfSeries (series),
    KEY TokenOfUser (userid, expires_ms),
    KEY TokenExpiry (expires_ms)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'proofs of earlier logins, with which sessions are resumed';

CREATE TABLE IF NOT EXISTS Friend (
    userid   INT NOT NULL COMMENT 'the user whose list it is',
    friendid INT NOT NULL COMMENT 'the user on the list; the reverse is another row',
    PRIMARY KEY (userid, friendid),
    KEY FriendListedBy (friendid, userid)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'the list of friends of each user';

CREATE TABLE IF NOT EXISTS AllGroup (
    id        INT            NOT NULL AUTO_INCREMENT COMMENT 'never assigned twice',
    groupname VARCHAR(50)    NOT NULL COMMENT 'as its creator typed it',
    namekey   VARBINARY(600) NOT NULL COMMENT 'like User.namekey',
    skeleton  VARBINARY(600) NULL COMMENT 'like User.skeleton',
    keyskeleton VARBINARY(600) NULL COMMENT 'like User.keyskeleton',
    groupdesc TEXT           NOT NULL COMMENT 'its description',
    joining   ENUM('open', 'invite') NOT NULL DEFAULT 'open' COMMENT 'who may join: anybody, or invited users',
    whole_history BOOLEAN    NOT NULL DEFAULT FALSE COMMENT 'whether users who join see earlier entries',
    PRIMARY KEY (id),
    UNIQUE KEY AllGroupName (namekey),
    UNIQUE KEY AllGroupSkeleton (skeleton),
    UNIQUE KEY AllGroupKeySkeleton (keyskeleton)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'the groups; each has at least one present member';

CREATE TABLE IF NOT EXISTS Keeping (
    groupid INT NOT NULL COMMENT 'may be a group that has ended',
    days    INT NOT NULL COMMENT 'days for which its entries are kept',
    PRIMARY KEY (groupid)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'the groups whose entries are not kept forever';

CREATE TABLE IF NOT EXISTS Banned (
    groupid INT NOT NULL,
    userid  INT NOT NULL COMMENT 'the user who may not join it',
    byid    INT NOT NULL COMMENT 'the user who has decided this',
    PRIMARY KEY (groupid, userid)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'users who are kept out of groups; not used yet';

CREATE TABLE IF NOT EXISTS Invited (
    groupid INT NOT NULL,
    userid  INT NOT NULL COMMENT 'the user who may join it',
    byid    INT NOT NULL COMMENT 'the user who has decided this',
    PRIMARY KEY (groupid, userid)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'users who are invited to groups; not used yet';

CREATE TABLE IF NOT EXISTS Block (
    userid  INT NOT NULL COMMENT 'the user who blocks',
    blocked INT NOT NULL COMMENT 'the user who is blocked',
    PRIMARY KEY (userid, blocked),
    KEY BlockedBy (blocked)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'who has blocked whom; not used yet';

CREATE TABLE IF NOT EXISTS Log (
    one     TINYINT       NOT NULL DEFAULT 1 COMMENT 'ensures a single row',
    epoch   VARBINARY(32) NOT NULL COMMENT 'a new one whenever positions could have been assigned twice',
    head    BIGINT        NOT NULL COMMENT 'the last position assigned; not taken from Entry, whose last row may have been deleted',
    changed BIGINT        NOT NULL COMMENT 'the position of the last change of a group or its members, or end of all sessions of a user',
    PRIMARY KEY (one)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'the log as a whole: one row, whose lock orders all appends';

INSERT INTO Log (epoch, head, changed) SELECT LEFT(SHA2(CONCAT(UUID(), RAND()), 256), 16), 0, 0 FROM DUAL WHERE NOT EXISTS (SELECT * FROM Log);

CREATE TABLE IF NOT EXISTS LogEnds (
    one    TINYINT NOT NULL DEFAULT 1 COMMENT 'ensures a single row',
    oldest BIGINT  NOT NULL COMMENT 'the first position that is kept',
    found  BIGINT  NOT NULL COMMENT 'how far the search index has come',
    PRIMARY KEY (one)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'separate from Log, which every message updates: one row';

INSERT INTO LogEnds (oldest, found) SELECT 1, 0 FROM DUAL WHERE NOT EXISTS (SELECT * FROM LogEnds);

CREATE TABLE IF NOT EXISTS Entry (
    at       BIGINT        NOT NULL COMMENT 'its position in the log: dense, and in commit order',
    conv     BIGINT        NOT NULL COMMENT 'the conversation: low id << 32 | high id of two users, or the id of a group',
    kind     TINYINT       NOT NULL COMMENT '0: a text, 1: a change, 2: a text that was deleted',
    senderid INT           NOT NULL COMMENT '0: the operator',
    cid      VARBINARY(64) NOT NULL COMMENT 'id made by the sender, by which a second copy is recognized',
    time_ms  BIGINT        NOT NULL COMMENT 'when it was given to the database: UTC, milliseconds since 1970',
    edited   BIGINT        NOT NULL DEFAULT 0 COMMENT 'position of the change that its body comes from; 0: none',
    re       BIGINT        NOT NULL DEFAULT 0 COMMENT 'position of the entry that it answers; 0: none',
    body     TEXT          NOT NULL COMMENT 'the text, or the change as JSON',
    PRIMARY KEY (at),
    UNIQUE KEY EntryOnce (cid, senderid),
    KEY EntryOf (conv, at, kind, senderid)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'all texts, and every change of who may see them';

CREATE TABLE IF NOT EXISTS Member (
    userid INT    NOT NULL,
    conv   BIGINT NOT NULL COMMENT 'like Entry.conv',
    role   ENUM('creator', 'admin', 'normal') NOT NULL DEFAULT 'normal' COMMENT 'one creator in each group',
    joined BIGINT NOT NULL COMMENT 'position of their joining, by which members are ordered; below 1 if they joined before there was a log',
    since  BIGINT NOT NULL COMMENT 'they see entries above this position',
    `left` BIGINT NOT NULL COMMENT 'and none above this one, their leaving; 9223372036854775807 if they have not left',
    `read` BIGINT NOT NULL DEFAULT 0 COMMENT 'the position up to which they have read',
    quiet  BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'whether they have muted it',
    muted_until BIGINT NOT NULL DEFAULT 0 COMMENT 'when they may write again: UTC, milliseconds since 1970',
    PRIMARY KEY (userid, conv),
    KEY MemberOf (conv, `left`, userid)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'who is or was a member of which conversation';

-- The last table, so that an incomplete set of tables is not taken for a complete one.
CREATE TABLE IF NOT EXISTS SchemaVersion (
    version INT NOT NULL COMMENT 'the version of these tables; a server refuses an unknown one',
    PRIMARY KEY (version)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'one row';

INSERT INTO SchemaVersion (version) SELECT 3 FROM DUAL WHERE NOT EXISTS (SELECT * FROM SchemaVersion);

-- Needed if the session began with autocommit = 0.
COMMIT;
