"""Several nodes as one chat, through Redis: presence, leases, and notes between nodes."""

from adapters.redis.cluster import RedisCluster, client_of, redis_cluster

__all__ = ["RedisCluster", "client_of", "redis_cluster"]
