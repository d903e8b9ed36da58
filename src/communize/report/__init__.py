"""What comes out of a run for people to read: one page that opens with no network, and a summary in words."""
