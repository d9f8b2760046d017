"""A page whose node dies, or whose node knows nothing of others, goes on."""

import json

from playwright.sync_api import Browser, expect

from entrypoints.services.program import wait_until
from tests.integration.browser.conftest import visitors
from tests.integration.browser.person import Person
from tests.integration.cluster import Cluster, NewCluster
from tests.integration.raw_client import PATIENCE


def test_a_page_whose_node_is_killed_goes_on_at_another_without_loss_or_doubles(
    chromium: Browser, new_cluster: NewCluster
) -> None:
    with (
        new_cluster(nodes=3, nginx=True, web=True, options=("--log-level", "debug")) as cluster,
        visitors(chromium) as come,
    ):
        ann = come(_at(cluster.nginx.web_port)).register("ann")
        number = _node_of(ann, cluster)
        node = cluster.nodes[number]
        bob = come(_at(cluster.web_ports[number - 1])).register(
            "bob"
        )  # past nginx, on another node
        ann.find("bob")
        ann.write("hello")
        bob.open("ann")
        bob.write("hello yourself")
        ann.sees("hello", "hello yourself")

        node.suspend()  # it accepts what ann writes, but neither passes it on nor answers
        ann.write("is anybody there?")
        ann.field.press_sequentially("half a sen")
        bob.write("I am")
        bob.sees_tick("sent", "I am")
        ann.sees_tick("not sent yet", "is anybody there?")
        node.kill()

        said = ["hello", "hello yourself", "I am", "is anybody there?"]
        ann.sees(*said)
        ann.sees_tick("read", "is anybody there?")
        bob.sees(*said)
        expect(ann.page.get_by_text("No connection.")).to_be_hidden()
        assert _node_of(ann, cluster) != number
        ann.field.press_sequentially("tence")
        ann.field.press("Enter")
        bob.sees(*said, "half a sentence")
        bob.write("and back")
        ann.sees(*said, "half a sentence", "and back")
        ann.page.reload()
        ann.open("bob")
        ann.sees(*said, "half a sentence", "and back")


def test_a_page_that_is_opened_without_redis_has_friends_and_knows_later_who_is_online(
    chromium: Browser, new_cluster: NewCluster
) -> None:
    """Who of them is online is not known before."""
    with new_cluster(nodes=1, web=True) as cluster, visitors(chromium) as come:
        address = _at(cluster.web_ports[0])
        bob = come(address).register("bob")
        ann = come(address).register("ann")
        ann.find("bob")
        ann.write("hello")
        ann.open_about().get_by_role("button", name="Add friend").click()
        expect(ann.dialog.get_by_role("button", name="Remove friend")).to_be_visible()

        cluster.redis.kill()
        ann.page.reload()
        bob.open("ann")
        bob.write("hello yourself")
        ann.sees("hello", "hello yourself")
        expect(ann.open_about().get_by_role("button", name="Remove friend")).to_be_visible()
        ann.page.keyboard.press("Escape")
        state = ann.page.get_by_role("region", name="Conversation").locator(".state")
        expect(state).to_be_hidden()
        cluster.redis.start()
        expect(state).to_have_text("online")


def _at(port: int) -> str:
    return f"http://127.0.0.1:{port}/"


def _node_of(person: Person, cluster: Cluster) -> int:
    """The number of the node where this user has logged in last."""
    user = person.page.evaluate("JSON.parse(sessionStorage['chat.identity']).id")

    def logins() -> dict[str, int]:
        return {
            line["timestamp"]: number
            for number, node in enumerate(cluster.nodes)
            for line in map(json.loads, node.log.splitlines())
            if line["event"] == "logged in" and line["user"] == user
        }

    assert wait_until(lambda: bool(logins()), PATIENCE)
    return logins()[max(logins())]
