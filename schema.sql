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
    changes   INT            NOT NULL DEFAULT 0 COMMENT 'raised by whatever changes the members, so that these changes wait for each other',
    PRIMARY KEY (id),
    UNIQUE KEY AllGroupName (namekey),
    UNIQUE KEY AllGroupSkeleton (skeleton),
    UNIQUE KEY AllGroupKeySkeleton (keyskeleton)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'the groups; each has a member';

CREATE TABLE IF NOT EXISTS GroupUser (
    groupid   INT NOT NULL,
    userid    INT NOT NULL,
    grouprole ENUM('creator', 'normal') NOT NULL DEFAULT 'normal' COMMENT 'one creator in each group',
    joined    INT NOT NULL COMMENT 'AllGroup.changes at that time: the order in which members came',
    PRIMARY KEY (groupid, userid),
    UNIQUE KEY GroupUserInOrder (groupid, joined),
    KEY GroupUserOfUser (userid, groupid)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'who is in which group';

CREATE TABLE IF NOT EXISTS OfflineMessage (
    userid     INT         NOT NULL COMMENT 'the recipient',
    mid        VARCHAR(64) NOT NULL COMMENT 'id made by the server, sorts by time',
    senderid   INT         NOT NULL,
    sendername VARCHAR(50) NOT NULL COMMENT 'when it was sent',
    cid        VARCHAR(64) NOT NULL COMMENT 'id made by the sender, by which a second copy is known',
    groupid    INT         NOT NULL COMMENT '0: one to one',
    time_ms    BIGINT      NOT NULL COMMENT 'when it was accepted: UTC, milliseconds since 1970',
    message    TEXT        NOT NULL,
    PRIMARY KEY (userid, mid),
    UNIQUE KEY OfflineMessageOnce (userid, senderid, cid)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'messages that wait for their recipients';

-- Last of all, so that tables that are there in part are not taken for a whole.
CREATE TABLE IF NOT EXISTS SchemaVersion (
    version INT NOT NULL COMMENT 'of these tables; a server refuses one that it does not know',
    PRIMARY KEY (version)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'one row';

INSERT INTO SchemaVersion (version) SELECT 2 FROM DUAL WHERE NOT EXISTS (SELECT * FROM SchemaVersion);
