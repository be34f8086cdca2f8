"""The runner of the conformance suite. Standard library only; see ../README.md."""
