"""What goes in: scenarios in TOML, their validation, and the library of cases."""
