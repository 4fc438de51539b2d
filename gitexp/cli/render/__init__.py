"""Values as text for people; nothing here does I/O."""
