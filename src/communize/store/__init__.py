"""What comes out: runs and their folders."""
