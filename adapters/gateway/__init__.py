"""Between the wire and the rules: one conversation per connection, whatever carries it."""
