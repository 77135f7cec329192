"""`python -m voxnas COMMAND`: what make has targets for, on every system. `--help` lists the commands."""

import sys

from voxnas.commands.front import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
