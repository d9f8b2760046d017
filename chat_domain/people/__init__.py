"""Users: who they are, and who is online.

Others may import `register`, `accounts` (proving an identity), `devices` and `tokens` (coming back
without a password), `login` (how sessions begin and end), `friends`, `settings`, `slots` (version
1's), `announcer`, `attendance` (announcing who came or went) and `notices`.
"""
