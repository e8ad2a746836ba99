// See docs/ARCHITECTURE.md.
