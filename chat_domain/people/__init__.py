"""Who somebody is, and who is there.

Others may take `register`, `accounts` (passwords), `tokens` and `resume` (coming back without one),
`login` (how sessions begin and end), `friends`, `settings` (what users have chosen),
`announcer` (telling who came or went; when, is in `news`) and `notices`.
"""
