"""What kind of Redis has answered."""

from adapters.redis import answers
from adapters.redis.failures import CLUSTER, Failure, try_again
from adapters.redis.pipeline import Commands


async def require_single_server(commands: Commands) -> None:
    """Raises TryAgain if it is a Redis Cluster, over which our keys would be spread, or if that
    cannot be found out."""
    found = answers.facts(await commands.run("INFO", "cluster"))
    if found.get("cluster_enabled"):
        words = "this is a Redis Cluster; a single Redis is needed (or one with replicas)"
        raise try_again(Failure(CLUSTER, words))
