"""Lets ``python -m pixelsim`` do what ``pixelsim`` does."""

from pixelsim.cli import main

if __name__ == "__main__":
    main()
