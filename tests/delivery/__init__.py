"""Shows that nothing acknowledged is lost: people, faults, and a judge of what became of it all.

`run` lets people talk (`people`) through a network that breaks (`network`) with a cluster whose
parts die and hang (`schedule`, `faults`), and writes down what everyone saw (`history`). `judge`
compares that with what is promised (docs/delivery.md), then or at any later time:

    python -m tests.delivery.soak --minutes 30 --seed 7
    python -m tests.delivery.judge HISTORY

`stampede` is about very many clients (`herd`, `member`) whose node dies under all of them:

    python -m tests.delivery.stampede --clients 10000
"""
