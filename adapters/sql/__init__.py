"""The storage ports in statements that all databases have in common.

What a database adds: a `Connection` and a `Database` (`database.py`), and a log derived from
`reading.SqlReading` with `append`: within one transaction

1. `seen = await entries.look_up(connection, batch, known_pairs)`, which needs no lock;
2. lock the row of Log and compare its epoch, `changed` and head with the batch's; call
   `entries.has(connection, batch.last, oldest)` if the answer is not known yet;
3. `admission = await changes.append(connection, batch, seen, head, changed)`; or, if no entry is a
   change, `admission = admit_texts(batch, seen, head, changed)` (`adapters.sql.admission`) and
   `await entries.insert(connection, admission)`;
4. write `admission.head` and `admission.changed` into Log, and commit;
5. only then remember the conversations in `admission.begun`, which now have their members, call
   `admission.settle()`, and return `Committed(admission.others)`.
"""
