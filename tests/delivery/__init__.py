"""Shows that nothing acknowledged is lost: people, faults, and a judge of what became of it all.

`run` lets people talk (`crowd`), each with several devices (`device`) or a client of version 1
(`old_device`), over a network that breaks (`network`, `heard`), through a cluster whose parts die
and hang (`schedule`, `faults`). One node's clock is off by five minutes, notes between nodes are
lost, doubled, swapped and late (`unlucky_node`), and once a minute the database comes back without
its last seconds (`vault`). Everything that everyone saw is written down (`history`). `judge`
compares this with the promises of docs/delivery.md, right away or at any later time:

    python -m tests.delivery.soak --minutes 30 --seed 7
    python -m tests.delivery.judge HISTORY

`stampede` kills a node under very many clients (`herd`, `member`):

    python -m tests.delivery.stampede --clients 10000
"""
