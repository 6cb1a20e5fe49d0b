"""A session: journal, runner and replay."""
