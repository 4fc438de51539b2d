"""What a branch did to the numbers: its runs held against the one that it started from."""
