"""Several nodes as one chat, by way of Redis: presence, leases, and notes between nodes."""

from adapters.redis.cluster import BrokerUnusable, RedisCluster, client_of, redis_cluster

__all__ = ["BrokerUnusable", "RedisCluster", "client_of", "redis_cluster"]
