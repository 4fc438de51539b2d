"""What git calls to merge params files and records, and how it learns of that."""
