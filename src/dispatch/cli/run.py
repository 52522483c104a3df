"""`python -m dispatch.cli.run`: the command line for processes that have no script on their path."""

from dispatch.cli import main

if __name__ == "__main__":
    main()
