"""The client's version: the daemon's, since both come from one commit."""

__version__ = "0.2.0"
