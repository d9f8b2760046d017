"""Shows that nothing acknowledged is lost: people, faults, and a judge of what became of it all.

`run` lets people talk (`crowd`), each with several devices (`device`) or a client of version 1
(`old_device`), through a network that breaks (`network`, `heard`) with a cluster whose parts die
and hang (`schedule`, `faults`). One node's clock is off by five minutes, notes between nodes are
lost, doubled, swapped and late (`unlucky_node`), and once a minute MariaDB comes back without its
last seconds (`vault`). What everyone saw is written down (`history`). `judge` compares that with
what is promised (docs/delivery.md), then or at any later time:

    python -m tests.delivery.soak --minutes 30 --seed 7
    python -m tests.delivery.judge HISTORY

`stampede` is about very many clients (`herd`, `member`) whose node dies under all of them:

    python -m tests.delivery.stampede --clients 10000
"""
