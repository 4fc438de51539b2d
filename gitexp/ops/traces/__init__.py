"""Spans of model and tool calls: picked up when a run ends, read again."""
