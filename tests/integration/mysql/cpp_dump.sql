-- A database as the C++ server makes it, in the form of a MySQL 5.7 dump, with everything in it that
-- years of use leave behind. Written for the tests; nobody in it is real.
-- Texts that are not ASCII stand in hexadecimal where their bytes matter.

/*!40101 SET NAMES utf8 */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;

DROP TABLE IF EXISTS `allgroup`;
CREATE TABLE `allgroup` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `groupname` varchar(50) CHARACTER SET latin1 NOT NULL,
  `groupdesc` varchar(200) CHARACTER SET latin1 DEFAULT '',
  PRIMARY KEY (`id`),
  UNIQUE KEY `groupname` (`groupname`)
) ENGINE=InnoDB AUTO_INCREMENT=31 DEFAULT CHARSET=utf8;

INSERT INTO `allgroup` VALUES
  (1,'C++ chat project','start develop a chat project'),
  (2,_latin1 0xE68A80E69CAFE7BEA4,_latin1 0xE4BDA0E5A5BDEFBC81),
  (3,_latin1 0x6772FCDF65,_latin1 0x7363686FEE6E),
  (4,'42',NULL),
  (5,'nobody is here',''),
  (6,'no creator','it was lost'),
  (7,'two creators',''),
  (8,' c++ CHAT project','only ghosts and Ann');

DROP TABLE IF EXISTS `friend`;
CREATE TABLE `friend` (
  `userid` int(11) NOT NULL,
  `friendid` int(11) NOT NULL,
  KEY `userid` (`userid`,`friendid`)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

INSERT INTO `friend` VALUES (13,15),(13,21),(21,13),(21,15),(13,15),(13,13),(13,999),(998,13),(15,13),(13,15);

DROP TABLE IF EXISTS `groupuser`;
CREATE TABLE `groupuser` (
  `groupid` int(11) NOT NULL,
  `userid` int(11) NOT NULL,
  `grouprole` enum('creator','normal') CHARACTER SET latin1 DEFAULT NULL,
  KEY `groupid` (`groupid`,`userid`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

INSERT INTO `groupuser` VALUES
  (1,13,'creator'),(1,21,'normal'),(1,15,'normal'),(1,21,'normal'),
  (2,21,'creator'),
  (3,15,'creator'),(3,13,NULL),
  (4,13,'normal'),(4,13,'creator'),
  (6,21,'normal'),(6,15,'normal'),(6,13,'normal'),
  (7,15,'creator'),(7,13,'creator'),
  (8,997,'creator'),(8,13,'normal'),
  (77,13,'normal');

DROP TABLE IF EXISTS `offlinemessage`;
CREATE TABLE `offlinemessage` (
  `userid` int(11) NOT NULL,
  `message` varchar(500) CHARACTER SET latin1 NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

INSERT INTO `offlinemessage` VALUES
  (13,'{\"id\":21,\"msg\":\"hello\",\"msgid\":1005,\"name\":\"li si\",\"time\":\"2022-09-23 10:15:00\",\"toid\":13}'),
  (13,'{\"id\":21,\"msg\":\"ok\",\"msgid\":1005,\"name\":\"li si\",\"time\":\"2022-09-23 10:15:07\",\"toid\":13}'),
  (13,'{\"id\":21,\"msg\":\"ok\",\"msgid\":1005,\"name\":\"li si\",\"time\":\"2022-09-23 10:15:07\",\"toid\":13}'),
  (13,'{\"groupid\":1,\"id\":15,\"msg\":\"to all\",\"msgid\":10,\"name\":\"liu shuo\",\"time\":\"2022-09-23 09:00:00\"}'),
  (13,'{\"groupid\":1,\"id\":15,\"msg\":\"to all again\",\"msgid\":1009,\"name\":\"liu shuo\",\"time\":\"2022-09-23 10:16:00\"}'),
  (13,CONCAT(_latin1'{\"id\":15,\"msg\":\"',_latin1 0xE4BDA0E5A5BD,_latin1'\",\"msgid\":1005,\"name\":\"',_latin1 0xE58898E7A195,_latin1'\",\"time\":\"2022-09-23 10:17:00\",\"toid\":13}')),
  (15,CONCAT(_latin1'{\"id\":13,\"msg\":\"gr',_latin1 0xFCDF,_latin1'e\",\"msgid\":1005,\"name\":\"zhang san\",\"time\":\"yesterday\",\"toid\":15}')),
  (15,'{\"id\":13,\"msg\":\"from the future\",\"msgid\":1005,\"name\":\"zhang san\",\"time\":\"2099-01-01 00:00:00\",\"toid\":15}'),
  (15,'{\"id\":13,\"msg\":\"cut off in the mid'),
  (15,'{\"id\":13,\"friendid\":15,\"msgid\":1006}'),
  (15,'{\"id\":0,\"msg\":\"from nobody\",\"msgid\":1005,\"name\":\"?\",\"time\":\"2022-09-23 10:15:00\",\"toid\":15}'),
  (15,''),
  (996,'{\"id\":13,\"msg\":\"to nobody\",\"msgid\":1005,\"name\":\"zhang san\",\"time\":\"2022-09-23 10:15:00\",\"toid\":996}');

DROP TABLE IF EXISTS `user`;
CREATE TABLE `user` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `name` varchar(50) DEFAULT NULL,
  `password` varchar(50) DEFAULT NULL,
  `state` enum('online','offline') CHARACTER SET latin1 DEFAULT 'offline',
  PRIMARY KEY (`id`),
  UNIQUE KEY `name` (`name`)
) ENGINE=InnoDB AUTO_INCREMENT=41 DEFAULT CHARSET=utf8;

INSERT INTO `user` VALUES
  (13,'zhang san','123456','online'),
  (15,'liu shuo','it\'s \"me\" %s','offline'),
  (21,'li si','666666','online'),
  (22,CONVERT(_latin1 0xE5BCA0E4B889 USING utf8),CONVERT(_latin1 0x7061C39F USING utf8),'offline'),
  (23,CONVERT(_utf8 0xE78E8BE4BA94 USING utf8),CONVERT(_utf8 0xE5AF86E7A081 USING utf8),'online'),
  (24,NULL,'nameless','offline'),
  (25,'','empty','offline'),
  (26,'007','bond','offline'),
  (27,' zhang san','spaced','offline'),
  (28,CONVERT(_utf8 0x5A6FC3AB USING utf8),'composed','offline'),
  (29,CONVERT(_utf8 0x5A6F65CC88 USING utf8),'decomposed','offline'),
  (30,CONVERT(_utf8 0xE280AE6C69207369 USING utf8),'turned around','offline'),
  (31,'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx','fifty','offline'),
  (32,' xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx','forty-nine','offline'),
  (33,'zhang san~27','it was mine before','offline'),
  (34,'no password',NULL,'offline'),
  (35,CONVERT(_utf8 0x576569C39F USING utf8),'sharp','offline'),
  (36,'WEISS','double','offline'),
  (37,CONVERT(_utf8 0x7A68D0B06E672073616E USING utf8),'looks like 13','offline'),
  (38,CONVERT(_utf8 0x6F6464C2A07370616365E385A4 USING utf8),'blank','offline');

/*!40101 SET SQL_MODE=@OLD_SQL_MODE */;
