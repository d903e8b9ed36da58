"""The mechanisms: what each does in a day, one file or small folder each."""
