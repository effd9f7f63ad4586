"""The control process: starts, watches and restarts workers, and puts the rooms together."""
