"""Who somebody is, and who is there.

Others may take `register`, `accounts` (proving who one is), `devices` and `tokens` (what one
comes back by without a password), `login` (how sessions begin and end), `friends`, `settings` (what
users have chosen), `announcer` (telling who came or went) and `notices`; `news` is its own.
"""
