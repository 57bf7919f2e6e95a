"""``python -m rectifier`` is the command ``rectifier``."""

from rectifier.cli import main

if __name__ == "__main__":
    main()
