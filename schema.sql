-- The tables of the chat server, for MySQL 8 and MariaDB 10.11 or later:
--
--     mysql chat < schema.sql          or   python -m entrypoints.manage init-db --store mysql://...
--
-- They are made in the current database; where they are there already, nothing is changed. A
-- database that the C++ server made is upgraded by `python -m entrypoints.manage upgrade-db`, not by this.
--
-- Character set and collation stand at each table, since a server's defaults may be any (latin1,
-- often). utf8mb4_bin compares characters by their code, but 'a' and 'a ' are the same to it; what has to be
-- compared to the last byte is VARBINARY. Every table has a primary key, and there are no foreign keys
-- and no triggers: clusters of databases want it so. Numbers of ids may have gaps.

CREATE TABLE IF NOT EXISTS User (
    id       INT            NOT NULL AUTO_INCREMENT COMMENT 'never given twice',
    name     VARCHAR(50)    NOT NULL COMMENT 'as the user typed it',
    namekey  VARBINARY(600) NOT NULL COMMENT 'UTF-8 of the form in which names are compared: case-folded and trimmed',
    skeleton VARBINARY(600) NULL COMMENT 'UTF-8 of what stands for all names that look like this one; NULL where an older account has it',
    keyskeleton VARBINARY(600) NULL COMMENT 'the same of namekey',
    password TEXT           NOT NULL COMMENT 'argon2id hash; plain:PASSWORD where the C++ server made the account and its user has not logged in since; none: nobody can log in; behind disabled: while the operator keeps the user out',
    state    ENUM('online', 'offline') NOT NULL DEFAULT 'offline' COMMENT 'a picture for readers of this table; the servers do not read it',
    got      BIGINT         NOT NULL DEFAULT 0 COMMENT 'all of theirs up to this position of the log is with some device of theirs',
    hides    TINYINT        NOT NULL DEFAULT 0 COMMENT 'from others, as a sum: 1 up to where they have read, 2 that they are typing',
    PRIMARY KEY (id),
    UNIQUE KEY UserName (namekey),
    UNIQUE KEY UserSkeleton (skeleton),
    UNIQUE KEY UserKeySkeleton (keyskeleton)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'who has registered';

CREATE TABLE IF NOT EXISTS Token (
    digest     VARBINARY(64) NOT NULL COMMENT 'SHA-256 of the token, in hexadecimal; the token itself is not kept',
    series     VARBINARY(32) NOT NULL COMMENT 'the same of the part that all tokens of a session begin with, cut',
    userid     INT           NOT NULL COMMENT 'whose it is',
    session    VARBINARY(32) NOT NULL COMMENT 'name of the session that it resumes; a token that follows it has the same one',
    begun_ms   BIGINT        NOT NULL COMMENT 'when the session began: UTC, milliseconds since 1970',
    expires_ms BIGINT        NOT NULL COMMENT 'the same, of the end of the token',
    used       BOOLEAN       NOT NULL COMMENT 'whether the session was begun or resumed by it',
    device     VARCHAR(50)   NOT NULL COMMENT 'what the user calls it; empty: nothing',
    seen_ms    BIGINT        NOT NULL COMMENT 'when the session was begun or resumed last',
    PRIMARY KEY (digest),
    KEY TokenOfSeries (series),
    KEY TokenOfUser (userid, expires_ms),
    KEY TokenExpiry (expires_ms)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'proofs of earlier logins, to resume by';

CREATE TABLE IF NOT EXISTS Friend (
    userid   INT NOT NULL COMMENT 'whose list it is',
    friendid INT NOT NULL COMMENT 'who is on it; the other way round is another row',
    PRIMARY KEY (userid, friendid),
    KEY FriendListedBy (friendid, userid)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'whom each user lists';

CREATE TABLE IF NOT EXISTS AllGroup (
    id        INT            NOT NULL AUTO_INCREMENT COMMENT 'never given twice',
    groupname VARCHAR(50)    NOT NULL COMMENT 'as its creator typed it',
    namekey   VARBINARY(600) NOT NULL COMMENT 'like User.namekey',
    skeleton  VARBINARY(600) NULL COMMENT 'like User.skeleton',
    keyskeleton VARBINARY(600) NULL COMMENT 'like User.keyskeleton',
    groupdesc TEXT           NOT NULL COMMENT 'what it is about',
    joining   ENUM('open', 'invite') NOT NULL DEFAULT 'open' COMMENT 'who may join: anybody, or who is invited',
    whole_history BOOLEAN    NOT NULL DEFAULT FALSE COMMENT 'whether who joins sees what was said before',
    PRIMARY KEY (id),
    UNIQUE KEY AllGroupName (namekey),
    UNIQUE KEY AllGroupSkeleton (skeleton),
    UNIQUE KEY AllGroupKeySkeleton (keyskeleton)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'the groups; each has a member who has not left';

CREATE TABLE IF NOT EXISTS Keeping (
    groupid INT NOT NULL COMMENT 'also one that has ended',
    days    INT NOT NULL COMMENT 'for how long its entries are kept',
    PRIMARY KEY (groupid)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'the groups of which not everything is kept for ever';

CREATE TABLE IF NOT EXISTS Banned (
    groupid INT NOT NULL,
    userid  INT NOT NULL COMMENT 'who may not join it',
    byid    INT NOT NULL COMMENT 'who says so',
    PRIMARY KEY (groupid, userid)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'who is kept out of which group; of no use yet';

CREATE TABLE IF NOT EXISTS Invited (
    groupid INT NOT NULL,
    userid  INT NOT NULL COMMENT 'who may join it',
    byid    INT NOT NULL COMMENT 'who says so',
    PRIMARY KEY (groupid, userid)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'who is asked into which group; of no use yet';

CREATE TABLE IF NOT EXISTS Block (
    userid  INT NOT NULL COMMENT 'who does not want to hear',
    blocked INT NOT NULL COMMENT 'from whom',
    PRIMARY KEY (userid, blocked),
    KEY BlockedBy (blocked)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'who has blocked whom; of no use yet';

CREATE TABLE IF NOT EXISTS Log (
    one     TINYINT       NOT NULL DEFAULT 1 COMMENT 'so that there is one row',
    epoch   VARBINARY(32) NOT NULL COMMENT 'another one whenever positions could have been given twice',
    head    BIGINT        NOT NULL COMMENT 'the last position that was given; never the highest in Entry, which can be deleted',
    changed BIGINT        NOT NULL COMMENT 'the position of the last change of a group, or of who is in which',
    PRIMARY KEY (one)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'the log as a whole: one row, whose lock orders all that is appended';

INSERT INTO Log (epoch, head, changed) SELECT LEFT(SHA2(CONCAT(UUID(), RAND()), 256), 16), 0, 0 FROM DUAL WHERE NOT EXISTS (SELECT * FROM Log);

CREATE TABLE IF NOT EXISTS LogEnds (
    one    TINYINT NOT NULL DEFAULT 1 COMMENT 'so that there is one row',
    oldest BIGINT  NOT NULL COMMENT 'the first position that is kept',
    found  BIGINT  NOT NULL COMMENT 'how far the index for searching has come',
    PRIMARY KEY (one)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'apart from Log, which every message writes: one row';

INSERT INTO LogEnds (oldest, found) SELECT 1, 0 FROM DUAL WHERE NOT EXISTS (SELECT * FROM LogEnds);

CREATE TABLE IF NOT EXISTS Entry (
    at       BIGINT        NOT NULL COMMENT 'its position in the log: dense, and in the order of commits',
    conv     BIGINT        NOT NULL COMMENT 'the conversation: of two users low << 32 | high, of a group its id',
    kind     TINYINT       NOT NULL COMMENT '0: a text, 1: a change, 2: a text that was deleted',
    senderid INT           NOT NULL COMMENT '0: the operator',
    cid      VARBINARY(64) NOT NULL COMMENT 'id made by the sender, by which a second copy is known',
    time_ms  BIGINT        NOT NULL COMMENT 'when it was given to the database: UTC, milliseconds since 1970',
    edited   BIGINT        NOT NULL DEFAULT 0 COMMENT 'position of the change that its body comes from; 0: none',
    re       BIGINT        NOT NULL DEFAULT 0 COMMENT 'position of what it answers; 0: nothing',
    body     TEXT          NOT NULL COMMENT 'the text; of a change JSON',
    PRIMARY KEY (at),
    UNIQUE KEY EntryOnce (cid, senderid),
    KEY EntryOf (conv, at, kind, senderid)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'all that was said, and every change of who may see it';

CREATE TABLE IF NOT EXISTS Member (
    userid INT    NOT NULL,
    conv   BIGINT NOT NULL COMMENT 'like Entry.conv',
    role   ENUM('creator', 'admin', 'normal') NOT NULL DEFAULT 'normal' COMMENT 'one creator in each group',
    joined BIGINT NOT NULL COMMENT 'position of the joining: the order in which members came. Below 1 of who came before there was a log',
    since  BIGINT NOT NULL COMMENT 'they see what is above it',
    `left` BIGINT NOT NULL COMMENT 'and not above this one, their leaving; 9223372036854775807 of who has not left',
    `read` BIGINT NOT NULL DEFAULT 0 COMMENT 'up to where they have read',
    quiet  BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'whether they do not want to be notified of it',
    muted_until BIGINT NOT NULL DEFAULT 0 COMMENT 'until when they may not write: UTC, milliseconds since 1970',
    PRIMARY KEY (userid, conv),
    KEY MemberOf (conv, userid)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'who is, or was, in which conversation';

-- Last of all, so that tables that are there in part are not taken for a whole.
CREATE TABLE IF NOT EXISTS SchemaVersion (
    version INT NOT NULL COMMENT 'of these tables; a server refuses one that it does not know',
    PRIMARY KEY (version)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'one row';

INSERT INTO SchemaVersion (version) SELECT 3 FROM DUAL WHERE NOT EXISTS (SELECT * FROM SchemaVersion);
